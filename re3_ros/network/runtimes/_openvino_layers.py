# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a graph goes: its layers, by OpenVINO's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network

from ._choice import is_installed
from ._graph import plain
from ._traceable import Graph, make_graphs

PROFILED = "look", "remember"
MULTIPLIES = "Convolution", "MatMul", "FullyConnected"
FAR = 3
"""Layers that may stand between a product and the last one that is computed along with it."""


@dataclass(frozen=True)
class LayerTime:
    """All layers of one kind and size in a graph."""

    graph: str
    """``look``, what an image waits for, or ``remember``, between images."""
    targets: int
    kind: str
    size: str
    """Empty where only data move."""
    primitive: str
    """OpenVINO's name for what computes it, which ends in the precision: f32, BF16, I8."""
    layers: int
    operations: float
    """A multiplication and an addition are two."""
    milliseconds: float
    """The least of several runs."""

    @property
    def precision(self) -> str:
        """Of the arithmetic."""
        return self.primitive.rpartition("_")[2]


def profile_layers(
    network: Re3Network,
    precision: str = "int8",
    threads: int | None = None,
    targets: int = 1,
    repeats: int = 50,
) -> list[LayerTime]:
    """Return what the layers of both graphs take in OpenVINO, the slowest of each first.

    ``threads`` are torch's if not given. Reading the clock slows small layers, so that their sum is
    a little more than a graph takes.
    Raises ConfigError where OpenVINO is not installed.
    """
    if not is_installed("openvino"):
        raise ConfigError("layers are timed by OpenVINO, which is not here; `pip install openvino`")
    from ._openvino import Compiler

    compiler = Compiler.of(network, precision, threads or torch.get_num_threads())
    graphs = {graph.name: graph for graph in make_graphs(plain(network))}
    return [row for name in PROFILED for row in _profile(compiler, graphs[name], targets, repeats)]


def _profile(compiler: Any, graph: Graph, targets: int, repeats: int) -> list[LayerTime]:
    model = compiler.prepare(compiler.convert(graph), graph, targets)
    known = {op.get_friendly_name(): op for op in model.get_ops()}
    compiled = compiler.compiled(model, PERF_COUNT=True)
    times = _least_times(
        compiled, [torch.cat([t[:1]] * targets).numpy() for t in graph.example], repeats
    )
    rows: dict[tuple[str, ...], LayerTime] = {}
    for node in compiled.get_runtime_model().get_ops():
        if (name := node.get_friendly_name()) not in times:
            continue
        about = {key: str(value.value) for key, value in node.get_rt_info().items()}
        kind, size, operations = _described(about, known)
        key = kind, size, about["primitiveType"]
        row = rows.get(key, LayerTime(graph.name, targets, *key, 0, 0.0, 0.0))
        rows[key] = replace(
            row,
            layers=row.layers + 1,
            operations=row.operations + operations,
            milliseconds=row.milliseconds + times[name],
        )
    return sorted(rows.values(), key=lambda row: -row.milliseconds)


def _least_times(compiled: Any, arrays: list[Any], repeats: int) -> dict[str, float]:
    """Return the least milliseconds of each node of a compiled model that runs."""
    request = compiled.create_infer_request()
    least: dict[str, float] = {}
    for _ in range(repeats):
        request.infer(arrays)
        for node in request.get_profiling_info():
            if node.status.name == "EXECUTED":
                time = 1e3 * node.real_time.total_seconds()
                least[node.node_name] = min(time, least.get(node.node_name, time))
    return least


def _described(about: Mapping[str, str], known: Mapping[str, Any]) -> tuple[str, str, float]:
    """Return kind, size and number of operations of a compiled node."""
    kind = about["layerType"].lower()
    if about["layerType"] not in MULTIPLIES:
        return kind, "", 0.0
    parts = [known[name] for name in about["originalLayersNames"].split(",") if name in known]
    found = next(filter(None, (_product_in(op, FAR) for op in reversed(parts))), None)
    return (kind, "", 0.0) if found is None else _product(found)


def _product_in(op: Any, far: int) -> Any:
    """Return the product whose result a layer is the last to work on, None if there is none."""
    if op.get_type_name() in MULTIPLIES:
        return op
    sources = [port.get_node() for port in op.input_values()] if far else []
    return next(filter(None, (_product_in(source, far - 1) for source in sources)), None)


def _product(op: Any) -> tuple[str, str, float]:
    """Return kind, size and number of operations of a convolution or a product of matrices."""
    out, weight = (list(shape) for shape in (op.get_output_shape(0), op.get_input_shape(1)))
    if op.get_type_name() == "Convolution":
        size = f"{weight[1]} to {weight[0]} channels, {out[2]}x{out[3]}"
        operations = 2.0 * float(np.prod(out)) * float(np.prod(weight[1:]))
        return f"{weight[2]}x{weight[3]} convolution", size, operations
    inner = op.get_input_shape(0)[-1]
    kind = "fully connected" if len(weight) == 2 and len(out) == 2 else "product"
    operations = 2.0 * float(np.prod(out)) * inner
    return kind, f"{inner} to {out[-1]}" + (f", {out[-2]} rows" if len(out) > 2 else ""), operations
