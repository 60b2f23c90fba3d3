# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the CPU: fused graphs, bfloat16 or int8, by what the processor has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.network import Re3Network

from ._cache import converted
from ._graph import Engine, GraphRuntime
from ._openvino_cpu import import_openvino, open_cpu
from ._openvino_int8 import quantise_convolutions, quantise_weights
from ._program import export_program, quiet
from ._traceable import Graph

HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "bf16"}
"""OpenVINO's word for the precision of the arithmetic; int8 is that of the weights."""
SMALL = 50_000_000
"""Parameters up to which a network's weights stay in the caches from one target to the next."""


class OpenVINORuntime(GraphRuntime):
    """Both graphs, compiled by OpenVINO for so many threads.

    ``precision`` is ``float32``, ``bfloat16`` or ``int8``: the large matrices' weights as int8
    with a scale a row, the arithmetic bfloat16 where the processor has it. Without AMX,
    convolutions whose ranges the network knows compute in int8, and all else in float32.
    """

    def __init__(self, network: Re3Network, precision: str, threads: int = 1) -> None:
        super().__init__(network, "openvino", precision, Compiler.of(network, precision, threads))


class Compiler:
    """Turns graphs into engines.

    Each is compiled twice, for any number of targets and for a single one: with fixed shapes it is
    a third faster. OpenVINO packs weights for the former when it is first used.
    """

    def __init__(self, precision: str, threads: int, small: bool, has_ranges: bool = False) -> None:
        """``small``: weights stay in the caches; ``has_ranges``: what int8 needs is known."""
        self._core, able = open_cpu()
        self._threads, self._int8, self._small = threads, precision == "int8", small
        self._convolutions_too = self._int8 and not able.tiles and has_ranges
        exact = self._convolutions_too or not able.bfloat16
        hint = "f32" if exact else HINTS[precision]
        self._options = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Left alone, it would also round what int8 weights are multiplied with.
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            # The machine belongs to others as well: let the system choose the core.
            "ENABLE_CPU_PINNING": False,
        }

    @classmethod
    def of(cls, network: Re3Network, precision: str, threads: int) -> Compiler:
        """Return what compiles a network's graphs."""
        small, has_ranges = _parameters(network) < SMALL, bool(network.activation_ranges)
        return cls(precision, threads, small, has_ranges)

    def __call__(self, graph: Graph) -> Engine:
        """Return an engine that compiled ``graph``."""
        model = self.convert(graph)
        many = self.compile(self.prepare(model.clone(), graph))
        one = self.compile_fixed(self.prepare(model, graph, targets=1))
        return lambda arrays: (one if len(arrays[0]) == 1 else many)(arrays)

    def convert(self, graph: Graph) -> Any:
        """Return a graph as an `openvino.Model` in float32 for any number of targets."""
        return converted(graph, f"openvino {_version()}", ".xml", write_openvino, self.read)

    def prepare(self, model: Any, graph: Graph, targets: int | None = None) -> Any:
        """Bring a converted graph, in place, to the precision asked for, and to fixed shapes if the
        number of targets is known."""
        if self._convolutions_too:
            quantise_convolutions(model, graph.network)
        # What int8 weights save in memory traffic, they cost in batches on weights in the caches.
        if self._int8 and (targets == 1 or not self._small):
            quantise_weights(model)
        if targets:
            ports = {i.any_name: [targets, *list(i.partial_shape)[1:]] for i in model.inputs}
            model.reshape(ports)
        return model

    def read(self, path: Path) -> Any:
        """Return the `openvino.Model` in a file."""
        return self._core.read_model(path)

    def compiled(self, model: Any, **options: object) -> Any:
        """Return the `openvino.CompiledModel` of a model or of the path of one."""
        return self._core.compile_model(model, "CPU", {**self._options, **options})

    def compile(self, model: Any) -> Engine:
        """Return an engine for an `openvino.Model`, or for the path of one.

        Small networks: every thread takes its own part of the batch, as dividing the work of each
        layer costs more. Large ones wait for their weights, which must be read but once.
        """
        streams = self._threads if self._small else 1
        compiled = self.compiled(model, NUM_STREAMS=streams)
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
        request = self.compiled(model).create_infer_request()
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


def _parameters(network: Re3Network) -> int:
    return sum(p.numel() for p in network.parameters())
