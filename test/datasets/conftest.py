# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Writers of small data sets."""

import pytest


@pytest.fixture
def frames(films):
    """Return the writer of frames."""
    return films.put_frames


@pytest.fixture
def lines(films):
    """Return the writer of text files."""
    return films.put_lines


@pytest.fixture
def walk(films):
    """Return the maker of moving boxes."""
    return films.moving
