# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest

from re3_ros.datasets import LAYOUTS, list_entries, read_sequences
from re3_ros.errors import ConfigError, SourceError


def test_auto_recognises_the_simple_layout(data):
    assert [e.name for e in list_entries(data)] == ["fast", "slow"]
    assert [len(s) for s in read_sequences(data)] == [8, 10]


def test_nothing_is_read_before_it_is_asked_for(data):
    (data / "slow" / "groundtruth.txt").write_text("rubbish")
    fast, slow = list_entries(data, "simple")
    assert len(fast.read()[0]) == 8
    with pytest.raises(SourceError, match=r"slow/groundtruth.txt line 1: 'rubbish'"):
        slow.read()


def test_entries_and_sequences_travel_to_other_processes(data):
    entry = pickle.loads(pickle.dumps(list_entries(data)[0]))
    sequence = pickle.loads(pickle.dumps(entry.read()[0]))
    assert sequence.frames[3].is_file()
    assert sequence.read(3).shape == (96, 128, 3)


def test_a_wrong_folder_is_told_apart(data):
    with pytest.raises(SourceError) as error:
        list_entries(data, "otb")
    assert "no sequence in layout otb (a folder per sequence with img/ and" in str(error.value)
    assert "but fast/, slow/" in str(error.value)


def test_auto_names_all_that_it_knows(tmp_path):
    (tmp_path / "holiday.txt").touch()
    with pytest.raises(SourceError) as error:
        list_entries(tmp_path)
    assert "of a known layout, but holiday.txt" in str(error.value)
    assert all(f"{name}: {kind.expected}" in str(error.value) for name, kind in LAYOUTS.items())


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match="but nothing"):
        list_entries(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(SourceError, match="missing is not a folder; give the folder"):
        list_entries(tmp_path / "missing")


def test_an_unknown_layout(data):
    with pytest.raises(ConfigError, match=r"layout 'otp' is unknown; give auto or one of got10k"):
        list_entries(data, "otp")


@pytest.mark.parametrize(
    "layout", ["simple", "vot", "otb", "got10k", "lasot", "uav123", "nfs", "alov"]
)
def test_an_unknown_split(data, layout):
    with pytest.raises(ConfigError, match="split 'evening'"):
        list_entries(data, layout, "evening")


def test_a_part_keeps_all_labels(write, walk, tmp_path):
    boxes = walk(6)
    boxes[3] = np.nan
    (sequence,) = read_sequences(write(tmp_path / "s", boxes))
    part = sequence.part(2, 5)
    assert [p.name for p in part.frames] == ["00000003.jpg", "00000004.jpg", "00000005.jpg"]
    assert part.absent.tolist() == [False, True, False]
    np.testing.assert_array_equal(part.truth, sequence.truth[2:5])


def test_frames_count_up_by_number(frames, walk, tmp_path):
    frames(tmp_path / "s" / "img", walk(11), name="{}.jpg", first=0)
    (tmp_path / "s" / "groundtruth.txt").write_text("1,2,20,30\n" * 11)
    (sequence,) = read_sequences(tmp_path)
    assert [p.stem for p in sequence.frames] == [str(i) for i in range(11)]


def test_the_public_sequences_are_of_the_simple_layout(shared):
    assert len(list_entries(shared / "data" / "bench")) == 23
    assert len(list_entries(shared / "data" / "train" / "videos", "simple")) == 56


def test_hidden_files_of_a_mac_do_no_harm(frames, walk, lines, tmp_path):
    for name in ("bike1", "bike2"):
        frames(tmp_path / "data_seq" / "UAV123" / name, walk(3), "{:06d}.jpg")
        (tmp_path / "data_seq" / "UAV123" / name / "._000001.jpg").write_bytes(b"Mac OS X")
        lines(tmp_path / "anno" / "UAV123" / f"{name}.txt", walk(3).astype(int))
        (tmp_path / "anno" / "UAV123" / f"._{name}.txt").write_bytes(b"Mac OS X")
    assert [(s.name, len(s)) for s in read_sequences(tmp_path)] == [("bike1", 3), ("bike2", 3)]
