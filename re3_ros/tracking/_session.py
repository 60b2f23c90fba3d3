# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a node does, without ROS: frames and commands in, results out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from re3_ros.boxes import check_box
from re3_ros.errors import CameraError, ConfigError, InputError
from re3_ros.images import check_image
from re3_ros.network import Re3Network, load
from re3_ros.network.runtimes import Runtime, make_runtime

from ._camera import Camera
from ._config import SessionConfig
from ._counters import Counters
from ._inbox import Batch, check_stamp
from ._memory import Estimate
from ._ring import evenly
from ._sizes import size_of
from ._targets import TargetGroup, prepare_groups, step_together
from ._tracker import Tracker
from ._types import Frame, FrameResult


class TrackingSession:
    """Tracks any number of targets on any number of cameras.

    One thread calls `process` or `process_many` for every frame and, once the result was handed
    out, `prepare`. Any thread may call `initialise`, `drop` and `clear`: they check what they are
    given, leave it in an inbox and return without waiting for the network; it is done between two
    frames, by the next `prepare` or `process`.

    Two locks: ``_lock`` guards inboxes, rings, names and counters, and is never held while the
    network runs; ``_work`` admits one `process` or `prepare` at a time, and is taken first.

    The number of threads of torch is a setting of the whole process, 1 by default. Threads of torch
    wait for each other without sleeping: where other processes take the cores away, two of them
    are many times slower than one.

    Bad input raises an InputError, is counted in `counters`, and changes nothing for any target.
    Neither does an exception out of the network.
    """

    def __init__(
        self,
        network: Re3Network | Runtime | str | Path,
        cameras: Sequence[str] = ("camera",),
        config: SessionConfig | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        """Take a network, or load one from weights, for cameras of these names.

        ``config.runtime`` says what runs it, unless a runtime is given. Raises WeightsError for bad
        weights, ConfigError for no or equal camera names, and for a runtime that cannot be used.
        """
        if isinstance(cameras, str) or not cameras or len(set(cameras)) < len(cameras):
            raise ConfigError(f"cameras are {cameras!r}; expected a list of different names")
        self.config = config or SessionConfig()
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        self.runtime = _runtime(network, self.config.runtime, device)
        if self.config.threads and self.runtime.own_threads:
            torch.set_num_threads(1)  # more would wait, spinning, where the runtime's want to work
        self.device = self.runtime.device
        self._cameras = {name: self._camera(name) for name in cameras}
        self._strays = Counters()  # what came for no camera of ours
        self._lock = threading.Lock()
        self._work = threading.Lock()

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras."""
        return tuple(self._cameras)

    @property
    def runs_on(self) -> str:
        """Device and runtime of the network, such as ``cpu, openvino bfloat16``."""
        return f"{self.device}, {self.runtime}"

    @property
    def counters(self) -> dict[str, int]:
        """Counts over all cameras of what was processed, and what was rejected and why."""
        with self._lock:
            tables = [self._strays.values, *(c.counters.values for c in self._cameras.values())]
            return {name: sum(t[name] for t in tables) for name in self._strays.values}

    def counters_of(self, camera: str) -> dict[str, int]:
        """Return the counts of one camera. Raises CameraError."""
        with self._lock:
            return dict(self._known(camera).counters.values)

    def targets(self, camera: str) -> tuple[str, ...]:
        """Return the names of a camera's targets, those still in the inbox included."""
        with self._lock:
            return tuple(self._known(camera).ids)

    def initialise(
        self,
        camera: str,
        id: str,  # noqa: A002
        box: ArrayLike,
        stamp: int = 0,
        *,
        upcoming: bool = False,
    ) -> None:
        """Start a target, or start it anew, at ``box`` (4,) x1, y1, x2, y2 in pixels.

        ``stamp`` (ns) says on which frame the box was drawn: 0 for the newest, or before the first
        frame for that one; otherwise one of the recent frames, or one that is yet to come. On a
        past frame the target is started there and taken through the frames since. ``upcoming``
        makes 0 mean the next frame: for when newer ones than the newest here have been left out.

        Raises CameraError, TargetError, BoxError, StampError. Where the frame is yet to come, what
        is wrong with the box on it shows in `FrameResult.rejected`.
        """
        with self._lock, self._counting(camera, "boxes"):
            self._known(camera).ask_start(id, box, stamp, upcoming)

    def drop(self, camera: str, id: str) -> None:  # noqa: A002
        """End a target. Raises CameraError, TargetError."""
        with self._lock, self._counting(camera, "drops"):
            self._known(camera).ask_drop(id)

    def clear(self, camera: str | None = None) -> None:
        """End all targets of a camera or, without a name, of all, and begin its time anew.

        The next frame is taken, whatever its stamp. Raises CameraError.
        """
        with self._lock:
            for cam in self._cameras.values() if camera is None else [self._known(camera)]:
                cam.ask_clear()

    def process(self, frame: Frame) -> FrameResult:
        """Track all targets of the frame's camera and return how they are.

        Raises CameraError, ImageError, or StampError for a frame that is older than the camera's
        time, see `Clock`, while ``time_jump`` is ``reject``.
        """
        (answer,) = self._process([frame])
        if isinstance(answer, InputError):
            raise answer
        return answer

    def process_many(self, frames: Sequence[Frame]) -> list[FrameResult | InputError]:
        """Do `process` for frames of different cameras that wait together, in one batch.

        Each has its result or, in its place, the error for which it was rejected; it does not
        concern the others. Up to rounding the results are those of one after the other. Raises
        CameraError for two frames of one camera.
        """
        names = [frame.camera for frame in frames]
        if len(set(names)) < len(names):
            raise CameraError(f"frames are of cameras {names}; give one of each at a time")
        return self._process(frames)

    @property
    def time_jump(self) -> str:
        """What becomes of frames older than the last, as in `SessionConfig`; can be set."""
        return self.config.time_jump

    @time_jump.setter
    def time_jump(self, value: str) -> None:
        """Set it for all frames from now on. Raises ConfigError for a bad one."""
        if value == self.config.time_jump:
            return
        self.config = replace(self.config, time_jump=value)
        with self._lock:
            for cam in self._cameras.values():
                cam.time_jump = value

    def frame_size(self, camera: str, stamp: int = 0) -> tuple[int, int] | None:
        """Return width and height of one of the recent frames, 0 for the newest.

        None before the first. Raises CameraError, StampError.
        """
        with self._lock:
            frame = self._recent(camera, stamp)
            return None if frame is None else size_of(frame.image)

    def prepare(self) -> None:
        """Do between two frames what the next would wait for; `process` does it if nobody did."""
        with self._work:
            for cam in self._cameras.values():
                self._apply_requests(cam)
            prepare_groups([cam.targets for cam in self._cameras.values()])

    def match_lost(
        self, camera: str, boxes: Mapping[str, Sequence[ArrayLike]], stamp: int = 0
    ) -> dict[str, list[Estimate]]:
        """Match LOST targets, as they were when last seen, with boxes (4,) in a frame, for each of
        which the target's estimate is returned: how sure it is to be there, and where exactly.

        ``stamp`` names one of the recent frames, 0 the newest. Targets that are not LOST, or about
        which the inbox holds something, are left out; none changes. To be called by the thread that
        calls `process`. Raises CameraError, BoxError, StampError.
        """
        with self._work:
            with self._lock:
                cam = self._known(camera)
                frame = self._recent(camera, stamp)
                asked = {n: [check_box(b) for b in there] for n, there in boxes.items()}
                idle = {n: there for n, there in asked.items() if not cam.inbox.concerns(n)}
            return {} if frame is None else cam.targets.match_lost(frame.image, idle)

    def warm_up(self, targets: int = 1) -> None:
        """Run the network once on black images: the first run is slower than those after it."""
        image = np.zeros((64, 64, 3), np.uint8)
        tracker = self._tracker()
        with self._work:
            tracker.start(image, {str(i): (16, 16, 48, 48) for i in range(targets)})
            tracker.track(image)
            tracker.prepare()

    def nbytes(self, camera: str) -> int:
        """Return the bytes held for a camera's targets, recent frames not counted."""
        with self._work:
            return self._known(camera).targets.nbytes()

    def _camera(self, name: str) -> Camera:
        return Camera(name, TargetGroup(self._tracker(), self.config), self.config)

    def _tracker(self) -> Tracker:
        return Tracker(self.runtime, reset_interval=self.config.reset_interval)

    def _known(self, camera: str) -> Camera:
        if camera not in self._cameras:
            raise CameraError(f"no camera {camera!r}; declared are {list(self._cameras)}")
        return self._cameras[camera]

    def _recent(self, camera: str, stamp: int) -> Frame | None:
        ring = self._known(camera).ring
        return ring.find(stamp) if stamp else ring.newest

    @contextmanager
    def _counting(self, camera: str, kind: str) -> Iterator[None]:
        """Count the InputError that leaves the block; to be used under the lock."""
        cam = self._cameras.get(camera)
        try:
            yield
        except InputError as error:
            (self._strays if cam is None else cam.counters).reject(kind, error)
            raise

    def _admit(self, frame: Frame) -> tuple[Camera, Frame]:
        with self._lock, self._counting(frame.camera, "frames"):
            cam = self._known(frame.camera)
            checked = Frame(frame.camera, check_stamp(frame.stamp), check_image(frame.image))
            cam.admit(checked)
        return cam, checked

    def _process(self, frames: Sequence[Frame]) -> list[FrameResult | InputError]:
        begin = time.perf_counter()
        with self._work:
            admitted = [self._try(frame) for frame in frames]
            self._step([pair for pair in admitted if not isinstance(pair, InputError)])
            return [
                pair if isinstance(pair, InputError) else self._result(*pair, begin)
                for pair in admitted
            ]

    def _try(self, frame: Frame) -> tuple[Camera, Frame] | InputError:
        try:
            return self._admit(frame)
        except InputError as error:
            return error

    def _step(self, admitted: Sequence[tuple[Camera, Frame]]) -> None:
        """Start what is to be started, and track all other targets."""
        try:
            step_together(
                [(cam.targets, f.image, self._apply_requests(cam)) for cam, f in admitted]
            )
        except Exception:
            with self._lock:
                for cam, _ in admitted:
                    cam.counters.add("frames_failed")
            raise

    def _apply_requests(self, cam: Camera) -> list[str]:
        """Do what the inbox asks for; return the targets started, which are now up to date.

        Bounded, so that callers who ask faster than the network runs do not hold up the frames.
        """
        fresh: list[str] = []
        for _ in range(self.config.max_targets):
            batch = self._take_requests(cam)
            if batch is None:
                break
            self._start(cam, batch)
            fresh += batch.boxes
        return fresh

    def _take_requests(self, cam: Camera) -> Batch | None:
        with self._lock:
            return cam.take_requests()

    def _start(self, cam: Camera, batch: Batch) -> None:
        """Start targets on the frame their boxes were drawn on, and catch up with the newest."""
        since = evenly(cam.ring.newer(batch.frame), self.config.max_forward)
        try:
            group = cam.targets.started(
                batch.frame.image, batch.boxes, [frame.image for frame in since]
            )
            with self._lock:
                cam.targets.adopt(group)
        finally:
            with self._lock:
                cam.starting.clear()

    def _result(self, cam: Camera, frame: Frame, begin: float) -> FrameResult:
        height, width = frame.image.shape[:2]
        with self._lock:
            cam.counters.add("frames_processed")
            return FrameResult(
                camera=frame.camera,
                stamp=frame.stamp,
                width=width,
                height=height,
                targets=cam.targets.results(frame.camera, width, height),
                latency=time.perf_counter() - begin,
                rejected=cam.take_rejected(),
                notes=cam.take_notes(),
            )


def _runtime(
    network: Re3Network | Runtime | str | Path, name: str, device: str | torch.device
) -> Runtime:
    if isinstance(network, Runtime):
        return network
    loaded = network if isinstance(network, Re3Network) else load(network, device)
    return make_runtime(loaded, name, device)
