# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.datasets._alov import IN_VOT14
from re3_ros.errors import SourceError

LABELS = "alov300++_rectangleAnnotation_full"
ROWS = [[2, 11, 31, 31, 31, 31, 47, 11, 47], [7, 21, 31, 41, 31, 41, 47, 21, 47]]


@pytest.fixture
def alov(tmp_path, frames, lines, walk):
    """Return a root with one video in VOT 2014 and one that is not, both of 9 frames."""
    for name in ("01-Light_video00001", "01-Light_video00016"):
        frames(tmp_path / "imagedata++" / "01-Light" / name, walk(9))
        lines(tmp_path / LABELS / "01-Light" / f"{name}.ann", ROWS, " ")
    return tmp_path


def test_videos_of_vot14_are_left_out(alov):
    assert [e.name for e in list_entries(alov)] == ["01-Light_video00001"]
    assert len(list_entries(alov, "alov", "all")) == 2
    assert len(IN_VOT14) == 7


def test_some_frames_are_labelled(alov):
    (sequence,) = read_sequences(alov)
    assert [p.stem for p in sequence.frames] == [f"{i:08d}" for i in range(2, 8)]
    np.testing.assert_array_equal(sequence.truth[0], [10, 30, 30, 46])
    assert sequence.labelled.tolist() == [True, False, False, False, False, True]
    assert sequence.attributes == ("01-Light",)


def test_the_others_lie_on_a_straight_line(alov):
    sequence = read_sequences(alov)[0].interpolated()
    np.testing.assert_allclose(sequence.truth[:, 0], [10, 12, 14, 16, 18, 20])
    assert sequence.labelled is None


def test_a_label_without_frame_is_named(alov):
    (alov / "imagedata++" / "01-Light" / "01-Light_video00001" / "00000007.jpg").unlink()
    with pytest.raises(SourceError, match="names frame 7, which"):
        read_sequences(alov)


def test_an_empty_track_is_named(alov):
    (alov / LABELS / "01-Light" / "01-Light_video00001.ann").write_text("")
    with pytest.raises(SourceError, match=r"video00001.ann is empty"):
        read_sequences(alov)
