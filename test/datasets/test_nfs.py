# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.boxes import from_xywh
from re3_ros.datasets import list_entries, read_sequences
from re3_ros.errors import SourceError


@pytest.fixture
def nfs(tmp_path, frames, walk):
    """Return a root with 3 frames at 30 and 24 at 240 a second, all labels at 240."""
    frames(tmp_path / "ball_1" / "30" / "ball_1", walk(3, 8.0), "{:05d}.jpg")
    frames(tmp_path / "ball_1" / "240" / "ball_1", walk(24, 1.0), "{:05d}.jpg")
    boxes = from_xywh(walk(24, 1.0)).astype(int).tolist()
    rows = [
        f'0 {" ".join(map(str, box))} {i} {int(i == 16)} {int(i == 8)} 0 "soccer ball"\n'
        for i, box in enumerate(boxes)
    ]
    for rate in ("30", "240"):
        (tmp_path / "ball_1" / rate / "ball_1.txt").write_text("".join(rows))
    return tmp_path


def test_every_eighth_label_counts_at_30_frames_a_second(nfs):
    (sequence,) = read_sequences(nfs)
    np.testing.assert_array_equal(sequence.truth[:2], [[10, 30, 30, 46], [18, 30, 38, 46]])
    assert sequence.absent.tolist() == [False, False, True]
    assert sequence.occluded.tolist() == [False, True, False]
    assert sequence.object_class == "soccer ball"


def test_all_count_at_240(nfs):
    (sequence,) = read_sequences(nfs, split="240")
    assert len(sequence) == 24
    assert np.flatnonzero(sequence.absent).tolist() == [16]


def test_one_frame_more_is_left_out(nfs, frames, walk):
    frames(nfs / "ball_1" / "240" / "ball_1", walk(1), "{:05d}.jpg", first=25)
    (sequence,) = read_sequences(nfs, split="240")
    assert len(sequence) == len(sequence.truth) == 24


def test_other_lengths_are_refused(nfs, frames, walk):
    frames(nfs / "ball_1" / "240" / "ball_1", walk(5), "{:05d}.jpg", first=25)
    with pytest.raises(SourceError, match=r"has 24 lines but .* holds 29 frames"):
        read_sequences(nfs, "nfs", "240")


def test_labels_of_another_kind(nfs):
    (nfs / "ball_1" / "240" / "ball_1.txt").write_text("10,30,20,16\n")
    with pytest.raises(SourceError, match="line 1: '10,30,20,16' is not track x1 y1"):
        read_sequences(nfs, "nfs", "240")
    assert len(list_entries(nfs, "nfs")) == 1
