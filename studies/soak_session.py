# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A session that lives through everything, over and over: for `soak.py`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from soak_memory import resources
from torch import Tensor, nn

from re3_ros.errors import InputError
from re3_ros.network import FactoredLSTM, Output, Re3Network
from re3_ros.network.runtimes import TorchRuntime
from re3_ros.tracking import Frame, TargetState, TrackingSession
from re3_ros.weights import default_weights

CYCLE = 1000
"""Frames after which everything has happened once."""
SAMPLES = 500
SIZES = ((48, 64), (36, 48), (60, 80))


class Speck(Re3Network):
    """A Re3 network so small that what is around it takes most of the time.

    Mean colours of 4 x 4 fields of a crop of 16 pixels, fused, two recurrent layers, corners that
    tremble, and a target that is not seen in the dark.
    """

    architecture = "speck"
    crop_size, context, state_shape = 16, 2.0, (4, 4)

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3 * 48, 8)
        self.lstm = FactoredLSTM(8, 4, peephole="diagonal")
        self.head = nn.Linear(12, 4)
        with torch.no_grad():
            self.head.weight.mul_(0.2)
            self.head.bias.copy_(torch.tensor([2.5, 2.5, 7.5, 7.5]))

    @property
    def options(self) -> dict[str, Any]:
        """None: there is one only."""
        return {}

    def embed(self, crops: Tensor) -> Tensor:
        """Return (N, 48), the mean colours of 16 fields."""
        return nn.functional.avg_pool2d(crops.float() / 255, 4).flatten(1)

    def remember(self, features: Tensor) -> Tensor:
        """Return all of it."""
        return features

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return all of the features."""
        del crops
        return features

    def fuse(self, remembered: Tensor, features: Tensor, template: Tensor) -> Tensor:
        """Return (N, 8), the last number being the brightness."""
        mixed = self.mix(torch.cat([remembered, features, template], 1)).tanh()
        return torch.cat([mixed[:, :-1], features.mean(1, keepdim=True)], 1)

    def recur(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance both layers."""
        hidden, state = self.lstm(embedding, state)
        return hidden, state

    def predict(self, hidden: Tensor, embedding: Tensor) -> Output:
        """Return corners and, from the brightness, the visibility."""
        return Output(self.head(torch.cat([hidden, embedding], 1)), 60 * embedding[:, -1] - 12)


class Life:
    """What happens to a session, frame by frame; the same in every cycle."""

    def __init__(self, session: TrackingSession) -> None:
        self.session = session
        rng = np.random.default_rng(0)
        shapes = [SIZES[0]] * 62 + list(SIZES[1:])
        self.pool = [rng.integers(64, 256, (*s, 3), np.uint8) for s in shapes]
        self.states = dict.fromkeys(TargetState, 0)
        self.refused = 0
        self.commands: dict[int, Callable[[int], None]] = {
            0: lambda _: self.start("left", "a"),
            1: lambda _: self.start("right", "r"),
            200: lambda _: self.start("left", "b", (20, 10, 44, 40)),
            300: lambda stamp: self.start("left", "late", stamp=stamp - 40),
            301: lambda stamp: self.start("left", "early", stamp=stamp + 4),
            400: lambda _: session.drop("left", "b"),
            401: lambda _: self.attempt(lambda: session.drop("left", "nobody")),
            500: lambda _: self.attempt(lambda: self.start("left", "bad", (np.nan, 0, 9, 9))),
            501: lambda _: self.attempt(lambda: self.start("left", "beside", (99, 99, 120, 120))),
            502: lambda _: self.attempt(lambda: self.start("left", "old", stamp=7)),
            503: lambda _: self.attempt(lambda: self.look("left", 3, self.pool[0])),
            504: lambda stamp: self.attempt(lambda: self.look("left", stamp, np.zeros((4, 4)))),
            505: lambda stamp: self.attempt(lambda: self.look("none", stamp, self.pool[0])),
            990: lambda _: session.clear("right"),
            999: lambda _: session.clear(),
        }

    def start(
        self, camera: str, name: str, box: tuple[float, ...] = (10, 10, 30, 30), stamp: int = 0
    ) -> None:
        """Start a target."""
        self.session.initialise(camera, name, box, stamp)

    def attempt(self, call: Callable[[], Any]) -> None:
        """Do what has to be refused."""
        try:
            call()
        except InputError:
            self.refused += 1
        else:
            raise AssertionError("bad input was taken")

    def look(self, camera: str, stamp: int, image: NDArray[Any]) -> None:
        """Process an image and count the states of the targets."""
        for target in self.session.process(Frame(camera, stamp, image)).targets:
            self.states[target.state] += 1
        self.session.prepare()

    def step(self, index: int) -> None:
        """Live through one frame."""
        phase, stamp = index % CYCLE, 1000 + 2 * index
        self.commands.get(phase, lambda _: None)(stamp)
        image = self.pool[index % len(self.pool)].copy()
        if 600 <= phase < 660:
            image //= 64  # in the dark
        self.look("right" if index % 4 == 1 else "left", stamp, image)


def run_session(options: argparse.Namespace) -> dict[str, Any]:
    """Call a session so many times, or until Ctrl-C; sample memory."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = default_weights() if options.shipped else TorchRuntime(Speck())
    session = TrackingSession(network, ("left", "right"))
    life, begin = Life(session), time.monotonic()
    for index in range(2 * CYCLE):  # what is made once is there before counting begins
        life.step(index)
    if options.traced:
        tracemalloc.start()
    samples = live(life, options)
    return {
        "kind": "session",
        "network": "shipped weights" if options.shipped else "very small network",
        "runs_on": session.runs_on,
        "frames": int(samples[-1]["frames"]),
        "minutes": (time.monotonic() - begin) / 60,
        "counters": session.counters,
        "states": {state.name: count for state, count in life.states.items()},
        "refused": life.refused,
        "samples": samples,
    }


def live(life: Life, options: argparse.Namespace) -> list[dict[str, float]]:
    """Go through the frames; return up to SAMPLES samples."""
    every, end = max(1, options.frames // SAMPLES), time.monotonic() + 60 * options.minutes
    names, count = list(sample(0)), 0
    rows = np.zeros((SAMPLES, len(names)))  # there from the start: samples are not to be growth
    with contextlib.suppress(KeyboardInterrupt):
        for index in range(every * SAMPLES):
            life.step(2 * CYCLE + index)
            if not (index + 1) % every:
                rows[count] = list(sample(index + 1).values())
                count += 1
                print(f"{count / SAMPLES:.1%} of the frames", end="\r", flush=True)
                if options.minutes and time.monotonic() > end:
                    break
    return [dict(zip(names, row, strict=True)) for row in rows[:count].tolist()]


def sample(frames: int) -> dict[str, float]:
    """Return what this process takes by now."""
    return {"frames": float(frames), **python_memory(), **resources(os.getpid())}


def python_memory() -> dict[str, float]:
    """Return the blocks of memory that Python objects take and, while traced, the bytes."""
    blocks = {"blocks": float(sys.getallocatedblocks())}
    if not tracemalloc.is_tracing():
        return blocks
    return {**blocks, "python": float(tracemalloc.get_traced_memory()[0])}
