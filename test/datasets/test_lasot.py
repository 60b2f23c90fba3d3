# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import list_entries, read_sequences
from re3_ros.datasets._lasot import USED
from re3_ros.errors import SourceError


@pytest.fixture
def lasot(tmp_path, frames, lines, walk):
    """Return a root with airplane-1 (test) and airplane-2 (train), each of 5 frames."""
    for name in ("airplane-1", "airplane-2"):
        folder = tmp_path / "airplane" / name
        frames(folder / "img", walk(5))
        boxes = walk(5).astype(int)
        boxes[3] = 0
        lines(folder / "groundtruth.txt", boxes)
        (folder / "full_occlusion.txt").write_text("0,0,1,0,0")
        (folder / "out_of_view.txt").write_text("0,0,0,1,0")
        (folder / "nlp.txt").write_text("white airplane landing on ground")
    return tmp_path


def test_hidden_and_away_are_absent(lasot):
    sequence, _ = read_sequences(lasot)
    assert sequence.object_class == "airplane"
    assert sequence.absent.tolist() == [False, False, True, True, False]
    assert sequence.occluded.tolist() == [False, False, True, False, False]
    assert np.isnan(sequence.truth).all(axis=1).tolist() == sequence.absent.tolist()
    assert sequence.tags["out_of_view"].tolist() == [False, False, False, True, False]


def test_protocol_two_splits_each_class(lasot):
    assert [e.name for e in list_entries(lasot, "lasot", "test")] == ["airplane-1"]
    assert [e.name for e in list_entries(lasot, "lasot", "train")] == ["airplane-2"]


def test_the_folder_of_a_class_will_do(lasot):
    assert [e.name for e in list_entries(lasot / "airplane")] == ["airplane-1", "airplane-2"]


def test_flags_of_other_length(lasot):
    (lasot / "airplane" / "airplane-1" / "out_of_view.txt").write_text("0,1")
    with pytest.raises(SourceError, match=r"out_of_view.txt has 2 marks; expected 5"):
        read_sequences(lasot)


def test_flags_that_are_no_numbers(lasot):
    (lasot / "airplane" / "airplane-1" / "full_occlusion.txt").write_text("0,no,0,0,0")
    with pytest.raises(SourceError, match=r"full_occlusion.txt line 1"):
        read_sequences(lasot)


def test_missing_truth_shows_in_what_is_found(lasot):
    (lasot / "airplane" / "airplane-2" / "groundtruth.txt").unlink()
    assert [e.name for e in list_entries(lasot)] == ["airplane-1"]


def test_monkey_17_is_cut_as_in_the_evaluation_of_lasot(tmp_path, frames, lines, walk, monkeypatch):
    monkeypatch.setitem(USED, "monkey-17", 3)
    folder = tmp_path / "monkey" / "monkey-17"
    frames(folder / "img", walk(5))
    lines(folder / "groundtruth.txt", walk(4))
    (folder / "full_occlusion.txt").write_text("0,0,1,0,0")
    (sequence,) = read_sequences(tmp_path)
    assert len(sequence) == len(sequence.truth) == 3
    assert sequence.absent.tolist() == [False, False, True]
