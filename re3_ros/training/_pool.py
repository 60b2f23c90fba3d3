# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated tracks drawn by other processes: where a GPU waits, one is not enough.

A track costs a millisecond or two of Python, whatever the GPU does. What it is does not depend on
where it was drawn: its generator travels to the process, and the track comes back.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread

import numpy as np

from re3_ros.errors import Re3Error
from re3_ros.simulation import SimulatedTrack

Draw = Callable[[np.random.Generator, int], SimulatedTrack]


class Pool:
    """Processes that draw tracks; they start with the first track and end with this one."""

    def __init__(self, draw: Draw, workers: int) -> None:
        """``draw`` is sent to every process once, so it must be picklable."""
        # A fork would copy the state of the GPU and the locks of other threads.
        self._executor = ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=_begin, initargs=(draw,)
        )
        self._workers = workers

    def draw(self, streams: Sequence[tuple[np.random.Generator, int]]) -> list[SimulatedTrack]:
        """Return a track of so many frames from each generator, which itself stays as it is.

        Raises what drawing raises, and Re3Error if a process dies.
        """
        jobs = [self._executor.submit(_draw, rng, frames) for rng, frames in streams]
        try:
            return [job.result() for job in jobs]
        except BrokenProcessPool as error:
            raise Re3Error(
                f"one of {self._workers} processes that draw tracks has died, as when memory runs "
                "out; start the run again with fewer `workers`"
            ) from error

    def close(self) -> None:
        """End the processes."""
        self._executor.shutdown(cancel_futures=True)


_drawing: list[Draw] = []


def _begin(draw: Draw) -> None:
    """Prepare a process."""
    _drawing.append(draw)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run, and this process
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed and cannot end it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw(rng: np.random.Generator, frames: int) -> SimulatedTrack:
    return _drawing[0](rng, frames)
