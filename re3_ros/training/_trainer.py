# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop.

A run lies in one folder: ``run.safetensors`` (everything needed to go on), ``weights.safetensors``
(the averaged weights, ready for the tracker), ``log.csv`` and ``validation.csv``. Starting it again
with the same configuration goes on after the last checkpoint.
"""

from __future__ import annotations

import copy
import csv
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from re3_ros.errors import Re3Error
from re3_ros.network import Re3Network, build, load, save

from ._checkpoint import load_run, save_run
from ._config import Stage, TrainingConfig
from ._data import Data, read_data
from ._unroll import Plan, Result, Unroll
from ._validation import closed_loop

LOG_COLUMNS = ("step", "unroll", "rate", "loss", "corner_loss", "visibility_loss", "iou", "pairs_s")


def train(config: TrainingConfig, root: Path, output: Path, device: str = "cpu") -> Path:
    """Run or go on with a training run; return the path of the averaged weights.

    ``root`` is the data folder, ``output`` the run's folder, made if missing. Raises SourceError,
    ConfigError, WeightsError for unusable data, settings, checkpoints, and Re3Error if the loss
    is not finite.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    output.mkdir(parents=True, exist_ok=True)
    data = read_data(config, root)
    network = _new_network(config, root).to(device)
    optimiser = _optimiser(network, config)
    average = {name: p.detach().clone() for name, p in network.named_parameters()}
    checkpoint = output / "run.safetensors"
    done = load_run(checkpoint, network, average, optimiser) if checkpoint.exists() else 0
    with ThreadPoolExecutor(config.threads) as executor, _progress() as bar:
        task = bar.add_task("", total=sum(s.steps for s in config.stages), completed=done, text="")
        run = _Run(config, data, network, optimiser, average, output, executor)
        for step, stage, rate in _schedule(config, done):
            text = run.step(step, stage, rate)
            bar.update(task, completed=step + 1, text=text)
    run.finish()
    return output / "weights.safetensors"


class _Run:
    """The moving parts of a run."""

    def __init__(
        self,
        config: TrainingConfig,
        data: Data,
        network: Re3Network,
        optimiser: torch.optim.AdamW,
        average: dict[str, Tensor],
        output: Path,
        executor: Executor,
    ) -> None:
        self.config, self.data, self.network = config, data, network
        self.optimiser, self.average, self.output = optimiser, average, output
        self.device = next(network.parameters()).device
        self.unroll = Unroll(network, self.device, executor)
        self.last = 0

    def step(self, step: int, stage: Stage, rate: float) -> str:
        """Train on one batch, save and validate when due; return a line for the progress bar."""
        began = time.perf_counter()
        _set_rate(self.optimiser, rate)
        _freeze(self.network, stage.frozen)
        rng = np.random.default_rng([self.config.seed, step, 1])
        tracks = self.data.batch(self.config, stage, step)
        with torch.autocast(self.device.type, torch.bfloat16, self._reduced()):
            result = self.unroll(tracks, Plan(stage.self_training), rng)
        self._descend(result, step)
        self.last = step + 1
        pairs = stage.batch * (stage.unroll - 1) / (time.perf_counter() - began)
        self._log(step, stage, rate, result, pairs)
        if self.last % self.config.save_every == 0:
            self.save()
        if self.last % self.config.validate_every == 0:
            self.validate()
        figures = f"loss {result.loss.item():.3f} IoU {result.mean_iou:.3f}"
        return f"unroll {stage.unroll} {figures} {pairs:.0f} pairs/s"

    def finish(self) -> None:
        """Save and validate the end of the run."""
        self.save()
        self.validate()

    def save(self) -> None:
        """Write the checkpoint and the averaged weights."""
        save_run(
            self.output / "run.safetensors", self.network, self.average, self.optimiser, self.last
        )
        text = self.config.model_dump_json()
        metadata = {"training": text, "steps": str(self.last)}
        save(self.averaged(), self.output / "weights.safetensors", metadata, torch.float16)

    def validate(self) -> None:
        """Append the closed-loop IoU of the held clips to ``validation.csv``."""
        if not self.data.held_clips:
            return
        figures = closed_loop(self.averaged(), self.data.held_clips)
        row = {"step": self.last, "mean": np.mean(list(figures.values())), **figures}
        _append(self.output / "validation.csv", row)

    def averaged(self) -> Re3Network:
        """Return a copy of the network with the averaged weights."""
        network = copy.deepcopy(self.network).eval()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(self.average[name])
        return network

    def _reduced(self) -> bool:
        return self.config.precision == "bfloat16"

    def _descend(self, result: Result, step: int) -> None:
        if not result.loss.isfinite():
            self.save()
            raise Re3Error(
                f"loss is {result.loss.item()} at step {step}; the run is saved in {self.output}, "
                "lower the rate to go on"
            )
        self.optimiser.zero_grad(set_to_none=True)
        result.loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_norm)
        self.optimiser.step()
        # Early on, the average follows closely, or it would keep the random start for long.
        decay = min(self.config.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                self.average[name].lerp_(parameter, 1 - decay)

    def _log(self, step: int, stage: Stage, rate: float, result: Result, pairs: float) -> None:
        figures = (result.loss.item(), result.corner_loss, result.visibility_loss, result.mean_iou)
        rounded = [round(f, 4) for f in figures]
        values = (step, stage.unroll, f"{rate:.2e}", *rounded, round(pairs, 1))
        _append(self.output / "log.csv", dict(zip(LOG_COLUMNS, values, strict=True)))


def _new_network(config: TrainingConfig, root: Path) -> Re3Network:
    if config.start_from:
        return load(root / config.start_from).train()
    network = build(config.network, **config.options)
    if config.backbone:
        network.get_submodule("trunk").load_npz(root / config.backbone)  # type: ignore[operator]
    return network


def _optimiser(network: Re3Network, config: TrainingConfig) -> torch.optim.AdamW:
    trunk = [p for name, p in network.named_parameters() if name.startswith("trunk.")]
    rest = [p for name, p in network.named_parameters() if not name.startswith("trunk.")]
    groups = [{"params": trunk, "relative": config.trunk_rate}, {"params": rest, "relative": 1.0}]
    return torch.optim.AdamW(groups, lr=0.0, weight_decay=config.weight_decay)


def _schedule(config: TrainingConfig, done: int) -> Iterator[tuple[int, Stage, float]]:
    """Yield step, stage and learning rate of what is left after ``done`` steps."""
    step = 0
    for stage in config.stages:
        start, end = stage.rate
        for k in range(stage.steps):
            if step >= done:
                yield step, stage, start + (end - start) * k / stage.steps
            step += 1


def _set_rate(optimiser: torch.optim.AdamW, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * group["relative"]


def _freeze(network: Re3Network, prefixes: tuple[str, ...]) -> None:
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(prefixes) if prefixes else True)
        if not parameter.requires_grad:
            parameter.grad = None


def _append(path: Path, row: dict[str, object]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def _progress() -> Progress:
    return Progress(
        BarColumn(), TextColumn("{task.completed}/{task.total} {task.fields[text]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
