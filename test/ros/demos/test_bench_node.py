# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 bench node` on real processes; that it measures, not what."""

import dataclasses
import json

import pytest

pytestmark = pytest.mark.ros


def row(**changes):
    from re3_ros.bench import TimingStats
    from re3_ros.ros.demos.bench import NodeRow

    spread = TimingStats(1.5, 3.0, 1.0)
    times = dict.fromkeys(("overhead", "inference", "latency", "whole"), spread)
    series = [(n / 20, 0.08) for n in range(90)]
    counts = {"sent": 300, "received": 300, "answered": 100, "dropped": 200}
    return dataclasses.replace(
        NodeRow("node", "64x48", 60.0, 0.0, **counts, **times, series=series), **changes
    )


def test_the_command_measures_both_parts_and_writes_them(weights, tmp_path, capfd):
    from re3_ros.cli import main

    out = tmp_path / "node.json"
    options = ["--size", "160x120", "--seconds", "2", "--rate", "30", "--fast", "60"]
    options += [
        "--network",
        "20",
        "--weights",
        weights("still"),
        "--runtime",
        "torch",
        "-o",
        str(out),
    ]
    assert main(["bench", "node", *options]) == 0
    assert "median added by the node over 2 ms" in capfd.readouterr().out
    plain, slow = json.loads(out.read_text())["rows"]
    assert plain["size"] == slow["size"] == "160x120"
    for found in (plain, slow):
        assert 0 < found["answered"] <= found["received"] <= found["sent"]
        assert 0 < found["overhead"]["least"] < found["latency"]["median"]
        assert found["series"]
    assert slow["inference"]["least"] >= 50
    assert slow["dropped"] > 0
    assert out.with_suffix(".png").stat().st_size > 1000


@pytest.mark.parametrize("size", ["big", "0x48", "64x48x3"])
def test_a_size_that_is_none_is_named(size, capfd):
    from re3_ros.cli import main

    assert main(["bench", "node", "--size", size]) == 2
    assert f"size is {size!r}; expected WIDTHxHEIGHT" in capfd.readouterr().err


def test_what_the_node_adds_is_judged():
    from re3_ros.bench import TimingStats
    from re3_ros.ros.demos.bench import node_bars

    assert [bar.holds for bar in node_bars([row()])] == [True]
    assert [bar.holds for bar in node_bars([row(overhead=TimingStats(2.1, 3.0, 1.0))])] == [False]


def test_a_queue_that_grows_is_seen():
    from re3_ros.ros.demos.bench import node_bars

    assert [bar.holds for bar in node_bars([row(period=0.05)])] == [True, True]
    growing = [(n / 20, 0.05 + n / 1000) for n in range(90)]
    assert [b.holds for b in node_bars([row(period=0.05, series=growing)])] == [False, False]
