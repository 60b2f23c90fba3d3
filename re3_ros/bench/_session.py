# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Latency from the image (decoded, in memory) to the boxes (numbers on the host)."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch

from re3_ros.boxes import Boxes, iou
from re3_ros.crops import crop_many, decode, search_window
from re3_ros.evaluation.trackers import OpenCVTracker
from re3_ros.images import Image
from re3_ros.network import Re3Network
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.tracking import Frame, FrameResult, SessionConfig, TrackingSession

from ._clip import Clip
from ._timing import TimingStats

JOINT = "joint"
PEERS = (JOINT, "kcf", "csrt", "mosse", "nano")
"""What there is to compare with: the plain pass of the same network, and OpenCV's trackers."""
WARM_UP = 10
LEAST = 10
"""Frames after those that are measured in any case."""
STEP = 33_333_333


@dataclass(frozen=True)
class LatencyRow:
    """One tracker with one number of targets."""

    tracker: str
    targets: int
    latency: TimingStats
    between: TimingStats
    """What is done after the boxes are out and before the next image."""
    mean_iou: float
    """Of the first target. A tracker that lost it may be fast for that reason."""
    cameras: int = 1
    """That many cameras send an image at the same time, each with so many targets."""
    held: float = math.nan
    """Bytes held for a target between images; NaN where it is not known."""
    work: float = math.nan
    """Milliseconds of processors for a frame, of all threads together and with what is done between
    images."""


class Contender(Protocol):
    """What is measured."""

    def init(self, image: Image, boxes: Boxes) -> None:
        """Start at boxes (N, 4)."""

    def update(self, image: Image) -> Boxes:
        """Return the first target's box."""

    def prepare(self) -> None:
        """Do what can be done between images."""


class Joint:
    """The paper's forward pass as it stands: eager float32, both crops in one batch, no resets."""

    def __init__(self, network: Re3Network, device: str) -> None:
        self._network, self._device = network.to(device).eval(), device

    @torch.inference_mode()
    def init(self, image: Image, boxes: Boxes) -> None:
        """Start."""
        first = self._cut(image, boxes)
        self._template = self._network.template(self._network.embed(first), first)
        zeros = self._network.initial_state(len(boxes))
        _, self._state = self._network(first, first, zeros, self._template)
        self._image, self._boxes = image, boxes

    @torch.inference_mode()
    def update(self, image: Image) -> Boxes:
        """Cut and embed both crops, and advance."""
        crops = self._cut(self._image, self._boxes), self._cut(image, self._boxes)
        output, self._state = self._network(*crops, self._state, self._template)
        windows = search_window(self._boxes, self._network.context)
        self._boxes, self._image = decode(output.corners.cpu().numpy(), windows), image
        return np.asarray(self._boxes[0])

    def prepare(self) -> None:
        """Nothing is done between images."""

    def _cut(self, image: Image, boxes: Boxes) -> torch.Tensor:
        crops = crop_many(image, boxes, self._network.crop_size, self._network.context)
        return torch.from_numpy(crops).to(self._device).permute(0, 3, 1, 2)


class Session:
    """A tracking session as the node drives it; all its cameras see the same."""

    def __init__(self, runtime: Runtime, cameras: int, threads: int) -> None:
        config = SessionConfig(max_targets=10_000, threads=threads)
        self._session = TrackingSession(runtime, [f"camera{k}" for k in range(cameras)], config)
        self._stamp = 0

    def init(self, image: Image, boxes: Boxes) -> None:
        """Start."""
        for camera in self._session.cameras:
            for k, box in enumerate(boxes):
                self._session.initialise(camera, str(k), box)
        self.update(image)

    def update(self, image: Image) -> Boxes:
        """Process a frame of each camera."""
        self._stamp += STEP
        frames = [Frame(camera, self._stamp, image) for camera in self._session.cameras]
        first = self._session.process_many(frames)[0]
        assert isinstance(first, FrameResult)
        return first.targets[0].box

    def prepare(self) -> None:
        """Embed the next first crops."""
        self._session.prepare()

    def held(self) -> float:
        """Return the bytes held for a target."""
        camera = self._session.cameras[0]
        return self._session.nbytes(camera) / len(self._session.targets(camera))


class Peer:
    """One of OpenCV's; one tracker a target, and nothing to do between images."""

    def __init__(self, name: str, models: Path) -> None:
        self._make = partial(OpenCVTracker, name, nano_models(models))

    def init(self, image: Image, boxes: Boxes) -> None:
        """Start."""
        self._trackers = [self._make() for _ in boxes]
        self._box: Boxes = boxes[0]
        for tracker, box in zip(self._trackers, boxes, strict=True):
            tracker.init(image, box)

    def update(self, image: Image) -> Boxes:
        """Ask all; where the first finds none, its last box is held."""
        found, *_ = [tracker.update(image) for tracker in self._trackers]
        self._box = self._box if found is None else np.asarray(found, np.float64)
        return self._box

    def prepare(self) -> None:
        """Nothing is done between images."""


def nano_models(folder: Path) -> dict[str, Path | None]:
    """Return the paths of NanoTrack's files in a folder."""
    return {part: folder / f"nanotrack_{part}_sim.onnx" for part in ("backbone", "head")}


def bench_session(
    network: Re3Network,
    clip: Clip,
    runtimes: Sequence[str],
    peers: Sequence[str] = PEERS,
    targets: Sequence[int] = (1,),
    rounds: int = 3,
    device: str = "cpu",
    models: Path = Path("nanotrack"),
    cameras: Sequence[int] = (1,),
    seconds: float = math.inf,
    advance: Callable[[], object] = lambda: None,
) -> list[LatencyRow]:
    """Return a row for each tracker and number of targets; they take turns, round after round.

    ``nano`` is left out where ``models`` does not hold its files. Several ``cameras`` are measured
    of ours alone. All use the threads that torch and OpenCV are set to. A round ends after
    ``seconds``, whatever is left of the clip, but not before `LEAST` frames; ``advance`` is called
    after each.
    """
    rows = []
    threads = torch.get_num_threads()
    ours = {f"re3 {r}": r for r in (make_runtime(network, name, device) for name in runtimes)}
    others = dict(_others(network, peers, device, models))
    for seen, count in itertools.product(cameras, targets):
        sessions: dict[str, Callable[[], Contender]] = {
            name: partial(Session, runtime, seen, threads) for name, runtime in ours.items()
        }
        makers = {**sessions, **others} if seen == 1 else sessions
        runs: dict[str, list[_Run]] = {name: [] for name in makers}
        for _ in range(rounds):
            for name, make in makers.items():
                torch.set_num_threads(threads)  # sessions may have changed it
                runs[name].append(_run(make(), clip, count, seconds))
                advance()
        rows += [_row(name, count, seen, parts) for name, parts in runs.items()]
    torch.set_num_threads(threads)
    return rows


def _others(
    network: Re3Network, peers: Sequence[str], device: str, models: Path
) -> Iterable[tuple[str, Callable[[], Contender]]]:
    for peer in peers:
        if peer == JOINT:
            yield peer, partial(Joint, network, device)
        elif peer != "nano" or all(p and p.is_file() for p in nano_models(models).values()):
            yield peer, partial(Peer, peer, models)


class _Run(NamedTuple):
    """Of each frame after warm-up: seconds to the box, between images, of processors; IoU."""

    latency: list[float]
    between: list[float]
    work: list[float]
    overlap: list[float]
    held: float


def _run(tracker: Contender, clip: Clip, targets: int, seconds: float) -> _Run:
    images = clip.bgr if isinstance(tracker, Peer) else clip.rgb
    tracker.init(images[0], spread_out(clip.truth[0], targets))
    tracker.prepare()
    rows: list[tuple[float, ...]] = []
    end = time.perf_counter() + seconds
    for image, box in zip(images[1:], clip.truth[1:], strict=True):
        worked, begin = time.process_time(), time.perf_counter()
        answer = tracker.update(image)
        arrived = time.perf_counter()
        tracker.prepare()
        done, used = time.perf_counter(), time.process_time() - worked
        rows.append((arrived - begin, done - arrived, used, float(iou(answer, box))))
        if done > end and len(rows) >= WARM_UP + LEAST:
            break
    latency, between, work, overlap = (list(c) for c in zip(*rows[WARM_UP:], strict=True))
    held = tracker.held() if isinstance(tracker, Session) else math.nan
    return _Run(latency, between, work, overlap, held)


def spread_out(box: Boxes, targets: int) -> Boxes:
    """Return ``targets`` boxes (N, 4): the given one, and others shifted from it by some pixels."""
    shifts = (
        np.random.default_rng(0).uniform(-8, 8, (targets, 2)) * (np.arange(targets) > 0)[:, None]
    )
    return np.asarray(box + np.concatenate([shifts, shifts], 1), np.float64)


def _row(name: str, targets: int, cameras: int, runs: list[_Run]) -> LatencyRow:
    latency = [seconds for run in runs for seconds in run.latency]
    between = [seconds for run in runs for seconds in run.between]
    overlap = float(np.nanmean([value for run in runs for value in run.overlap]))
    spreads = TimingStats.of(latency), TimingStats.of(between)
    work = 1e3 * float(np.mean([value for run in runs for value in run.work]))
    return LatencyRow(name, targets, *spreads, overlap, cameras, runs[-1].held, work)
