# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Runtimes: what executes a network while it tracks, on a CPU or a GPU, and its export to files.

In comes a `Re3Network`, out goes a `Runtime` that takes images and boxes and keeps the recurrent
state: torch, torch captured in CUDA graphs, ONNX Runtime, OpenVINO.
"""

from ._choice import RUNTIMES, candidates, is_installed, make_runtime
from ._export import FORMATS, Exported, export
from ._openvino_layers import LayerTime, profile_layers
from ._torch import Looked, PreviousCrops, Runtime, TorchRuntime, View

__all__ = [
    "FORMATS",
    "RUNTIMES",
    "Exported",
    "LayerTime",
    "Looked",
    "PreviousCrops",
    "Runtime",
    "TorchRuntime",
    "View",
    "candidates",
    "export",
    "is_installed",
    "make_runtime",
    "profile_layers",
]
