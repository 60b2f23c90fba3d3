# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import SourceError


@pytest.fixture
def otb(tmp_path, frames, lines, walk):
    """Return a writer of one OTB folder: frames by number, boxes in pixels from 1."""

    def write(name, count, boxes=None, first=1, truth="groundtruth_rect.txt", separator=","):
        frames(tmp_path / name / "img", walk(count), name="{:04d}.jpg", first=first)
        rows = walk(boxes or count)
        lines(tmp_path / name / truth, np.add(rows, (1, 1, 0, 0)).astype(int), separator)
        return tmp_path

    return write


@pytest.mark.parametrize("separator", [",", "\t", " "])
def test_boxes_start_at_pixel_zero_whatever_separates_them(otb, separator):
    (sequence,) = read_sequences(otb("Boy", 5, separator=separator))
    np.testing.assert_array_equal(sequence.truth[1], [12, 30, 32, 46])
    assert sequence.attributes == ("SV", "MB", "FM", "IPR", "OPR")
    red, green, _ = sequence.read(1)[31, 13].astype(int)
    assert min(red, green) > 150  # the object is yellow, and there


def test_two_targets_share_their_frames(otb):
    otb("Jogging", 4, truth="groundtruth_rect.1.txt")
    root = otb("Jogging", 4, truth="groundtruth_rect.2.txt")
    assert [s.name for s in read_sequences(root, "otb")] == ["Jogging.1", "Jogging.2"]


def test_the_empty_file_of_human4_is_left_out(otb):
    root = otb("Human4", 4, truth="groundtruth_rect.2.txt")
    (root / "Human4" / "groundtruth_rect.1.txt").touch()
    assert [s.name for s in read_sequences(root, "otb")] == ["Human4.2"]


def test_some_sequences_use_a_part_of_their_frames(otb):
    root = otb("Football1", 78, boxes=74)
    otb("David", 4, boxes=2, first=298)
    david, football = read_sequences(root, "otb")
    assert football.frames[73].name == "0074.jpg"
    assert [p.name for p in david.frames] == ["0300.jpg", "0301.jpg"]


def test_tiger1_begins_with_its_sixth_frame(otb):
    (sequence,) = read_sequences(otb("Tiger1", 8))
    assert [p.name for p in sequence.frames] == ["0006.jpg", "0007.jpg", "0008.jpg"]
    assert sequence.truth[0, 0] == 20


def test_splits_are_the_published_lists(otb):
    for name in ("Boy", "Walking", "MyOwn"):
        root = otb(name, 3)
    assert [e.name for e in list_entries(root, "otb")] == ["Boy", "MyOwn", "Walking"]
    assert [e.name for e in list_entries(root, "otb", "tb100")] == ["Boy", "Walking"]
    assert [e.name for e in list_entries(root, "otb", "tb50")] == ["Walking"]


def test_a_box_of_no_size_is_absence(otb, lines):
    root = otb("Boy", 3)
    lines(root / "Boy" / "groundtruth_rect.txt", [[1, 1, 9, 9], [0, 0, 0, 0], [2, 2, 9, 9]])
    (sequence,) = read_sequences(root)
    assert np.isnan(sequence.truth).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 1, 9, 9]] * 2, "has 2 lines but .*img holds 3 frames"),
        ([[1, 1, 9, 9], [1, 1, -9, 9], [1, 1, 9, 9]], r"line 2: .* is no box"),
        ([[0, 0, 0, 0], [1, 1, 9, 9], [1, 1, 9, 9]], "must be seen in the first frame"),
        ([[1, 1, 9, 9], [1, 1, 9], [1, 1, 9, 9]], "line 2: '1,1,9' holds 3 numbers; expected 4"),
    ],
)
def test_bad_labels_are_named(otb, lines, rows, message):
    root = otb("Boy", 3)
    lines(root / "Boy" / "groundtruth_rect.txt", rows)
    with pytest.raises(SourceError, match=message):
        read_sequences(root, "otb")


def test_missing_frames(otb):
    root = otb("Boy", 3)
    (root / "Boy" / "img").rename(root / "Boy" / "frames")
    with pytest.raises(SourceError, match="img is missing"):
        read_sequences(root, "otb")
