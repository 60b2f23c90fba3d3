# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network: crop embeddings, late fusion, factored LSTM, corner regression, and its weights."""

from ._base import Output, Re3Network
from ._checkpoint import load, read_metadata, save
from ._describe import WeightsInfo, describe
from ._paper import PaperNetwork
from ._presets import PRESETS, Preset, build
from ._published import detect_layout, import_published
from ._recurrent import FactoredLSTM, Peephole, PeepholeLSTMCell
from ._trunk import CROP_SIZE, Trunk, initialise_trunk

__all__ = [
    "CROP_SIZE",
    "PRESETS",
    "FactoredLSTM",
    "Output",
    "PaperNetwork",
    "Peephole",
    "PeepholeLSTMCell",
    "Preset",
    "Re3Network",
    "Trunk",
    "WeightsInfo",
    "build",
    "describe",
    "detect_layout",
    "import_published",
    "initialise_trunk",
    "load",
    "read_metadata",
    "save",
]
