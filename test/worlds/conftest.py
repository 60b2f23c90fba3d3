# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The rendered scene."""

import pytest

from re3_ros.worlds import DemoScene


@pytest.fixture(scope="session")
def scene():
    return DemoScene(seed=3, frames=300)


@pytest.fixture(scope="session")
def short_scene():
    return DemoScene(seed=0, frames=60)
