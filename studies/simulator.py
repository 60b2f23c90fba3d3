# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crop pairs a second: what simulator and network make alone, and what training makes of both."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import cv2
import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from re3_ros.bench import describe_machine
from re3_ros.datasets import default_data_folder
from re3_ros.network import build
from re3_ros.simulation import HostRenderer, Renderer, TorchRenderer, Track
from re3_ros.training import Batch, Stage, TrainingConfig, Unroll, read_config, read_data, train

DRAW, NETWORK, TRAINING = "tracks drawn", "network", "training"
BAR = 3.0
"""Times the network's own pace at which the simulator is no hindrance on a CPU."""
GPU_BAR = 0.7
"""Of the network's own pace, what training makes on a GPU at least."""
WARM = 2
"""Steps of training that are not counted."""


class Ready:
    """Crops that are there already: what is left is the network's own time."""

    def __init__(self, crops: Tensor) -> None:
        self._crops = crops

    def crops(self, tracks: Sequence[Track], *_: Any, **__: Any) -> Tensor:
        """Return as many crops as there are tracks."""
        return self._crops[: len(tracks)]


class Bench:
    """One stage of a configuration on one device."""

    def __init__(self, config: TrainingConfig, stage: Stage, root: Path, device: str) -> None:
        self.config, self.stage, self.device = config, stage, torch.device(device)
        self.data = read_data(config.model_copy(update={"video_share": 0.0, "videos": ""}), root)
        self.network = build(config.network, **config.options).to(self.device).train()
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(not name.startswith(stage.frozen or ("-",)))
        trained = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(trained, 1e-5)
        self.pairs = stage.batch * (stage.unroll - 1)
        self.tracks = self.draw(0)
        both = [*self.tracks, *self.tracks]
        crops = HostRenderer(ThreadPoolExecutor(1), self.device)
        self.unroll = Unroll(self.network, Ready(self._cut(crops, both, 1)))

    def draw(self, step: int) -> list[Track]:
        """Draw the tracks of a step."""
        self.tracks = self.data.batch(self.config, self.stage, step)
        return self.tracks

    def render(self, renderer: Renderer) -> None:
        """Render the crops of a step, as training does: frame after frame."""
        self._cut(renderer, self.tracks, 0)
        for frame in range(1, self.stage.unroll):
            self._cut(renderer, [*self.tracks, *self.tracks], frame)
        self._wait()

    def train(self, step: int) -> None:
        """Make a training step with crops that are there already."""
        plan = self.config.plan(self.stage)
        batch = Batch.draw(self.tracks, plan, np.random.default_rng(step))
        reduced = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, reduced):
            loss = self.unroll(batch).loss
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self._wait()

    def operations(self) -> int:
        """Return what torch is asked to do for the crops of a frame, views included."""
        renderer = TorchRenderer(self.device, chunk=2 * len(self.tracks))
        both = [*self.tracks, *self.tracks]
        self._cut(renderer, both, 0)  # now all tracks are on the device
        with Operations() as counted:
            self._cut(renderer, both, 1)
        return counted.number

    def _cut(self, renderer: Renderer, tracks: Sequence[Track], frame: int) -> Tensor:
        """Return previous, then current crops."""
        half = len(self.tracks)
        frames = [max(frame - 1, 0) if i < half else frame for i in range(len(tracks))]
        boxes = np.stack([track.boxes[max(frame - 1, 0)] for track in tracks])
        return renderer.crops(tracks, frames, boxes, self.network.crop_size, self.network.context)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


class Operations(TorchDispatchMode):
    """Counts what torch is asked to do."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: Any = (), keywords: Any = None
    ) -> Any:
        """Count one operation, and do it."""
        self.number += 1
        return function(*arguments, **(keywords or {}))


def train_pace(config: TrainingConfig, stage: Stage, root: Path, device: str, steps: int) -> float:
    """Return pairs a second of the trainer itself, all that it does included but saving."""
    changes: dict[str, Any] = {
        "stages": (stage.model_copy(update={"steps": steps + WARM}),),
        "video_share": 0.0,
        "videos": "",
        "held_out": (),
        "held_tracks": 0,
        "start_from": "",
        "backbone": "",
        "save_every": 10**9,
        "validate_every": 10**9,
        "keep": (),
    }
    with TemporaryDirectory() as folder:
        train(config.model_copy(update=changes), root, Path(folder), device)
        with (Path(folder) / "log.csv").open(newline="") as file:
            paces = [float(row["pairs_s"]) for row in csv.DictReader(file)]
    return float(np.median(paces[WARM:]))


def measure(bench: Bench, rounds: int, threads: int) -> dict[str, float]:
    """Return pairs a second of each part; all take turns in every round, the first not counted."""
    seconds: dict[str, list[float]] = {}
    with ThreadPoolExecutor(threads) as executor:
        renderers: dict[str, Renderer] = {
            f"numpy, {threads} thread(s)": HostRenderer(executor, bench.device),
            f"torch, {bench.device.type}": TorchRenderer(bench.device),
        }
        for step in progress(range(rounds + 1), f"rounds, {bench.device}", transient=True):
            _time(seconds, DRAW, lambda: bench.draw(step))  # noqa: B023  (called at once)
            for name, renderer in renderers.items():
                _time(seconds, name, lambda: bench.render(renderer))  # noqa: B023
            _time(seconds, NETWORK, lambda: bench.train(step))  # noqa: B023
    return {name: bench.pairs / float(np.median(times[1:])) for name, times in seconds.items()}


def _time(seconds: dict[str, list[float]], name: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    seconds.setdefault(name, []).append(time.perf_counter() - began)


def together(rates: dict[str, float]) -> dict[str, dict[str, float]]:
    """Return for each renderer pairs a second with drawing the tracks, in turns, and its ratio."""
    out = {}
    for name in rates.keys() - {DRAW, NETWORK, TRAINING}:
        both = 1 / (1 / rates[name] + 1 / rates[DRAW])
        out[name] = {"simulator": both, "ratio": both / rates[NETWORK]}
    return out


def _show(device: str, rates: dict[str, float], both: dict[str, dict[str, float]]) -> None:
    table = Table(title=f"Pairs a second, training on {device}", title_justify="left")
    table.add_column("part", no_wrap=True)
    for head in ("alone", "with drawing", "times the network"):
        table.add_column(head, justify="right")
    for name, rate in rates.items():
        more = both.get(name)
        cells = (f"{more['simulator']:.0f}", f"{more['ratio']:.1f} x") if more else ("", "")
        if name == TRAINING:
            cells = ("", f"{rate / rates[NETWORK]:.2f} x")
        table.add_row(name, f"{rate:.0f}", *cells)
    Console().print(table)
    if device == "cuda":
        ratio, bar, what = rates[TRAINING] / rates[NETWORK], GPU_BAR, "training"
    else:
        ratio, bar, what = max(b["ratio"] for b in both.values()), BAR, "simulator"
    met = "met" if ratio >= bar else "not met"
    typer.echo(f"{what}: {ratio:.2f} times the network's own pace; the bar of {bar:g} is {met}")


def main(
    config: Annotated[Path, typer.Argument(help="Training configuration.")] = Path(
        "config/training/compact.yaml"
    ),
    stage: Annotated[
        int | None, typer.Option(min=1, help="Of the configuration; default: the longest.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder; default: RE3_SHARED.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times that all take turns.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Of torch and of the numpy renderer.")] = 1,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw tracks.")] = 0,
    output: Annotated[Path, typer.Option(help="JSON file.")] = Path("output/simulator.json"),
) -> None:
    """Measure the simulator against the network, on the CPU and on a GPU if there is one."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    settings = read_config(config).model_copy(update={"draw": "track", "workers": workers})
    longest = max(settings.stages, key=lambda s: s.steps)
    chosen = settings.stages[stage - 1] if stage else longest
    load_before, root = os.getloadavg()[0], data or default_data_folder()
    results = {}
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        bench = Bench(settings, chosen, root, device)
        rates = measure(bench, rounds, threads)
        rates[TRAINING] = train_pace(settings, chosen, root, device, 2 * rounds)
        both, operations = together(rates), bench.operations()
        _show(device, rates, both)
        typer.echo(f"torch renders the crops of a frame in {operations} operations")
        results[device] = {"pairs_s": rates, "with_drawing": both, "operations": operations}
    about = {"config": str(config), "stage": chosen.model_dump(), "rounds": rounds}
    about |= {"workers": workers, "load_before": load_before, **describe_machine()}
    if load_before > 0.5:
        typer.echo(f"load was {load_before:.1f} before the run: not for the record", err=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"about": about, "results": results}, indent=1))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
