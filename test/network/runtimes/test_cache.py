# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Converted graphs are made once, and never taken for those of another network."""

import copy
import os
import time

import pytest
import torch

from re3_ros.network.runtimes import _cache
from re3_ros.network.runtimes._cache import converted
from re3_ros.network.runtimes._traceable import make_graphs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "re3_ros" / "graphs"


@pytest.fixture
def convert():
    """Convert a graph with a converter that counts, to a text that tells which graph it was."""

    def call(graph, converter="counter 1"):
        return converted(graph, converter, ".txt", write, lambda path: path.read_text())

    def write(graph, path):
        call.count += 1
        path.write_text(f"{graph.name} {call.count}")

    call.count = 0
    return call


def graph_of(network, name="look"):
    return next(graph for graph in make_graphs(network) if graph.name == name)


def test_a_graph_is_converted_once(small, folder, convert):
    network = small("compact")
    assert convert(graph_of(network)) == "look 1"
    assert convert(graph_of(network)) == "look 1"
    assert convert(graph_of(copy.deepcopy(network))) == "look 1", "another object, the same weights"
    assert [path.name for path in next(folder.iterdir()).iterdir()].count("graph.txt") == 1


def test_whatever_a_graph_depends_on_tells_it_apart(small, folder, convert, monkeypatch):
    network = small("compact")
    assert convert(graph_of(network)) == "look 1"
    assert convert(graph_of(network, "remember")) == "remember 2"
    assert convert(graph_of(network), "counter 2") == "look 3"
    with torch.no_grad():
        network.head.bias[0] += 1e-6
    assert convert(graph_of(network)) == "look 4"
    with torch.no_grad():
        network.pyramid.logarithms[0] += 1e-6
    assert convert(graph_of(network)) == "look 5"
    assert convert(graph_of(small("compact", pyramid=False))) == "look 6"
    monkeypatch.setattr(_cache, "_source", lambda: "changed code")
    assert convert(graph_of(network)) == "look 7"
    monkeypatch.setattr(torch, "__version__", "99")
    assert convert(graph_of(network)) == "look 8"


@pytest.mark.parametrize("content", [b"", b"\0" * 6])
def test_a_file_that_a_power_cut_damaged_is_made_anew(small, folder, convert, content):
    network = small("compact")
    convert(graph_of(network))
    next(folder.glob("*/graph.txt")).write_bytes(content)
    assert convert(graph_of(network)) == "look 2"
    assert convert(graph_of(network)) == "look 2"


def test_a_file_that_cannot_be_read_is_made_anew(small, folder, convert):
    network = small("compact")
    convert(graph_of(network))
    answers = iter([OSError("gone"), "made anew"])

    def read(_):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def write(_, path):
        path.touch()

    assert converted(graph_of(network), "counter 1", ".txt", write, read) == "made anew"


def test_networks_of_other_classes_are_converted_each_time(small, folder, convert):
    class Foreign(type(small("compact"))):
        pass

    network = Foreign()
    assert convert(graph_of(network)) == "look 1"
    assert convert(graph_of(network)) == "look 2"
    assert not folder.exists()


def test_large_networks_are_not_kept(small, folder, convert, monkeypatch):
    monkeypatch.setattr(_cache, "LARGEST", 1000)
    convert(graph_of(small("compact")))
    assert not folder.exists()


def test_nothing_is_needed_to_be_writable(small, tmp_path, convert, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert convert(graph_of(small("compact"))) == "look 1"
    assert convert(graph_of(small("compact"))) == "look 2"


def test_a_failing_conversion_leaves_nothing_behind(small, folder):
    def fail(_, path):
        path.write_text("half")
        raise RuntimeError("not supported")

    with pytest.raises(RuntimeError, match="not supported"):
        converted(graph_of(small("compact")), "failing", ".txt", fail, lambda path: path)
    assert list(folder.iterdir()) == []


def test_the_graphs_used_last_are_kept(small, folder, convert, monkeypatch):
    monkeypatch.setattr(_cache, "KEPT", 2)
    network = small("compact")
    convert(graph_of(network), "a")
    convert(graph_of(network), "b")
    for entry in folder.iterdir():
        os.utime(entry, (1, time.time() - 100))
    abandoned, running = folder / "unfinished-old", folder / "unfinished-new"
    abandoned.mkdir()
    running.mkdir()
    os.utime(abandoned, (1, 1))
    assert convert(graph_of(network), "a") == "look 1"  # used: now newer than b
    convert(graph_of(network), "c")
    assert len(list(folder.iterdir())) == 3, "a, c, and what another process is writing"
    assert running.exists()
    assert convert(graph_of(network), "a") == "look 1"
    assert convert(graph_of(network), "b") == "look 4"
