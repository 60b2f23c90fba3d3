# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX: graphs as ONNX models, and ONNX Runtime on the CPU."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.network import Re3Network

from ._cache import converted
from ._graph import Engine, GraphRuntime
from ._program import export_program, quiet
from ._traceable import Graph

OPSET = 18
"""Understood by ONNX Runtime from 1.14, TensorRT from 10 and OpenVINO from 2023.1 on."""


class ONNXRuntime(GraphRuntime):
    """Both graphs in ONNX Runtime, float32, with so many threads."""

    def __init__(self, network: Re3Network, threads: int = 1) -> None:
        import onnx

        def compiled(graph: Graph) -> Engine:
            def read(path: Path) -> Engine:
                return open_onnx(path, threads)

            return converted(graph, f"onnx {onnx.__version__}", ".onnx", write_onnx, read)

        super().__init__(network, "onnx", "float32", compiled)


def write_onnx(graph: Graph, path: Path) -> None:
    """Write a graph as an ONNX model with named inputs and outputs, its first axis ``targets``."""
    program = export_program(graph)
    # It warns of what it lacks for operators of packages that are not installed.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with quiet():
        torch.onnx.export(
            program,
            graph.example,
            path,
            dynamo=True,
            verbose=False,
            external_data=False,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            opset_version=OPSET,
        )


def open_onnx(path: Path, threads: int = 1) -> Engine:
    """Return an engine for the model in a file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that spin while they wait take the cores from whoever else has work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]

    def run(arrays: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        answers: list[NDArray[np.generic]] = session.run(
            None, dict(zip(names, arrays, strict=True))
        )
        return answers

    return run
