# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the demos have in common: the command, the processes, who records, the progress."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from re3_ros.errors import Re3Error, SourceError
from re3_ros.ros.kit import one_interrupt
from re3_ros.ros.programs import Process, ros_arguments, running

STARTER = "re3_ros.ros.start"
STARTING, QUIET = 300.0, 60.0
"""Seconds without anything new after which a demo is taken to be stuck, at first and later."""


def demo_parser(module: str, description: str | None, subject: str) -> argparse.ArgumentParser:
    """Return the parser of a demo of ``subject``, with the first options."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--output", type=Path, required=True, help="folder for the files")
    parser.add_argument("--seed", type=int, default=0, help=f"of {subject}")
    return parser


def add_tracker_options(parser: argparse.ArgumentParser, namespace: str) -> None:
    """Add the options of the tracker, and the namespace of all nodes."""
    parser.add_argument("--weights", default="", help="file of weights; default: those shipped")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ...")
    parser.add_argument("--runtime", default="auto", help="auto, torch, openvino, onnx, ...")
    parser.add_argument("--namespace", default=namespace, help="of all nodes and topics")


def play(name: str, run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a demo into the folder ``options.output``; return the exit code.

    That is 130 after SIGINT or SIGTERM, with all processes ended.
    """
    try:
        with one_interrupt():
            options.output.mkdir(parents=True, exist_ok=True)
            return run(options)
    except (Re3Error, OSError) as error:
        print(f"{name}: {error}; logs are in {options.output}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def begin(stack: ExitStack, log: Path, module: str, words: Sequence[str]) -> Process:
    """Start a process that ends with ``stack``; what it says goes into a file."""
    return stack.enter_context(running(module, words, stack.enter_context(log.open("w"))))


def begin_tracker(
    stack: ExitStack, log: Path, options: argparse.Namespace, **parameters: Any
) -> Process:
    """Start the tracker likewise, and bring it up."""
    given = {name: getattr(options, name) for name in ("weights", "device", "runtime")}
    chosen = {**given, **parameters}
    words = ["--namespace", options.namespace, *ros_arguments(chosen)]
    return begin(stack, log, STARTER, words)


def begin_simulation(
    stack: ExitStack,
    options: argparse.Namespace,
    world: tuple[str, str],
    mover: tuple[str, str],
    settings: Mapping[str, Any],
) -> dict[str, Process]:
    """Start a tracker, what moves after it, and the simulated world, all in the world's time.

    ``world`` and ``mover`` are name and module of each; ``settings`` are the mover's parameters.
    Each logs into a file of its name.
    """
    folder, space = options.output, options.namespace
    scene = {"seed": options.seed, "seconds": options.seconds, "speed": options.speed}
    chosen = {"image_reliability": "reliable", "use_sim_time": True, "silence_warning": 120.0}
    processes = {"tracker": begin_tracker(stack, folder / "tracker.log", options, **chosen)}
    for (name, module), given in ((mover, settings), (world, scene)):
        words = ros_arguments(given, namespace=space)
        processes[name] = begin(stack, folder / f"{name}.log", module, words)
    return processes


def add_simulation_options(parser: argparse.ArgumentParser, subject: str, seconds: float) -> None:
    """Add how long and how fast the world of ``subject`` goes on."""
    parser.add_argument("--seconds", type=float, default=seconds, help=f"of {subject}'s time")
    parser.add_argument("--speed", type=float, default=1.0, help="most seconds of it in a second")


def verdict(name: str, problems: Sequence[str]) -> int:
    """Say what went wrong in a demo; return the exit code."""
    for problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    return int(bool(problems))


def failures(codes: Mapping[str, int]) -> list[str]:
    """Return which processes failed, from their exit codes by name."""
    return [f"{name} ended with exit code {code}" for name, code in codes.items() if code]


class NodeRecorder:
    """Takes what comes to a node; its base knows when."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)
        self._answered = 0

    @property
    def answered(self) -> int:
        """Images that the tracker answered."""
        return self._answered

    def spin(self) -> None:
        """Take what has come, or wait a moment for it."""
        self._executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        """Let go of the node."""
        self._executor.shutdown()


def end(processes: Mapping[str, Process]) -> dict[str, int]:
    """End all, which a busy machine takes its time for; return their exit codes."""
    for process in processes.values():
        process.signal(signal.SIGINT)
    for process in processes.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(QUIET)
    return {name: process.stop() for name, process in processes.items()}


def record(
    recorder: NodeRecorder, label: str, frames: int, processes: Mapping[str, Process]
) -> None:
    """Record until so many images are answered.

    Raises SourceError if a process ends before, or nothing goes on.
    """
    with watch(label, frames) as progress:
        while recorder.answered < frames:
            recorder.spin()
            progress.update(recorder.answered)
            ended = [name for name, p in processes.items() if p.exit_code is not None]
            if ended:
                raise SourceError(f"the process of {ended[0]} ended")
            if progress.quiet > (QUIET if recorder.answered else STARTING):
                done = f"{recorder.answered} of {frames} images"
                raise SourceError(f"nothing new for a long time, after {done}")


class Watch:
    """A progress bar, and how long ago something new came."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self._seen, self._changed = 0, time.monotonic()

    def update(self, completed: int, seen: int | None = None) -> None:
        """Show how many are done; ``seen``: how much has come in all, if that is something else."""
        seen = completed if seen is None else seen
        if seen != self._seen:
            self._seen, self._changed = seen, time.monotonic()
            self._bar.update(self._task, completed=completed)

    @property
    def quiet(self) -> float:
        """Seconds since something new came, or since the begin."""
        return time.monotonic() - self._changed


@contextmanager
def watch(label: str, total: int) -> Iterator[Watch]:
    """Show a progress bar for the length of the block."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn()) as bar:
        yield Watch(bar, bar.add_task(label, total=total))
