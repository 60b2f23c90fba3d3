# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: latency from image to box, the network's stages, and what reduced precision costs.

In come weights and a clip, out go rows of figures, ratios against peers and verdicts. Nothing here
is judged by a test: machines differ.
"""

from ._bars import Bar, choice_bars, gpu_bars, model_bars, session_bars
from ._clip import Clip, demo_clip, sequence_clip
from ._everything import BarsPlan, Measured, measure_everything
from ._instructions import (
    INSTRUCTIONS,
    OWN,
    describe_instructions,
    has_more_than_avx2,
    run_limited,
)
from ._model import StageRow, bench_model
from ._output import (
    describe_machine,
    layers_table,
    model_table,
    precision_table,
    session_table,
    write_results,
)
from ._precision import PrecisionChange, PrecisionRow, compare_precision
from ._roofline import Roofline, Workload, measure_roofline, workload_of
from ._session import PEERS, LatencyRow, bench_session
from ._timing import TimingStats, load_now

__all__ = [
    "INSTRUCTIONS",
    "OWN",
    "PEERS",
    "Bar",
    "BarsPlan",
    "Clip",
    "LatencyRow",
    "Measured",
    "PrecisionChange",
    "PrecisionRow",
    "Roofline",
    "StageRow",
    "TimingStats",
    "Workload",
    "bench_model",
    "bench_session",
    "choice_bars",
    "compare_precision",
    "demo_clip",
    "describe_instructions",
    "describe_machine",
    "gpu_bars",
    "has_more_than_avx2",
    "layers_table",
    "load_now",
    "measure_everything",
    "measure_roofline",
    "model_bars",
    "model_table",
    "precision_table",
    "run_limited",
    "sequence_clip",
    "session_bars",
    "session_table",
    "workload_of",
    "write_results",
]
