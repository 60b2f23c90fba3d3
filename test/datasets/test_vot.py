# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.datasets._vot import _region
from re3_ros.errors import SourceError


@pytest.fixture
def vot(tmp_path, frames, lines, walk):
    """Return a writer of one VOT sequence; frames beside the truth, or in a folder of their own."""

    def write(name, rows, inside=""):
        frames(tmp_path / name / inside, walk(len(rows)))
        lines(tmp_path / name / "groundtruth.txt", rows)
        return tmp_path

    return write


def runs(mask, x, y):
    """Return a mask as VOT writes it, counted pixel by pixel."""
    counts, last = [0], False
    for pixel in mask.ravel():
        if pixel != last:
            counts.append(0)
            last = pixel
        counts[-1] += 1
    height, width = mask.shape
    return f"m{x},{y},{width},{height}," + ",".join(map(str, counts))


def test_polygons_become_the_box_of_their_outermost_points(vot):
    (sequence,) = read_sequences(vot("ball", [[12, 30, 30, 33, 28, 46, 10, 43.5], [1, 2, 3, 4]]))
    np.testing.assert_array_equal(sequence.truth, [[10, 30, 30, 46], [1, 2, 4, 6]])


def test_masks_become_the_box_of_their_outermost_pixels(vot):
    mask = np.zeros((6, 5), bool)
    mask[1:4, 2:4] = True
    mask[4, 0] = True
    root = vot("ball", [runs(mask, 10, 20).split(","), ["m0", 0, 0, 0, 0]], "color")
    (sequence,) = read_sequences(root)
    np.testing.assert_array_equal(sequence.truth[0], [10, 21, 14, 25])
    assert sequence.absent.tolist() == [False, True]
    assert sequence.frames[0].parent.name == "color"


@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))), st.integers(-5, 50))
def test_any_mask_gives_its_bounds(mask, x):
    found = _region(Path("groundtruth.txt"), 1, runs(mask, x, 7))
    rows, columns = np.nonzero(mask)
    if len(rows):
        x1, y1, x2, y2 = found - [x, 7, x, 7]
        assert (y1, y2) == (rows.min(), rows.max() + 1)
        assert (x1, x2) == (columns.min(), columns.max() + 1)
    else:
        assert np.isnan(found).all()


def test_codes_and_nan_mean_no_target(vot):
    (sequence,) = read_sequences(vot("ball", [[1, 2, 3, 4], [0], ["nan"] * 4]))
    assert sequence.absent.tolist() == [False, True, True]


@pytest.mark.parametrize("suffix", ["tag", "label"])
def test_tags_mark_frames(vot, suffix):
    root = vot("ball", [[1, 2, 3, 4]] * 4)
    (root / "ball" / f"occlusion.{suffix}").write_text("0\n1\n1\n")
    (root / "ball" / f"camera_motion.{suffix}").write_text("1\n1\n1\n1\n")
    (sequence,) = read_sequences(root)
    assert sequence.occluded.tolist() == [False, True, True, False]
    assert sequence.tags["camera_motion"].all()


def test_the_list_names_the_sequences_in_their_order(vot):
    for name in ("ball", "car", "left_over"):
        root = vot(name, [[1, 2, 3, 4]] * 2)
    (root / "list.txt").write_text("car\nball\n")
    assert [e.name for e in list_entries(root)] == ["car", "ball"]


def test_a_workspace_of_the_toolkit_holds_them_a_folder_further_down(vot, tmp_path):
    for name in ("ball", "car"):
        vot(f"sequences/{name}", [[1, 2, 3, 4]] * 2, "color")
    (tmp_path / "sequences" / "list.txt").write_text("car\n")
    (tmp_path / "config.yaml").write_text("stack: vot2022/stb\n")
    assert [s.name for s in read_sequences(tmp_path)] == ["car"]


def test_the_sequence_file_names_the_folder_of_frames(vot):
    root = vot("ball", [[1, 2, 3, 4]] * 2, "rgb")
    (root / "ball" / "sequence").write_text("name=ball\nfps=30\nchannels.color=rgb\\%08d.jpg\n")
    (sequence,) = read_sequences(root)
    assert sequence.frames[1] == root / "ball" / "rgb" / "00000002.jpg"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3,4,5,6,7", "line 2: .* holds 7 numbers; expected a rectangle"),
        ("m0,0,3,3,1,20", "line 2: .*: the runs of the mask do not fit 3 x 3 pixels"),
        ("m0,0,3,x,1,20", "line 2"),
        ("1,2,-3,4", "is no box"),
    ],
)
def test_bad_regions_are_named(vot, row, message):
    root = vot("ball", [[1, 2, 3, 4], row.split(",")])
    with pytest.raises(SourceError, match=message):
        read_sequences(root)


def test_a_sequence_that_the_list_names_and_is_not_there(vot):
    root = vot("ball", [[1, 2, 3, 4]] * 2)
    (root / "list.txt").write_text("ball\ncar\n")
    ball, car = list_entries(root)
    assert len(ball.read()[0]) == 2
    with pytest.raises(SourceError, match="car is missing"):
        car.read()


def test_different_lengths(vot):
    root = vot("ball", [[1, 2, 3, 4]] * 3)
    (root / "ball" / "00000003.jpg").unlink()
    with pytest.raises(SourceError, match=r"has 3 lines but .* holds 2 frames"):
        read_sequences(root)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("m0,0", "holds 2 numbers; expected a mask"),
        ("mnan,0,3,3,1,2", "nan is no whole number"),
        ("m0,0,inf,3,1,2", "inf is no whole number"),
        ("m0,0,3.5,3,1,2", "3.5 is no whole number"),
        ("m", "a field is empty"),
        ("1,2", "holds 2 numbers"),
        ("1,2,3,4,5,inf", "inf is not finite"),
        ("1_0,2,3,4", "'1_0' is no number"),
        ("1,,3,4", "a field is empty"),
        ("1,2 3,4 5,6 7,8", "points x,y or numbers with a decimal comma"),
    ],
)
def test_bad_numbers_are_named_with_their_line(row, says):
    with pytest.raises(SourceError, match=f"groundtruth.txt line 7: .*{says}"):
        _region(Path("groundtruth.txt"), 7, row)


def test_a_bad_rectangle_is_named_with_its_line(vot):
    root = vot("ball", [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, -3, 4]])
    with pytest.raises(SourceError, match=r"line 3: .* is no box"):
        read_sequences(root)


def test_a_mask_of_a_huge_window_takes_no_memory():
    box = _region(Path("groundtruth.txt"), 1, "m5,6,1000000000,1000000000,3000000002,4")
    np.testing.assert_array_equal(box, [7, 9, 11, 10])


@pytest.mark.parametrize(
    "rows", [["200,5,150,2,80,0,80,0"] * 2, ["200,05,150,25,80,50,80,75", "1,25,1,25,1,25,1,25"]]
)
def test_decimal_commas_between_commas_are_no_polygons(vot, rows):
    root = vot("ball", [row.split(",") for row in rows])
    with pytest.raises(SourceError, match=r"line 1: .* commas as decimal points"):
        read_sequences(root)


def test_a_folder_with_the_name_of_a_tag_is_none(vot):
    root = vot("ball", [[1, 2, 3, 4]] * 2)
    (root / "ball" / "old.tag").mkdir()
    (sequence,) = read_sequences(root)
    assert not sequence.tags
