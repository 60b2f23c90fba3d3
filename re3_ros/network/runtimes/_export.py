# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A network as files that run without this package: ONNX, torch.export, OpenVINO.

The recurrent state goes in and comes out; nothing is kept inside. `_traceable` beside this module
names the graphs, and ``network.json`` beside them says what a caller has to know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from re3_ros import versions
from re3_ros.errors import ConfigError, writing
from re3_ros.network import Re3Network

from ._graph import Engine, plain
from ._program import export_program, quiet
from ._traceable import Graph, make_graphs

FORMATS = ("onnx", "torch-export", "openvino")
_SUFFIX = {"onnx": ".onnx", "torch-export": ".pt2", "openvino": ".xml"}
_NEEDS = {**versions.RUNTIMES, "torch-export": {"torch": "2.5"}}
WINDOW = 640.0
"""Side in pixels of the search window for which deviations are stated: all of a camera image."""
LIMIT = 1e-3
"""Pixels by which an exported network may deviate from torch."""


@dataclass(frozen=True)
class Exported:
    """What was written, and the largest deviation of its corners from torch."""

    files: tuple[Path, ...]
    deviation: float
    """In pixels of a search window of 640, over one pass of one and one of five targets."""


def export(
    network: Re3Network, folder: str | Path, form: str, metadata: Mapping[str, str] | None = None
) -> Exported:
    """Write the graphs of ``network`` and ``network.json`` to ``folder``, and run them once.

    The first axis, the number of targets, is open; all other shapes are fixed. ``form`` is one of
    `FORMATS`. ``metadata`` are texts that are passed on. Raises ConfigError for an unknown form,
    one whose packages are not installed, and for files that deviate from torch by more than
    `LIMIT` pixels when they are read back and run.
    """
    if form not in FORMATS:
        raise ConfigError(f"format is {form!r}; choose one of {', '.join(FORMATS)}")
    _need(form)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    graphs = make_graphs(plain(network))
    files = [target / f"{graph.name}{_SUFFIX[form]}" for graph in graphs]
    for graph, path in zip(graphs, files, strict=True):
        with writing(path):
            _WRITERS[form](graph, path)
    about = target / "network.json"
    text = json.dumps(_describe(network, graphs, form, metadata or {}), indent=1) + "\n"
    with writing(about, "the graphs beside it are whole"):
        about.write_text(text)
    deviation = _deviation(graphs, [_READERS[form](path) for path in files])
    if not deviation <= LIMIT:
        raise ConfigError(
            f"{target} deviates from torch by {deviation:.2g} pixels, more than {LIMIT}; do not "
            "use it: choose another format, or another version of its package"
        )
    return Exported((*files, about), deviation)


def _need(form: str) -> None:
    if problem := versions.problem(_NEEDS[form]):
        raise ConfigError(f"format {form} {problem}")


def _describe(
    network: Re3Network, graphs: tuple[Graph, ...], form: str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "format": form,
        "architecture": network.architecture,
        "options": network.options,
        "crop_size": network.crop_size,
        "context": network.context,
        "corner_scale": 10.0,
        "state_shape": list(network.state_shape),
        "graphs": {g.name: _ports(g) for g in graphs},
        "metadata": dict(metadata),
    }


def _ports(graph: Graph) -> dict[str, Any]:
    """Return names, types and shapes of a graph's inputs and outputs; -1 is the targets' axis."""
    with torch.no_grad():
        answers = graph.module(*graph.example)
    pairs = {"inputs": zip(graph.inputs, graph.example, strict=True)}
    pairs["outputs"] = zip(graph.outputs, answers, strict=True)
    return {
        side: {name: [str(t.dtype).removeprefix("torch."), -1, *t.shape[1:]] for name, t in ports}
        for side, ports in pairs.items()
    }


@torch.no_grad()
def _deviation(graphs: tuple[Graph, ...], engines: list[Engine]) -> float:
    """Return the largest difference of corners from torch's, as pixels of `WINDOW`.

    One graph's output is the other's input, as in use.
    """
    *before, step = graphs
    *engines_before, last = engines
    worst = 0.0
    for targets in (1, 5):
        rows = torch.arange(targets) % len(step.example[0])
        crops, *rest = (t[rows].contiguous() for t in step.example)
        states = rest[len(before) :]
        kept = [out for graph in before for out in graph.module(crops)]
        wanted = step.module(crops, *kept, *states)[0].numpy()
        arrays = [out for engine in engines_before for out in engine([crops.numpy()])]
        found = last([crops.numpy(), *arrays, *(s.numpy() for s in states)])[0]
        worst = max(worst, float(np.abs(found - wanted).max()))
    return worst * WINDOW / 10


def _write_onnx(graph: Graph, path: Path) -> None:
    import onnx

    from ._onnx import write_onnx

    write_onnx(graph, path)
    model = onnx.load(path)
    model.doc_string = f"re3_ros, graph {graph.name}: see network.json"
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _write_torch(graph: Graph, path: Path) -> None:
    program = export_program(graph)
    with quiet():
        torch.export.save(program, path)


def _write_openvino(graph: Graph, path: Path) -> None:
    from ._openvino import write_openvino

    write_openvino(graph, path)


def _read_onnx(path: Path) -> Engine:
    from ._onnx import open_onnx

    return open_onnx(path)


def _read_torch(path: Path) -> Engine:
    module = torch.export.load(path).module()

    def run(arrays: Any) -> list[Any]:
        with torch.no_grad():
            return [t.numpy() for t in module(*(torch.from_numpy(a) for a in arrays))]

    return run


def _read_openvino(path: Path) -> Engine:
    from ._openvino import Compiler

    return Compiler("float32", 1, small=False).compile(path)


_WRITERS: dict[str, Callable[[Graph, Path], None]] = {
    "onnx": _write_onnx,
    "torch-export": _write_torch,
    "openvino": _write_openvino,
}
_READERS: dict[str, Callable[[Path], Engine]] = {
    "onnx": _read_onnx,
    "torch-export": _read_torch,
    "openvino": _read_openvino,
}
