# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network: crop embeddings, late fusion, factored LSTM, corner regression, and its weights.

In come crops and the recurrent state, out go corners, visibility and the new state. `build` makes a
preset, `load` and `save` read and write safetensors that say how to build it. `runtimes` executes
networks, `published` imports the authors' weights.
"""

from ._base import ActivationRange, Output, Re3Network
from ._caffenet import CAFFENET_GROUPS, CAFFENET_KERNELS
from ._checkpoint import check_tensors, load, read_free_metadata, read_metadata, save
from ._compact import Compact
from ._describe import WeightsInfo, describe
from ._device import pick_device
from ._file import looks_like
from ._folded import FoldedCompact, can_fold
from ._functions import Functions, functions_for
from ._paper import PaperNetwork
from ._presets import PRESETS, Preset, build
from ._quantised import (
    WEIGHT_LIMIT,
    corner_change,
    harmless,
    quantised,
    recorded_ranges,
    rounding,
)
from ._recurrent import FactoredLSTM, Peephole, PeepholeLSTMCell
from ._trunk import CROP_SIZE, Shape, Trunk, initialise_trunk

__all__ = [
    "CAFFENET_GROUPS",
    "CAFFENET_KERNELS",
    "CROP_SIZE",
    "PRESETS",
    "WEIGHT_LIMIT",
    "ActivationRange",
    "Compact",
    "FactoredLSTM",
    "FoldedCompact",
    "Functions",
    "Output",
    "PaperNetwork",
    "Peephole",
    "PeepholeLSTMCell",
    "Preset",
    "Re3Network",
    "Shape",
    "Trunk",
    "WeightsInfo",
    "build",
    "can_fold",
    "check_tensors",
    "corner_change",
    "describe",
    "functions_for",
    "harmless",
    "initialise_trunk",
    "load",
    "looks_like",
    "pick_device",
    "quantised",
    "read_free_metadata",
    "read_metadata",
    "recorded_ranges",
    "rounding",
    "save",
]
