# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network: crop embeddings, late fusion, factored LSTM, corner regression, and its weights."""

from ._base import Output, Re3Network
from ._checkpoint import load, read_free_metadata, read_metadata, save
from ._describe import WeightsInfo, describe
from ._export import FORMATS, Exported, export
from ._paper import PaperNetwork
from ._presets import PRESETS, Preset, build
from ._published import detect_layout, import_published
from ._recurrent import FactoredLSTM, Peephole, PeepholeLSTMCell
from ._runtime import Remembered, Runtime, TorchRuntime
from ._runtimes import RUNTIMES, choose, is_installed, make_runtime
from ._trunk import CROP_SIZE, Trunk, initialise_trunk

__all__ = [
    "CROP_SIZE",
    "FORMATS",
    "PRESETS",
    "RUNTIMES",
    "Exported",
    "FactoredLSTM",
    "Output",
    "PaperNetwork",
    "Peephole",
    "PeepholeLSTMCell",
    "Preset",
    "Re3Network",
    "Remembered",
    "Runtime",
    "TorchRuntime",
    "Trunk",
    "WeightsInfo",
    "build",
    "choose",
    "describe",
    "detect_layout",
    "export",
    "import_published",
    "initialise_trunk",
    "is_installed",
    "load",
    "make_runtime",
    "read_free_metadata",
    "read_metadata",
    "save",
]
