# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop.

A run lies in one folder: ``run.safetensors`` (everything needed to go on), ``weights.safetensors``
(the averaged weights, ready for the tracker), ``log.csv``, ``validation.csv`` and ``curves.png``.
Starting it again with the same configuration goes on after the last checkpoint.
"""

from __future__ import annotations

import copy
import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from re3_ros.errors import ConfigError, Re3Error
from re3_ros.network import Re3Network, build, load, read_metadata, save
from re3_ros.simulation import HostRenderer, make_renderer
from re3_ros.weights import default_weights

from ._checkpoint import annealed, load_run, save_run, write_tensors, writing
from ._config import Stage, TrainingConfig
from ._data import TrainingData, read_data
from ._inherit import inherit
from ._journal import Journal, tensorboard_writer
from ._loader import Loader
from ._parallel import ProcessGroup, parallel
from ._schedule import Schedule
from ._timed import Deadline, TimedSchedule
from ._trunk import SHIPPED, start_trunk
from ._unroll import Batch, Unroll, UnrollResult
from ._validation import closed_loop, validation_videos

LOG_COLUMNS = (
    *("step", "unroll", "rate", "loss", "corner_loss", "visibility_loss", "iou"),
    *("pairs_s", "wait"),
)
"""``wait`` is the share of a step in which the network had no tracks or crops to work on."""
LAST, BEFORE_FALL = "run.safetensors", "before_fall.safetensors"
MARGIN, WAITS = 1.0, 8.0
"""Seconds at the end of a run by the clock for what nobody measures, such as the process's own end,
and how many times as many it gets at most where other processes hold the processors."""


def train(
    config: TrainingConfig,
    root: Path,
    output: Path,
    device: str = "cpu",
    *,
    tensorboard: bool = False,
    deadline: Deadline | None = None,
) -> Path:
    """Run or go on with a training run; return the path of the averaged weights.

    ``root`` is the data folder, ``output`` the run's folder, made if missing; ``tensorboard``
    writes event files into it too. With a ``deadline`` the run ends by the clock, not after the
    steps of its stages (`TimedSchedule`). Under torchrun each process calls this with the same
    arguments. Raises SourceError, ConfigError, WeightsError for unusable data, settings,
    checkpoints, and Re3Error if the loss is not finite or the run cannot be saved.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    output.mkdir(parents=True, exist_ok=True)
    try:
        return _train(config, root, output, device, tensorboard, deadline)
    except Re3Error:
        with suppress(OSError):  # what holds something of a run is kept
            output.rmdir()
        raise


def _train(
    config: TrainingConfig,
    root: Path,
    output: Path,
    device: str,
    tensorboard: bool,
    deadline: Deadline | None,
) -> Path:
    data = read_data(config, root)
    with parallel(device) as (group, ours), ThreadPoolExecutor(config.threads) as executor:
        renderer = make_renderer(config.render, executor, ours)
        network = _new_network(config, root, data).to(ours)
        if ours.type == "cuda":
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        unroll = Unroll(network, renderer, config.checkpoint_activations)
        run = _Run(config, data, unroll, output, deadline)
        run.begin(group, tensorboard)
        prepare = run.unroll.cut_ahead if isinstance(renderer, HostRenderer) else _unchanged
        with Loader(config, data, group, prepare) as loader, _progress(group) as bar:
            task = bar.add_task("", text="")
            while (stage := run.next_stage()) is not None:
                text = run.step(loader, stage)
                done, total = run.schedule.step, run.schedule.total
                bar.update(task, completed=done, total=total, text=text)
        run.finish()
    return output / "weights.safetensors"


class _Run:
    """The moving parts of a run."""

    def __init__(
        self,
        config: TrainingConfig,
        data: TrainingData,
        unroll: Unroll,
        output: Path,
        deadline: Deadline | None,
    ) -> None:
        self.config, self.unroll, self.output, self.deadline = config, unroll, output, deadline
        self.held = validation_videos(data.held_out_clips, data.held_out_stills, config.held_tracks)
        self.network = unroll.network
        self.device = next(self.network.parameters()).device
        self.optimiser = _optimiser(self.network, config)
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.schedule: Schedule | TimedSchedule = (
            Schedule(config) if deadline is None else TimedSchedule(config)
        )
        self._spent = {"step": 0.0, "save": 0.0, "validation": 0.0}
        """Seconds that each last took."""
        self._took, self._busy = 0.0, 0.0
        """Seconds of all steps, and of them those on the processors."""
        self.group = ProcessGroup()
        self._wrapped: tuple[tuple[str, ...], nn.Module] | None = None

    def begin(self, group: ProcessGroup, tensorboard: bool) -> None:
        """Take up the last checkpoint, if there is one."""
        self.group = group
        for stage in self.config.stages:
            group.part(stage.batch)
        if self.deadline is not None:
            self.deadline.check_start(*group.least(self.deadline.left))
        path = self._last_checkpoint()
        if path is not None:
            carried = load_run(path, self.network, self.average, self.optimiser, self.schedule)
            self.unroll.carried = (
                None if carried is None else carried.part(group.part(len(carried.boxes)))
            )
        if group.is_main:
            done = self.schedule.step
            writer = tensorboard_writer(self.output, done) if tensorboard else None
            self.journal = Journal(self.output, done, writer)
            if done == 0:
                self.validate()  # what learning is to be compared with
        if self.deadline is not None and self.schedule.step == 0:
            self._check_time_for_steps(self.deadline)

    def _check_time_for_steps(self, deadline: Deadline) -> None:
        """Raise ConfigError, leaving nothing behind, if validations leave no time for steps."""
        left, last = self.group.least(deadline.left, -self._spent["validation"])
        try:
            deadline.check_start(left + last)
        except ConfigError:
            if self.group.is_main:
                self.journal.discard()
            raise

    @property
    def _margin(self) -> float:
        """Seconds for what nobody measures, by all steps so far: one slow step shall not end a run
        whose rate has yet to fall."""
        if not self._took:
            return MARGIN
        return MARGIN * min(max(1.0, self._took / max(self._busy, 1e-6)), WAITS)

    def next_stage(self) -> Stage | None:
        """Return the stage of the next step, None at the end.

        By the clock, the run is saved under a name of its own before its rate falls, so that a
        later run can go on from there.
        """
        if isinstance(self.schedule, TimedSchedule) and self.deadline is not None:
            fell, spent = self.schedule.falling, self._spent
            end = self._margin + 2 * spent["save"] + spent["validation"]
            left, step, end = self.group.least(self.deadline.left, -spent["step"], -end)
            self.schedule.tick(left, -step, -end)
            if self.schedule.falling and not fell:
                self._save_run(self.output / BEFORE_FALL)
        return self.schedule.stage

    def step(self, loader: Loader, stage: Stage) -> str:
        """Train on one batch, save and validate when due; return a line for the progress bar."""
        began, waited, busy = time.perf_counter(), self.unroll.waited, time.process_time()
        step, rate = self.schedule.step, self.schedule.rate
        _set_rate(self.optimiser, rate)
        model = self._model(stage.frozen)
        batch = loader.batch(stage, step)
        drawn = time.perf_counter() - began
        with self._precision():
            result: UnrollResult = model(batch)
        loss, corners, visibility, overlap = self.group.mean(_figures(result)).tolist()
        self._descend(batch, result, loss)
        self.schedule.advance(loss)
        seconds = self._spent["step"] = time.perf_counter() - began
        self._took += seconds
        self._busy += time.process_time() - busy
        pairs = stage.batch * (stage.unroll - 1) / seconds
        wait = (drawn + self.unroll.waited - waited) / seconds
        if self.group.is_main:
            figures = (loss, corners, visibility, overlap)
            values = (*(round(f, 4) for f in figures), round(pairs, 1), round(wait, 3))
            named = zip(LOG_COLUMNS, (step, stage.unroll, f"{rate:.2e}", *values), strict=True)
            self.journal.log(dict(named))
        self._save_when_due()
        return f"unroll {stage.unroll} loss {loss:.3f} IoU {overlap:.3f} {pairs:.0f} pairs/s"

    def finish(self) -> None:
        """Save and validate the end of the run."""
        self.save()
        if self.group.is_main:
            self.validate()

    def save(self) -> None:
        """Write the checkpoint and the averaged weights; all processes take part in it."""
        self._save_run()
        if self.group.is_main:
            self._save_weights(self.output / "weights.safetensors")

    def validate(self) -> None:
        """Add the closed-loop IoU of what is held out to the journal, unless it is there."""
        began = time.perf_counter()
        if self.held and not self.journal.holds_validation(self.schedule.step):
            reset = self.config.reset_interval
            figures, kept = closed_loop(self.averaged(), self.held, reset)
            mean = np.mean(list(figures.values()))
            row = {"step": self.schedule.step, "mean": mean, "on_rival": kept.on_rival}
            self.journal.validate({**row, **figures})
        self.journal.draw()
        self._spent["validation"] = time.perf_counter() - began

    def averaged(self) -> Re3Network:
        """Return a copy of the network with the averaged weights."""
        network = copy.deepcopy(self.network).eval()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(self.average[name])
        return network

    def _save_when_due(self) -> None:
        done, config = self.schedule.step, self.config
        if done % config.save_every == 0:
            self.save()
        if done in config.keep and self.group.is_main:
            self._save_weights(self.output / f"weights-{done}.safetensors")
        if done % config.validate_every == 0 and self.group.is_main:
            self.validate()

    def _last_checkpoint(self) -> Path | None:
        """Return what to go on from, if there is anything: by the clock, not one whose rate fell.

        The weights that the fall led to are kept under the number of their steps.
        """
        path, weights = self.output / LAST, self.output / "weights.safetensors"
        if not path.exists():
            return None
        if self.deadline is None or not annealed(path):
            return path
        if self.group.is_main and weights.exists():
            weights.rename(weights.with_stem(f"weights-{read_metadata(weights)['steps']}"))
        return self.output / BEFORE_FALL

    def _save_run(self, path: Path | None = None) -> None:
        began = time.perf_counter()
        path, carried = path or self.output / LAST, self.group.gather(self.unroll.carried)
        if self.group.is_main:
            save_run(path, self.network, self.average, self.optimiser, self.schedule, carried)
        self._spent["save"] = time.perf_counter() - began

    def _save_weights(self, path: Path) -> None:
        metadata = {"training": self.config.model_dump_json(), "steps": str(self.schedule.step)}
        with writing(path, sum(2 * p.numel() for p in self.network.parameters())):
            save(self.averaged(), path, metadata, torch.float16)

    def _precision(self) -> torch.autocast:
        reduced = self.config.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, reduced)

    def _model(self, frozen: tuple[str, ...]) -> nn.Module:
        """Return what runs a batch, and averages gradients over all processes."""
        if self._wrapped is None or self._wrapped[0] != frozen:
            _freeze(self.network, frozen)
            model: nn.Module = self.unroll
            if self.group.world_size > 1:  # it must be told anew which parameters have gradients
                model = DistributedDataParallel(self.unroll, broadcast_buffers=False)
            self._wrapped = (frozen, model)
        return self._wrapped[1]

    def _descend(self, batch: Batch, result: UnrollResult, loss: float) -> None:
        """Make one step of the optimiser; ``loss`` is the mean over all processes."""
        step = self.schedule.step
        if not math.isfinite(loss):
            self._give_up(batch, f"loss is {loss} at step {step}")
        self.optimiser.zero_grad(set_to_none=True)
        result.loss.backward()  # type: ignore[no-untyped-call]
        greatest = self.config.gradient_norm or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), greatest)
        if not norm.isfinite():
            self._give_up(batch, f"gradient is {norm.item()} at step {step}")
        self.optimiser.step()
        # Early on, the average follows closely, or it would keep the random start for long.
        decay = min(self.config.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                self.average[name].lerp_(parameter, 1 - decay)

    def _give_up(self, batch: Batch, why: str) -> NoReturn:
        """Save the run as it is before this batch, and the batch; raise Re3Error."""
        suffix = f"-{self.group.rank}" if self.group.world_size > 1 else ""
        path = self.output / f"bad_batch{suffix}.safetensors"
        with self._precision():
            tensors = self.unroll.recorded(batch)
        write_tensors(path, tensors, {"step": str(self.schedule.step), "why": why})
        self._save_run()  # no averaged weights: they may be beyond what half precision holds
        raise Re3Error(
            f"{why}; {path} holds the batch, and {self.output} the run as it was before it: look "
            "at the batch, or lower the rate to go on"
        )


def _figures(result: UnrollResult) -> Tensor:
    """Return loss, corner loss, visibility loss and IoU."""
    figures = (result.loss.item(), result.corner_loss, result.visibility_loss, result.mean_iou)
    return torch.tensor(figures, dtype=torch.float64, device=result.loss.device)


def _unchanged(batch: Batch) -> Batch:
    """Return the batch: crops that the device renders are not worth keeping ahead."""
    return batch


def _new_network(config: TrainingConfig, root: Path, data: TrainingData) -> Re3Network:
    start = partial(start_trunk, backbone=config.backbone, root=root)
    if config.start_from:
        shipped = config.start_from == SHIPPED
        source = load(default_weights() if shipped else root / config.start_from)
        source.activation_ranges = {}  # of weights that will be others
        draw = partial(data.crops, seed=config.seed)
        return inherit(source, config.options, start, draw).train()
    network = build(config.network, **config.options)
    start(network)
    return network


def _optimiser(network: Re3Network, config: TrainingConfig) -> torch.optim.Optimizer:
    trunk = [p for name, p in network.named_parameters() if name.startswith("trunk.")]
    rest = [p for name, p in network.named_parameters() if not name.startswith("trunk.")]
    groups = [{"params": trunk, "relative": config.trunk_rate}, {"params": rest, "relative": 1.0}]
    kind = torch.optim.Adam if config.optimiser == "adam" else torch.optim.AdamW
    return kind(groups, lr=0.0, weight_decay=config.weight_decay)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * group["relative"]


def _freeze(network: Re3Network, prefixes: tuple[str, ...]) -> None:
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(prefixes) if prefixes else True)
        if not parameter.requires_grad:
            parameter.grad = None


def _progress(group: ProcessGroup) -> Progress:
    return Progress(
        BarColumn(), TextColumn("{task.completed}/{task.total} {task.fields[text]}"),
        TimeElapsedColumn(), TimeRemainingColumn(), disable=not group.is_main,
    )  # fmt: skip
