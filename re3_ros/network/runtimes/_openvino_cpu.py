# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO itself, and what its part for the CPU is able to do."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from ._signal_stack import keep_signal_stack

TELEMETRY = "openvino_telemetry"
BFLOAT16_ISAS = "_BF16", "_FP16", "_AMX", "AVX2_VNNI_2"
"""Ends of the names of oneDNN's instruction sets that multiply bfloat16."""


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


class Abilities(NamedTuple):
    """What oneDNN, which OpenVINO computes with, multiplies at the processor's full speed."""

    bfloat16: bool
    tiles: bool
    """AMX: bfloat16 is then as fast as int8, else much slower."""


def open_cpu() -> tuple[Any, Abilities]:
    """Return an `openvino.Core` with the part for the CPU loaded, and what that is able to do.

    Where oneDNN is limited to older instructions, OpenVINO still says that it does bfloat16, and
    then fails.
    """
    core = import_openvino().Core()
    # Where the processor multiplies tiles, this leaves the thread a tiny signal stack.
    with keep_signal_stack():
        known = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper()
    is_limited = limit not in ("ALL", "DEFAULT")
    bfloat16 = "BF16" in known and not (is_limited and not limit.endswith(BFLOAT16_ISAS))
    info = Path("/proc/cpuinfo")
    has_tiles = info.is_file() and "amx_tile" in info.read_text().split()
    return core, Abilities(bfloat16, bfloat16 and has_tiles and ("AMX" in limit or not is_limited))
