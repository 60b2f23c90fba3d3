# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from re3_ros.evaluation import summarise
from re3_ros.evaluation.report._style import styles


@pytest.fixture
def summaries(results):
    """Return what a report says of `results`, a row a tracker."""
    return summarise(results)


@pytest.fixture
def looks(results):
    """Return how the trackers of `results` are drawn."""
    return styles(results)
