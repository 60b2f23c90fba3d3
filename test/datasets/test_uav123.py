# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.datasets._uav123 import STARTS
from re3_ros.errors import SourceError


@pytest.fixture
def uav123(tmp_path, frames, lines, walk):
    """Return a root with bike1 (4 frames) and person5_2, which begins with frame 877."""
    data, labels = tmp_path / "data_seq" / "UAV123", tmp_path / "anno" / "UAV123"
    frames(data / "bike1", walk(4), "{:06d}.jpg")
    frames(data / "person5", walk(6), "{:06d}.jpg", first=875)
    rows = np.add(walk(4), (1, 1, 0, 0)).astype(int).tolist()
    lines(labels / "bike1.txt", rows)
    lines(labels / "person5_2.txt", [rows[0], ["NaN"] * 4, rows[2]])
    lines(labels / "att" / "person5_2.txt", [[1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]])
    lines(tmp_path / "anno" / "UAV20L" / "bike1.txt", rows)
    return tmp_path


def test_parts_begin_where_the_benchmark_says(uav123):
    whole, part = read_sequences(uav123)
    assert [s.name for s in (whole, part)] == ["bike1", "person5_2"]
    assert [p.name for p in part.frames] == ["000877.jpg", "000878.jpg", "000879.jpg"]
    np.testing.assert_array_equal(part.truth[0], [10, 30, 30, 46])
    assert part.absent.tolist() == [False, True, False]
    assert part.attributes == ("SV", "FOC", "POC")
    assert whole.attributes == ()


def test_the_long_set_uses_whole_folders(uav123):
    assert [e.name for e in list_entries(uav123, "uav123", "UAV20L")] == ["bike1"]


def test_there_are_51_parts():
    assert len(STARTS) == 51
    assert STARTS["uav1_3"] == ("uav1", 2473)
    assert STARTS["car6_5"] == ("car6", 3925)


def test_frames_that_are_missing(uav123):
    (uav123 / "data_seq" / "UAV123" / "person5" / "000878.jpg").unlink()
    with pytest.raises(SourceError, match=r"person5_2.txt has 3 lines but .* holds 2 frames"):
        read_sequences(uav123)
