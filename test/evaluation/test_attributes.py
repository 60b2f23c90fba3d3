# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import re3_ros.evaluation
from re3_ros.datasets import read_sequence, read_sequences
from re3_ros.datasets._otb_facts import ATTRIBUTES
from re3_ros.datasets._uav123 import ATTRIBUTES as UAV123
from re3_ros.evaluation import (
    Reinitialised,
    SequenceResult,
    Trajectory,
    attribute_table,
    occluded_table,
    only_occluded,
    reinit_sequence_table,
    reinit_table,
    sequence_attributes,
    summarise,
)
from re3_ros.evaluation._attributes import LABELS, WORDS


@pytest.fixture
def sequences(data):
    """Return two sequences, of 8 and of 10 frames, with attributes, tags and occlusions."""
    fast, slow = read_sequences(data)
    hidden = np.zeros(10, bool)
    hidden[5:] = True
    return [
        replace(fast, attributes=("fast motion", "blur")),
        replace(slow, attributes=("blur",), tags={"camera_motion": hidden}, occluded=hidden),
    ]


def result(sequence, right):
    """Return a result that is right on some frames, and far off on the others."""
    boxes = np.where(np.asarray(right)[:, None], sequence.truth, sequence.truth + 500)
    n = len(sequence)
    track = Trajectory(boxes, np.full(n, np.nan), np.ones(n))
    return SequenceResult(sequence.name, sequence.truth, track, sequence)


@pytest.fixture
def results(sequences):
    """Return those of a perfect tracker and of one that loses the target in the middle."""
    fast, slow = sequences
    half = [result(fast, np.arange(8) < 4), result(slow, np.arange(10) < 6)]
    return {"perfect": [result(s, np.ones(len(s), bool)) for s in sequences], "half": half}


def test_attributes_by_hand(results):
    table = attribute_table(results)
    assert table.columns == ("attribute", "sequences", "frames", "perfect", "half")
    rows = {row[0]: row[1:] for row in table.rows}
    top = 20 / 21
    assert rows["fast motion"] == (1, 8, pytest.approx(top), pytest.approx(top * 4 / 8))
    both = (4 / 8 + 6 / 10) / 2
    assert rows["blur"] == (2, 18, pytest.approx(top), pytest.approx(top * both))
    assert rows["frames: camera_motion"] == (1, 5, pytest.approx(top), pytest.approx(top / 5))


def rows_of(table):
    """Return the rows of a table beside the evaluation's modules."""
    text = (Path(re3_ros.evaluation.__file__).parent / table).read_text()
    return list(csv.DictReader(line for line in text.splitlines() if line[0] != "#"))


def test_the_letters_of_benchmarks_are_written_out(sequences):
    lettered = [replace(s, attributes=("OCC",)) for s in sequences]
    ((title, count, *_),) = attribute_table(
        {"t": [replace(result(s, np.ones(len(s), bool)), source=s) for s in lettered]}
    ).rows[:1]
    assert (title, count) == ("occlusion (OCC)", 2)


def test_attributes_of_public_sequences_are_what_the_benchmarks_say():
    rows = rows_of(LABELS)
    assert {row["benchmark"] for row in rows} == {"OTB-2015", "UAV123"}
    for row in rows:
        names = row["attributes"].split()
        assert set(names) <= set(WORDS)
        if row["benchmark"] == "OTB-2015":
            assert names == ATTRIBUTES[row["published"]].split()
        else:
            assert set(names) <= set(UAV123)
    assert set(WORDS) == {*UAV123, *" ".join(ATTRIBUTES.values()).split()}


def test_attributes_hold_for_a_sequence_of_the_same_name_and_length(write, tmp_path):
    boxes = np.array([[10.0, 10, 20, 20]] * 81)
    skiing = read_sequence(write(tmp_path / "Skiing", boxes))
    assert sequence_attributes(skiing) == ("IV", "SV", "DEF", "IPR", "OPR")
    assert sequence_attributes(skiing.first(80)) == ()
    assert sequence_attributes(replace(skiing, attributes=("own",))) == ("own",)


def test_public_sequences_have_their_attributes(shared):
    sequences = read_sequences(shared / "data" / "bench")
    rows = {row["sequence"]: row for row in rows_of(LABELS)}
    found = {s.name: sequence_attributes(s) for s in sequences}
    assert {name for name, names in found.items() if names} == set(rows)
    assert found["Bolt"] == ("OCC", "DEF", "IPR", "OPR")


def test_no_attributes_no_rows(data):
    plain = {"t": [result(s, np.ones(len(s), bool)) for s in read_sequences(data)]}
    assert attribute_table(plain).rows == ()
    assert occluded_table(plain).rows == ()


def test_average_overlap_and_success_rates_by_hand(results):
    perfect, half = summarise(results)
    assert (perfect.average_overlap, perfect.success_50, perfect.success_75) == (1, 1, 1)
    right = (3 + 5) / (7 + 9)
    figures = half.average_overlap, half.success_50, half.success_75
    assert figures == pytest.approx((right, right, right))


def test_agrees_with_the_toolkit_of_got10k():
    got10k = pytest.importorskip("got10k.experiments.got10k", reason="pip install got10k six tqdm")
    experiment = object.__new__(got10k.ExperimentGOT10k)
    experiment.nbins_iou = 101
    rng = np.random.default_rng(2)
    truth = np.tile([10.0, 10, 50, 40], (30, 1))
    boxes = truth + rng.normal(0, 8, truth.shape)
    track = Trajectory(boxes, np.zeros(30), np.ones(30))
    mine = SequenceResult("s", truth, track)
    average, rate, *_ = experiment._evaluate(mine.overlaps[1:], np.ones(29))
    assert mine.average_overlap == pytest.approx(average, abs=1e-6)
    assert mine.success_50 == pytest.approx(rate, abs=1e-6)


def test_occluded_frames_alone(results):
    (kept,) = only_occluded(results)["half"]
    assert kept.sequence == "slow"
    assert int(np.isfinite(kept.truth).all(axis=1).sum()) == 5
    table = occluded_table(results)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["perfect"][0] == pytest.approx(20 / 21)
    assert rows["half"][0] == pytest.approx(20 / 21 / 5)
    assert rows["half"][-1] == pytest.approx(1 / 5)
    assert table.note.startswith("5 frames")


def test_the_papers_table_is_over_frames_and_not_over_sequences():
    runs = {
        "a": [Reinitialised(np.ones(30), 0, sequence="x"), Reinitialised(np.zeros(10), 1)],
        "b": [Reinitialised(np.ones(30), 0, sequence="x"), Reinitialised(np.ones(10), 0)],
    }
    first, second = reinit_table(runs).rows
    assert first == ("b", 40, 1, 0, 1, 1, None)
    robust = np.exp(-30 / 40)
    assert second == (
        "a",
        40,
        0.75,
        1,
        pytest.approx(robust),
        pytest.approx((0.75 + robust) / 2),
        None,
    )
    assert reinit_sequence_table(runs).rows == (("x", 0, 0), ("", 1, 0))


# Table I of the paper: accuracy and drops on VOT14 and on VID.
TABLE_I = {
    "B": ((0.55, 41, 0.718), (0.56, 367, 0.760)),
    "G": ((0.66, 29, 0.789), (0.68, 257, 0.826)),
    "K": ((0.68, 27, 0.802), (0.69, 274, 0.830)),
}


@pytest.mark.parametrize("row", TABLE_I)
def test_a_run_with_the_papers_drops_gets_the_papers_average(row):
    for (accuracy, drops, average), frames in zip(TABLE_I[row], (10_213, 273_505), strict=True):
        run = Reinitialised(np.full(frames, accuracy), drops)
        ((_, counted, *figures, _),) = reinit_table({row: [run]}).rows
        assert counted == frames
        assert figures[-1] == pytest.approx(average, abs=0.000501)
