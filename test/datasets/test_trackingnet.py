# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import SourceError


@pytest.fixture
def trackingnet(tmp_path, frames, lines, walk):
    """Return a root with one sequence of 12 frames in TRAIN_0, TRAIN_10 and TEST."""
    for chunk, count in (("TRAIN_0", 12), ("TRAIN_10", 12), ("TEST", 1)):
        frames(tmp_path / chunk / "frames" / f"{chunk}_abc_0", walk(12), "{}.jpg", first=0)
        lines(tmp_path / chunk / "anno" / f"{chunk}_abc_0.txt", walk(count))
    return tmp_path


def test_frames_are_counted_as_numbers(trackingnet):
    (sequence,) = read_sequences(trackingnet, split="TRAIN_0")
    assert [p.name for p in sequence.frames[9:]] == ["9.jpg", "10.jpg", "11.jpg"]
    np.testing.assert_array_equal(sequence.truth[10], [30, 30, 50, 46])


def test_the_test_set_has_one_label(trackingnet):
    (sequence,) = read_sequences(trackingnet, split="test")
    assert sequence.labelled.tolist() == [True] + [False] * 11


def test_splits(trackingnet):
    def names(split):
        return [e.name for e in list_entries(trackingnet, "trackingnet", split)]

    assert names("train") == ["TRAIN_0_abc_0", "TRAIN_10_abc_0"]
    assert names("TRAIN_10") == ["TRAIN_10_abc_0"]
    assert len(names("")) == 3
    assert len(list_entries(trackingnet / "TRAIN_0")) == 1


def test_a_chunk_that_is_missing(trackingnet):
    with pytest.raises(SourceError, match="no chunk TRAIN_7"):
        list_entries(trackingnet, "trackingnet", "TRAIN_7")


def test_frames_not_unpacked(trackingnet):
    (trackingnet / "TEST" / "frames").rename(trackingnet / "TEST" / "zips")
    with pytest.raises(SourceError, match="frames/TEST_abc_0 is missing"):
        read_sequences(trackingnet, "trackingnet", "TEST")
