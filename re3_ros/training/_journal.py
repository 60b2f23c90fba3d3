# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run leaves to be read: tables of its steps and validations, and curves."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import ConfigError

Row = Mapping[str, object]
LOG, VALIDATION, CURVES = "log.csv", "validation.csv", "curves.png"


class ScalarWriter(Protocol):
    """Takes figures to be looked at while a run goes on, as TensorBoard's SummaryWriter."""

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Take one figure."""

    def flush(self) -> None:
        """Write what was taken."""


class Journal:
    """Writes a run's figures into its folder."""

    def __init__(self, folder: Path, done: int, writer: ScalarWriter | None = None) -> None:
        """``done`` steps are in the checkpoint; rows of later ones are of a run that was killed."""
        self.folder, self.writer = folder, writer
        _cut(folder / LOG, lambda step: step < done)
        _cut(folder / VALIDATION, lambda step: step <= done)

    def log(self, row: Row) -> None:
        """Add the figures of a step."""
        _append(self.folder / LOG, row)
        self._show("training", row)

    def validate(self, row: Row) -> None:
        """Add the figures of a validation, and draw ``curves.png`` anew."""
        _append(self.folder / VALIDATION, row)
        self._show("validation", row)
        self.draw()

    def holds_validation(self, step: int) -> bool:
        """Tell whether the network was validated after this step."""
        return step in read_columns(self.folder / VALIDATION).get("step", ())

    def draw(self) -> None:
        """Draw ``curves.png`` from what the tables hold."""
        draw_curves(self.folder)

    def discard(self) -> None:
        """Remove what was written."""
        for name in (LOG, VALIDATION, CURVES):
            (self.folder / name).unlink(missing_ok=True)

    def _show(self, group: str, row: Row) -> None:
        if self.writer is None:
            return
        for name, value in row.items():
            if name != "step":
                self.writer.add_scalar(f"{group}/{name}", float(str(value)), int(str(row["step"])))
        self.writer.flush()


def run_summary(folder: Path) -> str:
    """Return in words how a run of at least one step went, and whether crops kept it waiting."""
    log = {name: values[-50:] for name, values in read_columns(folder / LOG).items()}
    rate, wait = float(np.median(log["pairs_s"])), float(np.median(log.get("wait", [np.nan])))
    text = (
        f"{int(log['step'][-1]) + 1} steps; in the last {len(log['step'])} loss "
        f"{log['loss'].mean():.3f}, IoU {log['iou'].mean():.3f}, {rate:.0f} pairs/s\n"
        f"tracks and crops took {wait:.0%} of the time: {rate / max(wait, 1e-3):.0f} pairs/s "
        f"drawn, {rate / max(1 - wait, 1e-3):.0f} pairs/s trained on"
    )
    held = read_columns(folder / VALIDATION)
    if held:
        text += (
            f"\nclosed-loop IoU on what is held back: {held['mean'][0]:.3f} after step "
            f"{int(held['step'][0])}, {held['mean'][-1]:.3f} after step {int(held['step'][-1])}"
        )
        on_rival = held.get("on_rival", np.full(1, np.nan))
        if np.isfinite(on_rival[-1]):
            text += f"\nframes on a rival of the target: {on_rival[0]:.0%}, then {on_rival[-1]:.0%}"
    return text


def tensorboard_writer(folder: Path, done: int) -> ScalarWriter:
    """Return a writer of TensorBoard's event files; ConfigError if TensorBoard is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ConfigError(
            "TensorBoard is not installed; run `pip install 're3_ros[train]'`, or leave out "
            "--tensorboard"
        ) from error
    writer: ScalarWriter = SummaryWriter(str(folder), purge_step=done)
    return writer


def draw_curves(folder: Path) -> Path:
    """Draw loss, IoU in training and in validation over the steps; return ``curves.png``."""
    from matplotlib.figure import Figure

    figure = Figure((8, 8), layout="constrained")
    loss, overlap, held = figure.subplots(3, sharex=True)
    log = read_columns(folder / LOG)
    if log:
        for axes, name in ((loss, "loss"), (overlap, "iou")):
            axes.plot(log["step"], log[name], color="0.8", linewidth=0.5)
            axes.plot(log["step"], _smooth(log[name]), color="C0")
        loss.set_yscale("log")
    loss.set_ylabel("loss")
    overlap.set_ylabel("IoU in training")
    columns = read_columns(folder / VALIDATION)
    for name, values in columns.items():
        if name not in {"step", "mean", "on_rival"}:
            held.plot(columns["step"], values, color="0.8", linewidth=0.8)
    if columns:
        style = {"marker": "o", "markersize": 3}
        held.plot(columns["step"], columns["mean"], color="C1", label="mean IoU", **style)
    if np.isfinite(columns.get("on_rival", np.zeros(0))).any():
        share = "share of frames on a rival"
        held.plot(columns["step"], columns["on_rival"], color="C3", label=share, **style)
        held.legend()
    held.set_ylabel("closed-loop IoU, held back")
    held.set_xlabel("step")
    for axes in (loss, overlap, held):
        axes.grid(alpha=0.3)
    path = folder / CURVES
    figure.savefig(path, dpi=110)
    return path


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each value and the 49 before it."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - 50, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def read_columns(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return the columns of a table; an empty field is NaN. Without a file there are none."""
    rows = _rows(path)
    names = list(rows[0]) if rows else []
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _append(path: Path, row: Row) -> None:
    """Add a row under the header of the file, whatever release wrote that."""
    known = list(_header(path) or row)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, known, extrasaction="ignore")
        if not file.tell():
            writer.writeheader()
        writer.writerow(row)


def _header(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return next(csv.reader(file), [])


def _cut(path: Path, keep: Any) -> None:
    """Leave out rows of steps that are not kept, and one that was written by halves."""
    rows, header = _rows(path), _header(path)
    whole = [r for r in rows if None not in r.values() and keep(int(r["step"]))]
    if len(whole) == len(rows):
        return
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(whole)
    partial.replace(path)
