# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 bench`` and ``re3 export``, with a small network for weights."""

import importlib.util
import json
from functools import partial

import pytest

from re3_ros.bench import BarsPlan, bench_model
from re3_ros.cli import main
from re3_ros.network import build, save
from re3_ros.network.runtimes import is_installed

SMALL = {"skip": 4, "fine_skip": 2, "match": 4, "mixed": 8, "heat_maps": 3, "fc_width": 12}


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "small.safetensors"
    save(build("compact", **SMALL, lstm_width=7), path)
    return path


@pytest.fixture
def run(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments):
        return main([str(a) for a in arguments]), *capfd.readouterr()

    return call


def test_session_prints_a_table_and_writes_json(run, weights, tmp_path):
    out = tmp_path / "out" / "speed.json"
    options = ["--runtimes", "torch", "--peers", "joint,mosse", "--frames", "20", "--rounds", "1"]
    code, text, _ = run("bench", "session", "--weights", weights, *options, "-o", out)
    assert code == 0
    assert "re3 torch float32" in text
    assert "latency over joint's" in text
    content = json.loads(out.read_text())
    assert {r["tracker"] for r in content["rows"]} == {"joint", "re3 torch float32", "mosse"}
    assert content["about"]["clip"] == "demo"


def test_bars_are_printed_at_the_end_of_all_tables(run, weights, tmp_path, monkeypatch):
    monkeypatch.setattr("re3_ros.bench.BarsPlan", partial(BarsPlan, peers=("joint", "mosse")))
    monkeypatch.setattr("re3_ros.bench._everything.bench_model", partial(bench_model, repeats=1))
    # The choice and the other runtimes have tests of their own, and take long to be prepared.
    monkeypatch.setattr("re3_ros.network.runtimes._choice.candidates", lambda *_: ("torch",))
    monkeypatch.setattr("re3_ros.bench._everything.is_installed", lambda _: False)
    options = ["--large", "compact", "--threads", "1", "--frames", "21", "--rounds", "1"]
    options += ["--instructions", "own"]
    save(build("paper", trunk_widths=[8] * 5, fc_width=12, lstm_width=7), weights)
    code, text, _ = run("bench", "bars", "--weights", weights, *options, "-o", tmp_path / "out")
    assert code == 0
    verdicts = [line for line in text.splitlines() if line.startswith("1 thread: ")]
    assert [line.split(", ", 1)[1].split(":")[0] for line in verdicts] == [
        "latency over joint's",
        "16 targets over one",
        "image to box over the plain pass",
    ]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"session_1.json", "many_1.json", "compact_1.json", "paper_1.json"} <= written
    assert "1 thread; instructions: torch " in text


def test_bars_are_measured_under_a_limit_too(run, weights, tmp_path, monkeypatch):
    """In a process of its own, whose tables come as they are and whose verdicts come last."""
    monkeypatch.setattr("re3_ros.bench.has_more_than_avx2", lambda: True)
    monkeypatch.setattr("re3_ros.cli._bench._bars_with", lambda *_: ["1 thread: holds: own"])
    asked = []

    def limited(name, arguments):
        asked.append((name, arguments))
        return iter(["a table", "1 thread: MISSED: latency"])

    monkeypatch.setattr("re3_ros.bench.run_limited", limited)
    options = ["--threads", "1", "--frames", "30", "-o", tmp_path / "out"]
    code, text, _ = run("bench", "bars", "--weights", weights, *options)
    assert code == 0
    lines = text.split("\n")
    assert lines.index("a table") < lines.index("avx2, 1 thread: MISSED: latency")
    assert lines[-3:-1] == ["avx2, 1 thread: MISSED: latency", "1 thread: holds: own"]
    ((name, arguments),) = asked
    assert name == "avx2"
    given = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    assert given["--instructions"] == "own"
    assert given["--frames"] == "30"
    assert given["--output"] == str(tmp_path / "out" / "avx2")


def test_a_processor_without_more_is_measured_once(run, weights, monkeypatch):
    monkeypatch.setattr("re3_ros.bench.has_more_than_avx2", lambda: False)
    monkeypatch.setattr("re3_ros.cli._bench._bars_with", lambda *_: ["1 thread: holds: own"])
    code, text, _ = run("bench", "bars", "--weights", weights, "--threads", "1")
    assert code == 0
    assert "everything is measured once" in text
    assert text.count("1 thread: holds: own") == 1


def test_model_prints_stages_bars_and_the_machines_limits(run, weights):
    options = ["--runtimes", "torch", "--targets", "1,2", "--repeats", "1"]
    code, text, _ = run("bench", "model", "--weights", weights, *options)
    assert code == 0
    for words in ("remember", "image to box over the plain pass", "GB/s", "least for a look"):
        assert words in text


def test_layers_are_printed_by_graph_and_number_of_targets(run, weights, tmp_path):
    if not is_installed("openvino"):
        pytest.skip("OpenVINO is not installed")
    options = ["--targets", "1,2", "--repeats", "1", "--precision", "float32"]
    out = tmp_path / "layers.json"
    code, text, _ = run("bench", "layers", "--weights", weights, *options, "-o", out)
    assert code == 0
    for words in ("look, 1 target ", "remember, 1 target ", "look, 2 targets ", "3x3 convolution"):
        assert words in text
    about = json.loads(out.read_text())["about"]
    assert (about["precision"], about["runtime_threads"]) == ("float32", 1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["layers", "--precision", "int4"], "precision is 'int4'; choose float32, bfloat16 or"),
        (["session", "--peers", "goturn"], "peers has 'goturn'; choose from joint, kcf"),
        (["model", "--targets", "1,many"], "targets is '1,many'; expected whole numbers"),
        (["model", "--preset", "paper", "--weights", "w"], "give --weights or --preset"),
        (["model", "--runtimes", "tpu"], "runtime is 'tpu'; choose one of auto"),
        (["bars", "--instructions", "sse9"], "instructions has 'sse9'; choose from own, avx2"),
    ],
)
def test_bad_options_are_named_with_the_way_out(run, weights, arguments, complaint):
    given = [] if "--preset" in arguments else ["--weights", weights]
    code, _, error = run("bench", *arguments, *given)
    assert code == 2
    assert complaint in error


def test_export_writes_the_graphs_and_says_how_exact_they_are(run, weights, tmp_path):
    folder = tmp_path / "files"
    code, text, _ = run("export", "--weights", weights, "--format", "torch-export", "-o", folder)
    assert code == 0
    names = {"remember.pt2", "look.pt2", "template.pt2", "network.json"}
    assert {p.name for p in folder.iterdir()} == names
    assert "deviate from torch by at most" in text
    assert json.loads((folder / "network.json").read_text())["metadata"]["weights"] == weights.name


@pytest.mark.skipif(importlib.util.find_spec("rclpy") is not None, reason="ROS 2 is here")
def test_node_says_where_ros_comes_from(run):
    code, _, error = run("bench", "node")
    assert code != 0
    assert "needs ROS 2, and " in error
    assert "scripts/ros-env --run re3 bench node" in error
