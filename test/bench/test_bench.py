# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What benchmarks report; nothing here depends on how fast the machine is."""

import json
import os
import subprocess
import sys
from unittest.mock import patch

import numpy as np
import pytest
import torch

from re3_ros.bench import (
    INSTRUCTIONS,
    LatencyRow,
    PrecisionChange,
    PrecisionRow,
    Roofline,
    StageRow,
    TimingStats,
    Workload,
    _session,
    _timing,
    bench_model,
    bench_session,
    choice_bars,
    compare_precision,
    demo_clip,
    describe_instructions,
    gpu_bars,
    layers_table,
    load_now,
    model_bars,
    session_bars,
    session_table,
    workload_of,
    write_results,
)
from re3_ros.bench._precision import starts
from re3_ros.datasets import Sequence
from re3_ros.network import build
from re3_ros.network.runtimes import is_installed, profile_layers

SMALL = {"skip": 4, "fine_skip": 2, "match": 4, "mixed": 8, "heat_maps": 3, "fc_width": 12}
TINY = {"trunk_widths": [8] * 5, "skip_widths": (), "fc_width": 10, "lstm_width": 6}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build("compact", **SMALL, lstm_width=7).eval()


@pytest.fixture(scope="module")
def clip():
    return demo_clip(13)


def spread(median):
    return TimingStats(median, 2 * median, median / 2)


def latency(tracker, targets, median, work=float("nan")):
    return LatencyRow(tracker, targets, spread(median), spread(1), 0.5, work=work)


def test_a_spread_is_in_milliseconds():
    found = TimingStats.of([0.001, 0.002, 0.009])
    assert (found.median, found.least) == (2.0, 1.0)
    assert found.p99 == pytest.approx(8.86)


def test_every_tracker_gets_a_row_for_every_number_of_targets(network, clip, tmp_path):
    rows = bench_session(
        network, clip, ["torch"], ["joint", "mosse", "nano"], (1, 3), 1, models=tmp_path
    )
    assert [(r.tracker, r.targets) for r in rows] == [
        (name, n) for n in (1, 3) for name in ("re3 torch float32", "joint", "mosse")
    ], "nano has no files, and is left out"
    assert all(0 < r.latency.least <= r.latency.median <= r.latency.p99 for r in rows)
    files = write_results(tmp_path / "out.json", {"clip": clip.name}, rows)
    assert [f.suffix for f in files] == [".json", ".png"]
    content = json.loads(files[0].read_text())
    assert content["about"] == {"clip": "demo"}
    assert content["rows"][0]["latency"]["median"] == rows[0].latency.median


def test_several_cameras_are_measured_of_ours_alone(network, clip, tmp_path):
    rows = bench_session(
        network, clip, ["torch"], ["mosse"], (2,), 1, models=tmp_path, cameras=(1, 3)
    )
    assert [(r.tracker, r.cameras) for r in rows] == [
        ("re3 torch float32", 1),
        ("mosse", 1),
        ("re3 torch float32", 3),
    ]
    held = [r.held for r in rows if r.tracker.startswith("re3")]
    assert held[0] == held[1] > 1000
    assert np.isnan(rows[1].held)
    assert "3" in list(session_table(rows).columns[1].cells)


def test_a_round_ends_when_its_time_is_over(network):
    clip, steps = demo_clip(60), []
    kept = []
    whole = _session._row
    with patch.object(_session, "_row", lambda *a: kept.append(a[3]) or whole(*a)):
        (row,) = bench_session(
            network, clip, ["torch"], (), (1,), 2, seconds=0, advance=lambda: steps.append(1)
        )
    assert [len(run.latency) for run in kept[0]] == [_session.LEAST] * 2
    assert len(steps) == 2
    assert row.work > 0


LIMITED = """
from re3_ros.bench import describe_instructions, has_more_than_avx2
assert not has_more_than_avx2()
print(describe_instructions())
"""


def test_limits_of_instructions_bite():
    """In every library that has one; of the primitives of OpenVINO their names tell."""
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED],
        env={**os.environ, **INSTRUCTIONS["avx2"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("at most AVX2") == 2
    names = ["brgconv_avx512_amx_1x1_bf16", "jit_avx2_f32", "jit_avx2_I8", "gemm_mlas", "unknown"]
    assert describe_instructions(names)["openvino"] == "2 avx2, 1 avx512_amx, 1 mlas"


@pytest.mark.skipif(not is_installed("openvino"), reason="openvino is not installed")
def test_sessions_leave_the_number_of_threads_as_it_was(clip):
    network = build("paper", **TINY)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        bench_session(network, clip, ["openvino-float32"], (), (1,), 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_network_is_timed_stage_by_stage(network):
    rows = bench_model(network, ["torch"], (1, 2), repeats=2)
    stages = {(r.runtime, r.stage) for r in rows}
    assert {("eager float32", "joint"), ("eager float32", "recur")} <= stages
    assert {s for name, s in stages if name == "torch float32"} == {
        "step",
        "crop",
        "look",
        "decode",
        "remember",
    }
    assert len(rows) == 2 * len(stages)


def test_the_work_of_a_look_counts_what_it_reads_and_multiplies():
    network = build("paper", **TINY, lstm_layers=1).eval()
    work = workload_of(network)
    unused = sum(p.numel() for p in network.fc6_previous.parameters())
    assert work.parameters == sum(p.numel() for p in network.parameters()) - unused
    dense = 10 * 8 * 36 + (10 + 6) * 24 + 3 * 36 + 6 * 4
    trunk = 55**2 * 8 * 3 * 121 + 27**2 * 8 * 4 * 25 + 13**2 * 8 * (8 + 4 + 4) * 9
    assert work.operations == 2 * (dense + trunk)


def test_the_floor_is_the_slower_of_memory_and_arithmetic():
    machine = Roofline(1e9, {"float32": 1e10, "bfloat16": 4e10})
    assert machine.floor(Workload(1e8, 1_000_000), "float32") == pytest.approx(10)
    assert machine.floor(Workload(1e6, 1_000_000), "float32") == pytest.approx(4)
    assert machine.floor(Workload(1e6, 1_000_000), "int8") == pytest.approx(1)
    assert machine.floor(Workload(1e8, 1_000_000), "int8") == pytest.approx(2.5)


def test_layers_are_timed_and_counted(network, tmp_path):
    """Their operations are those that torch counts for a look, but for what conversion folds."""
    if not is_installed("openvino"):
        pytest.skip("OpenVINO is not installed")
    rows = profile_layers(network, "float32", threads=1, targets=2, repeats=2)
    look = [row for row in rows if row.graph == "look"]
    assert {row.graph for row in rows} == {"look", "remember"}
    assert sum(r.operations for r in look) == pytest.approx(2 * workload_of(network).operations)
    fire = next(row for row in look if row.size == "64 to 256 channels, 7x7" and "3x3" in row.kind)
    assert (fire.kind, fire.layers) == ("3x3 convolution", 2)
    assert fire.operations == 2 * 2 * 2 * 256 * 7 * 7 * 64 * 9, "both, of two targets"
    assert any(row.kind == "fully connected" and row.size == f"{12 + 7} to 28" for row in look)
    assert any(row.kind == "pooling" and not row.operations for row in look)
    times = [row.milliseconds for row in look]
    assert times == sorted(times, reverse=True)
    table = layers_table(rows, sizes=False)
    assert table.row_count < len(rows) / 2
    write_results(tmp_path / "layers.json", {}, rows)
    written = json.loads((tmp_path / "layers.json").read_text())["rows"]
    assert written[0]["graph"] == "look"


def test_bars_compare_the_fastest_of_ours():
    rows = [
        latency("joint", 1, 12.0),
        latency("re3 torch float32", 1, 6.0),
        latency("re3 openvino bfloat16", 1, 2.0, work=4.0),
        latency("re3 openvino bfloat16", 16, 10.0),
        latency("nano", 1, 3.0, work=5.0),
    ]
    found = {bar.text: (bar.value, bar.holds) for bar in session_bars(rows)}
    assert found == {
        "re3 openvino bfloat16, latency over nano's": (pytest.approx(2 / 3), False),
        "re3 openvino bfloat16, latency over joint's": (pytest.approx(1 / 6), True),
        "re3 openvino bfloat16, processor time over nano's": (pytest.approx(0.8), True),
        "re3 openvino bfloat16, 16 targets over one": (5.0, True),
    }
    assert [bar.holds for bar in session_bars(rows, wide=True)] == [False, True, True, False]
    assert session_bars(rows[:1]) == []


def test_the_load_is_of_others_and_of_now(tmp_path, monkeypatch):
    """Of what one thread measured before, nothing is left in it."""
    stat = tmp_path / "stat"
    monkeypatch.setattr(_timing, "STAT", stat)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    stat.write_text("cpu  900 0 100 1000 0 0 0 0 7 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    later = "cpu  910 5 105 1060 10 4 4 2 9 9\n"  # 100 ticks more, 70 of them idle
    monkeypatch.setattr(_timing.time, "sleep", lambda _: stat.write_text(later))
    assert load_now() == pytest.approx(2 * 0.3)
    stat.unlink()
    monkeypatch.setattr(os, "getloadavg", lambda: (0.25, 3.0, 3.0))
    assert load_now() == 0.25


def test_what_is_chosen_has_to_be_the_fastest():
    def row(name, median, targets):
        return LatencyRow(name, targets, spread(median), spread(0.0), 0.9)

    one = [row("re3 chosen", 5, 1), row("re3 b", 4, 1), row("re3 c", 9, 1), row("kcf", 1, 1)]
    many = [row("re3 chosen", 40, 16), row("re3 b", 41, 16), row("kcf", 1, 16)]
    first, second = choice_bars([*one, *many])
    assert (first.value, first.holds) == (5 / 4, False)
    assert (second.value, second.holds) == (40 / 41, True)
    assert "re3 chosen" in first.text
    assert not choice_bars([one[0], one[3]]), "there is nothing to choose from"
    (first,) = choice_bars(one, beyond=["b"])
    assert (first.value, first.holds) == (5 / 9, True)


def test_the_bar_of_the_model_counts_all_that_the_image_waits_for():
    stages = {"step": 3.0, "crop": 0.5, "look": 2.0, "decode": 0.5, "remember": 9.0}
    rows = [StageRow("torch float32", s, 1, spread(t)) for s, t in stages.items()]
    rows.append(StageRow("eager float32", "joint", 1, spread(10)))
    (bar,) = model_bars(rows)
    assert (bar.value, bar.holds) == (pytest.approx(0.3), True)
    assert str(bar).startswith("holds: torch float32, image to box")


def test_the_bars_of_a_gpu_are_times_of_the_fastest():
    rows = [
        StageRow(name, stage, targets, spread(time * part * targets**0.5))
        for name, time in (("torch float32", 0.4), ("cuda bfloat16", 0.1))
        for stage, part in (("step", 3), ("crop", 1), ("look", 1), ("remember", 1))
        for targets in (1, 64)
    ]
    one, many = gpu_bars(rows, "paper")
    assert str(one) == "holds: paper on cuda bfloat16, a step of 1: 0.30 ms (at most 0.50 ms)"
    assert (many.value, many.holds) == (pytest.approx(2.4), True)
    (one,) = gpu_bars(rows, "compact")
    assert not one.holds
    assert gpu_bars([], "paper") == []


def test_precision_is_compared_box_by_box(network, clip, tmp_path):
    import cv2

    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, image in zip(paths, clip.bgr, strict=False):
        cv2.imwrite(str(path), image)
    sequence = Sequence("demo", tuple(paths), np.array(clip.truth[:4]))
    rows = compare_precision(network, [sequence], ["torch"], runs=2, length=3)
    assert [(row.sequence, row.start, row.runtime) for row in rows] == [
        ("demo", 0, "torch float32"),
        ("demo", 1, "torch float32"),
    ]
    for row in rows:
        assert row.auc == row.exact
        assert row.agreement == 1.0


def test_runs_begin_where_the_target_has_a_box(tmp_path):
    truth = np.tile([1.0, 1, 9, 9], (100, 1))
    truth[30:40] = np.nan
    sequence = Sequence("some", tuple(tmp_path / str(k) for k in range(100)), truth)
    assert starts(sequence, 3, 40) == [0, 40, 60]
    assert starts(sequence, 3, 400) == [0]
    sequence.truth[55:] = np.nan
    assert starts(sequence, 3, 40) == [0, 40, 54]


def test_the_change_of_precision_is_a_mean_with_its_error():
    changes = [0.002, -0.004, 0.002, -0.004]
    rows = [PrecisionRow("s", k, "some", 0.5, 0.5 + d, 0.9) for k, d in enumerate(changes)]
    (change,) = PrecisionChange.of(rows)
    assert change.auc == pytest.approx(-0.001)
    assert change.error == pytest.approx(0.0015 * np.sqrt(4 / 3))  # estimated from four runs
    assert str(change).startswith("holds: some: AUC -0.0010 (standard error 0.0017) over 4 runs")
    (worse,) = PrecisionChange.of([PrecisionRow("s", 0, "some", 0.5, 0.49, 0.9)])
    assert str(worse).startswith("MISSED")
