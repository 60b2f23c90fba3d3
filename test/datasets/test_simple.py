# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import find_sequences, read_sequence, read_sequences
from re3_ros.errors import SourceError


def test_reads_frames_in_order_and_boxes_as_corners(sequence_folder):
    sequence = read_sequence(sequence_folder)
    assert sequence.name == "moving"
    assert [f.name for f in sequence.frames] == [f"{i:08d}.jpg" for i in range(1, 13)]
    np.testing.assert_allclose(sequence.truth[1], [12, 30, 32, 46])


def test_reads_colours_in_the_order_asked_for(sequence_folder):
    sequence = read_sequence(sequence_folder)
    red, _, blue = sequence.read(0)[32, 12].astype(int)
    assert red > 200
    assert blue < 60
    np.testing.assert_array_equal(sequence.read(0, "bgr")[..., ::-1], sequence.read(0))


@pytest.mark.parametrize("separator", [",", "\t", " ", ", "])
def test_any_separator_will_do(sequence_folder, separator):
    path = sequence_folder / "groundtruth.txt"
    path.write_text(path.read_text().replace(",", separator))
    assert read_sequence(sequence_folder).truth[0].tolist() == [10, 30, 30, 46]


def test_absent_frames_have_no_truth(write, tmp_path):
    boxes = np.full((4, 4), 20.0)
    boxes[2] = np.nan
    sequence = read_sequence(write(tmp_path / "s", boxes, absent=[0, 0, 0, 1]))
    assert np.isnan(sequence.truth).all(axis=1).tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,x,4", r"groundtruth.txt line 3: '1,2,x,4' is not x,y,w,h"),
        ("1,2,3", r"line 3: .* holds 3 numbers"),
        ("", r"line 3: '' is not"),
        ("1,2,0,4", r"line 3: .* is no box"),
        ("1,2,-3,4", r"line 3: .* is no box"),
        ("1,nan,3,4", r"line 3: .* is no box"),
        ("1,2,inf,4", r"line 3: .* is no box"),
    ],
)
def test_a_bad_line_is_named(sequence_folder, line, message):
    path = sequence_folder / "groundtruth.txt"
    lines = path.read_text().splitlines()
    lines[2] = line
    path.write_text("\n".join(lines))
    with pytest.raises(SourceError, match=message):
        read_sequence(sequence_folder)


def test_fewer_frames_than_boxes(sequence_folder):
    (sequence_folder / "img" / "00000005.jpg").unlink()
    with pytest.raises(SourceError, match=r"has 12 lines but .* holds 11 frames"):
        read_sequence(sequence_folder)


def test_target_absent_from_the_first_frame(write, tmp_path):
    folder = write(tmp_path / "s", np.array([[np.nan] * 4, [1, 2, 3, 4]]))
    with pytest.raises(SourceError, match="line 1: the target must be seen in the first frame"):
        read_sequence(folder)


@pytest.mark.parametrize(
    ("flags", "message"), [("0\n1\n", "has 2 lines; expected 12"), ("0\n" * 11 + "2", "line 12")]
)
def test_bad_flags(sequence_folder, flags, message):
    (sequence_folder / "absent.txt").write_text(flags)
    with pytest.raises(SourceError, match=message):
        read_sequence(sequence_folder)


def test_no_images(sequence_folder):
    (sequence_folder / "img").rename(sequence_folder / "frames")
    with pytest.raises(SourceError, match="img is missing"):
        read_sequence(sequence_folder)


def test_a_folder_without_images(sequence_folder):
    for path in (sequence_folder / "img").iterdir():
        path.rename(path.with_suffix(".txt"))
    with pytest.raises(SourceError, match="img holds no image; expected"):
        read_sequence(sequence_folder)


def test_empty_truth(sequence_folder):
    (sequence_folder / "groundtruth.txt").write_text("")
    with pytest.raises(SourceError, match="has 0 lines but"):
        read_sequence(sequence_folder)


def test_truth_that_is_no_text(sequence_folder):
    (sequence_folder / "groundtruth.txt").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(SourceError, match="cannot be read"):
        read_sequence(sequence_folder)


def test_damaged_image(sequence_folder):
    (sequence_folder / "img" / "00000005.jpg").write_bytes(b"no image")
    with pytest.raises(SourceError, match=r"00000005\.jpg is not a readable image"):
        read_sequence(sequence_folder).read(4)


def test_finds_sequences_by_name(data):
    assert [p.name for p in find_sequences(data)] == ["fast", "slow"]
    assert find_sequences(data / "slow") == [data / "slow"]
    assert [len(s) for s in read_sequences(data)] == [8, 10]


def test_no_sequence_there(tmp_path):
    with pytest.raises(SourceError, match="holds no sequence"):
        find_sequences(tmp_path)


def test_fingerprint_changes_with_truth_and_with_frames(sequence_folder):
    before = read_sequence(sequence_folder).fingerprint()
    assert read_sequence(sequence_folder).fingerprint() == before
    path = sequence_folder / "groundtruth.txt"
    path.write_text(path.read_text().replace("16.00", "17.00", 1))
    truth_changed = read_sequence(sequence_folder).fingerprint()
    with (sequence_folder / "img" / "00000005.jpg").open("ab") as file:
        file.write(b"x")
    assert len({before, truth_changed, read_sequence(sequence_folder).fingerprint()}) == 3


def test_the_public_sequences_are_readable(shared):
    sequences = read_sequences(shared / "data" / "bench")
    assert len(sequences) == 23
    assert sum(len(s) for s in sequences) == 5944
    absent = {s.name: int(np.isnan(s.truth).any(axis=1).sum()) for s in sequences}
    gone = {name: count for name, count in absent.items() if count}
    assert gone == {"TLD_pedestrian2": 72, "UAV_group2": 5, "yamaha": 22}
