# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import shutil

import cv2
import numpy as np
import pytest

from re3_ros import evaluation
from re3_ros.errors import ConfigError, SourceError, WeightsError
from re3_ros.evaluation import (
    ComparisonOptions,
    OnePass,
    Reinitialisation,
    measure,
    readable_sequences,
    summarise,
)
from re3_ros.evaluation._runner import Trajectory
from re3_ros.evaluation.report import failures, rich_sequence_table, rich_summary_table
from re3_ros.evaluation.trackers import TrackerSpec
from re3_ros.network import build, save

pytestmark = pytest.mark.skipif(not hasattr(cv2, "legacy"), reason="needs opencv-contrib-python")

MOSSE, FLOW = TrackerSpec("mosse"), TrackerSpec("medianflow")


def compare(*arguments, jobs=0, **options):
    """Compare in this process, where it can be watched."""
    return evaluation.compare(*arguments, jobs=jobs, **options)


@pytest.fixture
def weights(tmp_path):
    """Return a function that writes random weights."""

    def write(name="random"):
        path = tmp_path / f"{name}.safetensors"
        save(build("compact"), path, {})
        return path

    return write


@pytest.fixture
def counted(monkeypatch):
    """Return the list of (tracker, sequence) that are really tracked."""
    from re3_ros.evaluation import _protocols

    ran, run = [], _protocols.run_sequence

    def spy(factory, sequence, beat):
        ran.append((factory.__self__.name, sequence.name))
        return run(factory, sequence, beat)

    monkeypatch.setattr(_protocols, "run_sequence", spy)
    return ran


def test_every_tracker_meets_every_sequence_in_order(data, tmp_path, counted):
    heard = []
    results = compare(
        [MOSSE, FLOW],
        data,
        tmp_path / "cache",
        done=lambda s, r: heard.append((s.name, r.sequence)),
    )
    pairs = [(t, s) for t in ("mosse", "medianflow") for s in ("fast", "slow")]
    assert [(t, r.sequence) for t, rs in results.items() for r in rs] == pairs
    assert counted == heard == pairs


def test_nothing_is_run_twice(data, tmp_path, counted):
    first = compare([MOSSE], data, tmp_path / "cache")
    del counted[:]
    second = compare([MOSSE, FLOW], data, tmp_path / "cache")
    assert counted == [("medianflow", "fast"), ("medianflow", "slow")]
    for a, b in zip(first["mosse"], second["mosse"], strict=True):
        np.testing.assert_array_equal(a.trajectory.boxes, b.trajectory.boxes)
        np.testing.assert_array_equal(a.trajectory.seconds, b.trajectory.seconds)


def test_speeds_of_more_threads_are_measured_anew(data, tmp_path, counted):
    compare([MOSSE], data, tmp_path / "cache")
    compare([MOSSE], data, tmp_path / "cache", threads=2)
    assert counted == [("mosse", "fast"), ("mosse", "slow")] * 2
    compare([MOSSE], data, tmp_path / "cache", threads=2)
    assert len(counted) == 4


def test_fresh_runs_all_again(data, tmp_path, counted):
    compare([MOSSE], data, tmp_path / "cache")
    compare([MOSSE], data, tmp_path / "cache", fresh=True)
    assert len(counted) == 4


def test_a_changed_sequence_is_run_again(data, tmp_path, counted):
    compare([MOSSE], data, tmp_path / "cache")
    path = data / "slow" / "groundtruth.txt"
    path.write_text(path.read_text().replace("16.00", "15.00"))
    del counted[:]
    compare([MOSSE], data, tmp_path / "cache")
    assert counted == [("mosse", "slow")]


def test_a_damaged_cache_file_is_run_again(data, tmp_path, counted):
    compare([MOSSE], data, tmp_path / "cache")
    slow = next((tmp_path / "cache").glob("*/slow-*.npz"))
    slow.write_bytes(slow.read_bytes()[:100])
    del counted[:]
    compare([MOSSE], data, tmp_path / "cache")
    assert counted == [("mosse", "slow")]


def test_parallel_processes_give_the_same_boxes(data, tmp_path):
    alone = compare([MOSSE, FLOW], data, tmp_path / "alone")
    together = compare([MOSSE, FLOW], data, tmp_path / "together", jobs=2)
    for name, results in alone.items():
        for a, b in zip(results, together[name], strict=True):
            np.testing.assert_array_equal(a.trajectory.boxes, b.trajectory.boxes)


def test_failures_are_not_kept(data, tmp_path, monkeypatch):
    from re3_ros.evaluation import _protocols

    def crash(factory, sequence, beat):
        n = len(sequence)
        return Trajectory(np.zeros((n, 4)), np.zeros(n), np.zeros(n), "crashed")

    monkeypatch.setattr(_protocols, "run_sequence", crash)
    results = compare([MOSSE], data, tmp_path / "cache")["mosse"]
    assert [r.failure for r in results] == ["crashed", "crashed"]
    assert not list((tmp_path / "cache").rglob("*.npz"))


def test_an_unreadable_sequence_counts_as_zero_and_the_others_go_on(data, tmp_path):
    (data / "fast" / "groundtruth.txt").write_text("1,2,3\n")
    results = compare([MOSSE], data, tmp_path / "cache")
    fast, slow = results["mosse"]
    assert fast.auc == 0
    assert slow.auc > 0
    (summary,) = summarise(results)
    assert summary.failures == 1
    assert summary.auc == pytest.approx(slow.auc / 2)
    assert "holds 3 numbers" in failures(results)[0]


def test_a_damaged_frame_counts_as_zero_and_is_tried_again(data, tmp_path, counted):
    (data / "fast" / "img" / "00000004.jpg").write_bytes(b"")
    for _ in range(2):
        fast, slow = compare([MOSSE], data, tmp_path / "cache")["mosse"]
        assert "00000004.jpg is not a readable image" in fast.trajectory.failure
        assert slow.trajectory.failure is None
    assert counted == [("mosse", "fast"), ("mosse", "slow"), ("mosse", "fast")]


def test_bad_wishes_are_refused_before_anything_runs(data, tmp_path, counted):
    with pytest.raises(ConfigError, match="no tracker 'boosting'; known are re3"):
        TrackerSpec("boosting")
    with pytest.raises(ConfigError, match="nano needs its backbone"):
        compare([MOSSE, TrackerSpec("nano")], data, tmp_path / "cache")
    with pytest.raises(WeightsError):
        compare([TrackerSpec("re3", tmp_path / "none.safetensors")], data, tmp_path / "cache")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no sequence"):
        compare([MOSSE], tmp_path / "empty", tmp_path / "cache")
    assert counted == []


def test_fingerprints_know_the_weights(weights, tmp_path):
    spec = TrackerSpec("re3", weights("a"))
    copy = shutil.copy(spec.weights, tmp_path / "copy.safetensors")
    assert spec.fingerprint() == TrackerSpec("re3", copy).fingerprint()
    assert spec.fingerprint() != TrackerSpec("re3-procedure", spec.weights).fingerprint()
    assert spec.fingerprint() != TrackerSpec("re3", weights("other")).fingerprint()
    assert MOSSE.fingerprint() == TrackerSpec("mosse", spec.weights).fingerprint()
    assert len(spec.weights_hash()) == 64
    assert MOSSE.weights_hash() is None


def test_fingerprints_know_what_runs_the_network(weights, monkeypatch):
    spec = TrackerSpec("re3", weights("a"))
    by_torch, others = spec.fingerprint(), MOSSE.fingerprint()
    assert (spec.runs_on(), MOSSE.runs_on()) == ("torch float32", None)
    monkeypatch.setattr(TrackerSpec, "runs_on", lambda _: "openvino int8")
    assert spec.fingerprint() != by_torch
    assert MOSSE.fingerprint() == others


def test_a_runtime_that_there_is_not_is_named_at_once(weights):
    with pytest.raises(ConfigError, match="runtime is 'tpu'; choose one of auto"):
        TrackerSpec("re3", weights("a"), runtime="tpu").check()


def test_ours_in_parallel(data, tmp_path, weights):
    spec = TrackerSpec("re3", weights())
    results = compare([spec, MOSSE], data, tmp_path / "cache", jobs=2)["re3"]
    assert [r.trajectory.failure for r in results] == [None, None]
    assert all(np.isfinite(r.trajectory.scores[1:]).all() for r in results)


def test_tables_have_a_row_for_each(data, tmp_path):
    results = compare([MOSSE, FLOW], data, tmp_path / "cache")
    assert rich_summary_table(results).row_count == 2
    assert rich_sequence_table(results).row_count == 2
    assert [str(c.header) for c in rich_sequence_table(results).columns][2:] == [
        "mosse",
        "medianflow",
    ]


def test_drops_are_kept_apart_from_tracks(data, tmp_path, monkeypatch):
    compare([MOSSE], data, tmp_path / "cache")
    options = ComparisonOptions(jobs=0)
    first = measure(Reinitialisation(), [MOSSE], data, tmp_path / "cache", options)["mosse"]
    assert [run.sequence for run in first] == ["fast", "slow"]
    assert len(list((tmp_path / "cache").rglob("*.npz"))) == 4
    monkeypatch.setattr("re3_ros.evaluation._protocols.run_reinitialised", pytest.fail)
    second = measure(Reinitialisation(), [MOSSE], data, tmp_path / "cache", options)["mosse"]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.overlaps, b.overlaps)
        assert (a.drops, a.failure) == (b.drops, b.failure)


def test_an_interrupted_run_goes_on(data, tmp_path, counted):
    def stop(spec, result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare([MOSSE], data, tmp_path / "cache", done=stop)
    assert counted == [("mosse", "fast")]
    compare([MOSSE], data, tmp_path / "cache")
    assert counted == [("mosse", "fast"), ("mosse", "slow")]


def test_other_layouts_are_read_and_rotated_boxes_stood_upright(data, tmp_path):
    for folder in (data / "fast", data / "slow"):
        (folder / "img").rename(folder / "color")
        rows = [line.split(",") for line in (folder / "groundtruth.txt").read_text().split()]
        boxes = [[float(v) for v in row] for row in rows]
        corners = [[x, y, x + w, y, x + w, y + h, x, y + h] for x, y, w, h in boxes]
        text = "".join(",".join(map(str, row)) + "\n" for row in corners)
        (folder / "groundtruth.txt").write_text(text)
    (data / "list.txt").write_text("fast\nslow\n")
    heard = []
    options = ComparisonOptions(jobs=0, layout="vot", begin=heard.append)
    results = measure(OnePass(), [MOSSE], data, tmp_path / "cache", options)["mosse"]
    assert heard == [2]
    assert [r.failure for r in results] == [None, None]
    np.testing.assert_allclose(results[1].truth[0], [10, 30, 30, 46])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[:-2], "8 lines"),
        (lambda lines: ["nan,nan,nan,nan", *lines[1:]], "must be seen in the first frame"),
        (lambda lines: [*lines[:3], "10,10,-4,5", *lines[4:]], "is no box"),
        (lambda lines: [*lines[:3], "10,10,nan,5", *lines[4:]], "is no box"),
    ],
)
def test_broken_truth_fails_its_sequence_with_the_reason(data, tmp_path, change, reason):
    path = data / "slow" / "groundtruth.txt"
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    fast, slow = compare([MOSSE], data, tmp_path / "cache")["mosse"]
    assert fast.failure is None
    assert reason in slow.failure
    assert slow.auc == 0


def test_an_absent_target_is_no_failure(write, tmp_path):
    boxes = np.array([[10.0 + i, 10, 20, 20] for i in range(6)])
    write(tmp_path / "data" / "gone", boxes, absent=[0, 0, 1, 1, 0, 0])
    (result,) = compare([MOSSE], tmp_path / "data", tmp_path / "cache")["mosse"]
    assert result.failure is None
    assert np.isnan(result.overlaps).tolist() == [False, False, True, True, False, False]


def test_what_can_be_read_and_what_cannot(data):
    (data / "fast" / "groundtruth.txt").write_text("none\n")
    sequences, broken = readable_sequences(data, ComparisonOptions())
    assert [s.name for s in sequences] == ["slow"]
    assert len(broken) == 1
    assert broken[0].startswith("fast: ")
    assert readable_sequences(data, ComparisonOptions(only=("slow",)))[1] == []
