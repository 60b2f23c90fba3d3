# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tracking commands have in common: the session, progress, and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from re3_ros.tracking import TrackingSession

INTERRUPTED = 130


def open_session(
    weights: Path | None,
    device: str,
    runtime: str = "auto",
    time_jump: str = "reject",
    **settings: Any,
) -> tuple[TrackingSession, Path]:
    """Return a session, with further settings, and the file of its weights.

    Raises WeightsError, ConfigError.
    """
    from re3_ros.tracking import SessionConfig, TrackingSession, pick_device
    from re3_ros.weights import default_weights

    path = default_weights() if weights is None else weights
    config = SessionConfig(runtime=runtime, time_jump=time_jump, **settings)
    return TrackingSession(path, config=config, device=pick_device(device)), path


_ADVICE = {
    "time_jump": "; --time-jump continue or clear takes them",
    "depth_tolerance": "; --depth-tolerance lets more of them fit",
}


def advice(setting: str) -> str:
    """Return how the command is told to let pass what a setting refused, if it can be told."""
    return _ADVICE.get(setting, "")


class Interruption:
    """Whether the user asked for the end; the frame at hand is still finished."""

    asked = False

    def __call__(self) -> bool:
        """Return whether to stop."""
        return self.asked

    @property
    def ended(self) -> str:
        """How a report on the run begins: with nothing, if it came to its own end."""
        return "interrupted after " if self.asked else ""

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal for the wish to stop."""
        self.asked = True
        # A second Ctrl-C ends the process at once.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn Ctrl-C and SIGTERM into a wish to stop after the frame at hand."""
    wish = Interruption()
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, wish.ask) for number in numbers]
    try:
        yield wish
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def conclude(wish: Interruption, *outputs: Path | None) -> None:
    """Name what was written; an interrupted command ends here, with the exit code for that."""
    for path in outputs:
        if path is not None:
            typer.echo(f"wrote {path}")
    if wish.asked:
        raise typer.Exit(INTERRUPTED)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Show a bar with frames a second; yield the function that moves it by one."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    class FrameRate(ProgressColumn):
        def render(self, task: Any) -> str:
            return f"{task.speed:.1f} fps" if task.speed else ""

    columns = BarColumn(), MofNCompleteColumn(), FrameRate(), TimeRemainingColumn()
    bar = Progress(TextColumn("{task.description}"), *columns)
    task = bar.add_task(label, total=total)

    def advance() -> None:
        bar.start()  # here and not before, so that an early error stands alone
        bar.advance(task)

    try:
        yield advance
    finally:
        bar.stop()
