# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the CPU: fused graphs, bfloat16 where the processor has it, int8 weights."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.network import Re3Network

from ._cache import converted
from ._graph import Engine, GraphRuntime
from ._program import export_program, quiet
from ._signal_stack import keep_signal_stack
from ._traceable import Graph

TELEMETRY = "openvino_telemetry"
HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "bf16"}
"""OpenVINO's word for the precision of the arithmetic; int8 is that of the weights."""
BFLOAT16_ISAS = "_BF16", "_FP16", "_AMX", "AVX2_VNNI_2"
"""Ends of the names of oneDNN's instruction sets that multiply bfloat16."""
SMALL = 50_000_000
"""Parameters up to which a network's weights stay in the caches from one target to the next."""
QUANTISED_FROM = 1 << 18
"""Numbers in a matrix from which on its weights become int8: those that memory is slow for."""


class OpenVINORuntime(GraphRuntime):
    """Both graphs, compiled by OpenVINO for so many threads.

    ``precision`` is ``float32``, ``bfloat16`` or ``int8``: the large matrices' weights as int8
    with a scale a row, the arithmetic bfloat16 where the processor has it.
    """

    def __init__(self, network: Re3Network, precision: str, threads: int = 1) -> None:
        compiler = Compiler(precision, threads, small=_parameters(network) < SMALL)
        super().__init__(network, "openvino", precision, compiler)


def import_openvino() -> Any:
    """Import OpenVINO, but not what reports over the network, from threads of its own, that it is
    used: a robot tells nobody what it does."""
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    known = sys.modules.get(TELEMETRY)
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # importing it fails, as if absent
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[TELEMETRY]
        if known is not None:
            sys.modules[TELEMETRY] = known


def open_cpu() -> tuple[Any, bool]:
    """Return an `openvino.Core` with the part for the CPU loaded, and whether it does bfloat16.

    Where oneDNN, which it computes with, is limited to older instructions, it still says that it
    does, and then fails.
    """
    core = import_openvino().Core()
    # Where the processor multiplies tiles (AMX), this leaves the thread a tiny signal stack.
    with keep_signal_stack():
        abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper()
    is_limited = limit not in ("ALL", "DEFAULT") and not limit.endswith(BFLOAT16_ISAS)
    return core, "BF16" in abilities and not is_limited


class Compiler:
    """Turns graphs into engines.

    Each is compiled twice, for any number of targets and for a single one: with fixed shapes it is
    a third faster. OpenVINO packs weights for the former when it is first used.
    """

    def __init__(self, precision: str, threads: int, small: bool) -> None:
        self._core, bfloat16 = open_cpu()
        self._threads, self._int8, self._small = threads, precision == "int8", small
        hint = HINTS[precision] if bfloat16 else "f32"
        self._options = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Left alone, it would also round what int8 weights are multiplied with.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            # The machine belongs to others as well: let the system choose the core.
            "ENABLE_CPU_PINNING": False,
        }

    def __call__(self, graph: Graph) -> Engine:
        """Return an engine that compiled ``graph``."""
        model = converted(graph, f"openvino {_version()}", ".xml", write_openvino, self.read)
        # What int8 weights save in memory traffic, they cost in batches on weights in the caches.
        if self._int8 and not self._small:
            quantise_weights(model)
        many = self.compile(model)
        if self._int8 and self._small:
            quantise_weights(model)
        model.reshape({i.any_name: [1, *list(i.partial_shape)[1:]] for i in model.inputs})
        one = self.compile_fixed(model)
        return lambda arrays: (one if len(arrays[0]) == 1 else many)(arrays)

    def read(self, path: Path) -> Any:
        """Return the `openvino.Model` in a file."""
        return self._core.read_model(path)

    def compile(self, model: Any) -> Engine:
        """Return an engine for an `openvino.Model`, or for the path of one.

        Small networks: every thread takes its own part of the batch, as dividing the work of each
        layer costs more. Large ones wait for their weights, which must be read but once.
        """
        streams = self._threads if self._small else 1
        options = {**self._options, "NUM_STREAMS": streams}
        compiled = self._core.compile_model(model, "CPU", options)
        requests = [compiled.create_infer_request() for _ in range(streams)]

        def run(arrays: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
            shares = [np.array_split(a, min(len(a), len(requests))) for a in arrays]
            busy = list(zip(requests, zip(*shares, strict=True), strict=False))
            for request, part in busy:
                request.start_async(list(part), share_inputs=True)
            for request, _ in busy:
                request.wait()
            answers = [[output.data for output in request.output_tensors] for request, _ in busy]
            return [np.concatenate(parts) for parts in zip(*answers, strict=True)]

        return run

    def compile_fixed(self, model: Any) -> Engine:
        """Return an engine for a model of fixed shapes.

        Its inputs and outputs stay where they are: handing them over anew each time costs more than
        copying into them.
        """
        request = self._core.compile_model(model, "CPU", self._options).create_infer_request()
        inputs = [request.get_input_tensor(i).data for i in range(len(model.inputs))]
        outputs = [request.get_output_tensor(i).data for i in range(len(model.outputs))]

        def run(arrays: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
            for kept, given in zip(inputs, arrays, strict=True):
                np.copyto(kept, given)
            request.infer()
            return [value.copy() for value in outputs]

        return run


def write_openvino(graph: Graph, path: Path) -> None:
    """Write a graph as an OpenVINO model in float32, its first axis open, the others fixed."""
    openvino = import_openvino()
    program = export_program(graph)
    with quiet():
        model = openvino.convert_model(program)
    shapes = {}
    for port, name, example in zip(model.inputs, graph.inputs, graph.example, strict=True):
        port.get_tensor().set_names({name})
        shapes[name] = openvino.PartialShape([-1, *example.shape[1:]])
    for port, name in zip(model.outputs, graph.outputs, strict=True):
        port.get_tensor().set_names({name})
    model.reshape(shapes)
    openvino.save_model(model, path, compress_to_fp16=False)


def _version() -> str:
    return str(import_openvino().__version__)


def quantise_weights(model: Any) -> None:
    """Replace the large matrices of a model by int8 and one scale a row, in place.

    Symmetric: a row's largest magnitude becomes 127. OpenVINO multiplies by such matrices without
    unpacking them in memory.
    """
    opset13 = import_openvino().opset13
    for node in model.get_ops():
        if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
            continue
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant" or np.prod(source.shape) < QUANTISED_FROM:
            continue
        values, scales = quantise(source.data)
        wide = opset13.convert(opset13.constant(values), "f32")
        node.input(1).replace_source_output(
            opset13.multiply(wide, opset13.constant(scales)).output(0)
        )


def quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 (M, K) and scales (M, 1) whose product is nearest to ``weights`` (M, K)."""
    scales = np.maximum(np.abs(weights).max(1, keepdims=True) / 127, np.finfo(np.float32).tiny)
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)


def _parameters(network: Re3Network) -> int:
    return sum(p.numel() for p in network.parameters())
