# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 record` and `re3 plot` on the command line."""

import csv

import pytest

from re3_ros.bags import STATUS, BagReader, BagWriter, key_frames
from re3_ros.tracking import TargetState


def test_record_writes_a_table_and_plot_a_picture(re3, bag, box, tmp_path):
    given = ["--box", f"cup={box}", "--runtime", "torch"]
    code, out, err = re3("record", bag, "-o", "tracks.csv", *given)
    assert code == 0, err
    assert "12 rows, 0 of them in space" in out
    with (tmp_path / "tracks.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["stamp_ns"]) for row in rows] == [10**9 + i * 40_000_000 for i in range(12)]
    assert {row["target"] for row in rows} == {"cup"}
    assert re3("bag", bag, "-o", "out", "--copy-images", *given)[0] == 0
    assert re3("record", "out", "-o", "again.csv", "--recorded")[0] == 0
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "tracks.csv").read_text()
    assert re3("plot", "out", "-o", "run.png")[0] == 0
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_a_recorded_status_with_an_unknown_state_is_told_and_left_out(re3, bag, box, tmp_path):
    given = ["--box", f"cup={box}", "--runtime", "torch"]
    assert re3("bag", bag, "-o", "out", *given)[0] == 0
    with BagReader(tmp_path / "out", types={STATUS}) as reader:
        recorded = [(message.logged, message.message()) for message in reader]
    recorded[5][1].targets[0].state = 9
    with BagWriter(tmp_path / "bad") as writer:
        for logged, message in recorded:
            writer.write("/status", STATUS, message, logged)
    code, out, err = re3("record", "bad", "-o", "tracks.csv", "--recorded")
    assert code == 0, err
    assert "11 rows of 12 images" in out
    assert "left out 1 messages that make no sense, first: target 'cup' is in state 9" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "t.csv"], "either a bag or --live"),
        (["BAG", "--live", "-o", "t.csv"], "either a bag or --live"),
        (["BAG", "-o", "t.xlsx", "--box", "1,1,20,20"], "t.xlsx"),
        (["BAG", "-o", "t.csv", "--box", "1,1,20"], "four numbers"),
        (["BAG", "-o", "t.csv", "--box", "1,1,20,20", "--camera-info", "/i"], "--depth"),
        (["BAG", "-o", "t.csv", "--recorded"], "no topic of type"),
    ],
)
def test_what_does_not_fit_is_told(re3, bag, tmp_path, words, says):
    code, _, err = re3("record", *(str(bag) if word == "BAG" else word for word in words))
    assert code == 2
    assert says in " ".join(err.replace("│", " ").split())
    assert not list(tmp_path.glob("t.*"))


def test_the_moments_of_a_run_tell_its_story():
    states = [TargetState.TRACKING] * 20 + [TargetState.UNCERTAIN] * 5
    states += [TargetState.LOST] * 10 + [TargetState.TRACKING] * 30
    chosen = [(i, states[i].name) for i in key_frames(states)]
    assert [name for _, name in chosen] == ["TRACKING", "TRACKING", "LOST", "TRACKING", "TRACKING"]
    assert key_frames([TargetState.TRACKING] * 9) == [0, 2, 4, 6, 8]
    assert key_frames([TargetState.LOST]) == [0]
