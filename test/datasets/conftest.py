# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Writers of small data sets."""

import pytest


@pytest.fixture
def write(films):
    """Return the writer of sequences in the simple layout."""
    return films.write_sequence


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


@pytest.fixture
def sequence_folder(films, tmp_path):
    """Return the folder of one sequence of 12 frames."""
    return films.write_sequence(tmp_path / "data" / "moving", films.moving(12))


@pytest.fixture
def data(films, tmp_path):
    """Return a folder of two sequences."""
    return films.write_two(tmp_path / "data")
