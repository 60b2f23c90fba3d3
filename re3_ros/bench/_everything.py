# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""All that this project asks of its own speed, measured one table after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.table import Table

from re3_ros.network import Re3Network
from re3_ros.network.runtimes import LayerTime, is_installed, profile_layers

from ._bars import Bar, choice_bars, gpu_bars, model_bars, session_bars
from ._clip import Clip
from ._instructions import beyond_limit, describe_instructions, multiplies_int8
from ._model import StageRow, bench_model
from ._output import layers_table, model_table, session_table
from ._session import PEERS, LatencyRow, bench_session

CHOSEN_FROM = "onnx", "torch"
"""What ``auto`` passes over on a CPU where it has OpenVINO."""


@dataclass(frozen=True)
class BarsPlan:
    """What is measured, and with what."""

    networks: Mapping[str, Re3Network]
    """``compact``, the small one, and ``paper``, the large one."""
    clip: Clip
    device: str
    models: Path
    """Folder of NanoTrack's files."""
    rounds: int
    seconds: float
    """After which a round of one tracker ends, see `bench_session`."""
    peers: Sequence[str] = PEERS

    @property
    def on_gpu(self) -> bool:
        """Whether re3 runs on a GPU."""
        return not self.device.startswith("cpu")

    @property
    def runtimes(self) -> list[str]:
        """What re3 runs with."""
        return ["torch", "cuda", "cuda-compiled"] if self.on_gpu else ["auto"]

    @property
    def compared(self) -> list[str]:
        """What it could run with, too: what ``auto`` chooses among comes after that."""
        others = [name for name in CHOSEN_FROM if name == "torch" or is_installed(name)]
        return self.runtimes if self.on_gpu else [*self.runtimes, *others]

    @property
    def steps(self) -> int:
        """How often ``advance`` is called, if no peer is left out."""
        tables = len(self.networks) + self.has_layers
        session = 2 * self.rounds * (len(self.compared) + len(self.peers))
        return session + 3 * len(self.runtimes) + tables

    @property
    def has_layers(self) -> bool:
        """Whether layers can be timed."""
        return not self.on_gpu and is_installed("openvino")


@dataclass(frozen=True)
class Measured:
    """One table, and the bars that it decides."""

    name: str
    table: Table
    rows: Sequence[LatencyRow] | Sequence[StageRow] | Sequence[LayerTime]
    bars: Sequence[Bar]
    notes: Sequence[str] = ()
    """Lines to be printed below it."""


def measure_everything(plan: BarsPlan, advance: Callable[[], object]) -> Iterator[Measured]:
    """Yield each table as soon as it is there; ``advance`` is called as often as `steps` says."""
    timed = partial(
        bench_session,
        plan.networks["compact"],
        plan.clip,
        device=plan.device,
        models=plan.models,
        seconds=plan.seconds,
        advance=advance,
    )
    rows = timed(plan.compared, peers=plan.peers, targets=(1, 16), rounds=plan.rounds)
    own = session_bars(rows, multiplies_int8())
    own += [] if plan.on_gpu else choice_bars(rows, beyond_limit())
    yield Measured("session", session_table(rows), rows, own)
    rows = timed(plan.runtimes, peers=(), targets=(64,), rounds=1)
    rows += timed(plan.runtimes, peers=(), targets=(1, 8), rounds=1, cameras=(8,))
    yield Measured("many", session_table(rows), rows, ())
    for name, network in plan.networks.items():
        runtimes = plan.runtimes if name == "compact" else plan.runtimes[:2]
        stages = bench_model(
            network, runtimes, (1, 64) if plan.on_gpu else (1,), device=plan.device
        )
        own = model_bars(stages) if name == "paper" else []
        own = gpu_bars(stages, name) if plan.on_gpu else own
        advance()
        yield Measured(name, model_table(stages), stages, own)
    if plan.has_layers:
        layers = [t for n in (1, 16) for t in profile_layers(plan.networks["compact"], targets=n)]
        advance()
        used = describe_instructions(t.primitive for t in layers).get("openvino", "unknown")
        notes = [f"OpenVINO's layers: {used}"]
        yield Measured("layers", layers_table(layers, sizes=False), layers, (), notes)
