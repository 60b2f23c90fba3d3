# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From images to detections: what exists between activate and deactivate.

::

    executor thread   image    -> Mailbox, where the newest frame of each camera wins
                      init_box -> TrackingSession.initialise, which only leaves a note
    worker thread     Mailbox  -> TrackingSession.process -> publishers, then prepare()

So the executor never waits for the network. What waits of several cameras is decoded by the worker
and goes through the network as one batch.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile

from re3_ros.errors import InputError
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import Counts, Faults, Reports
from re3_ros.tracking import Frame, FrameResult, TrackingSession, stamp_of

from ._advice import advice
from ._bridge import DetectorBridge
from ._camera import Arrival, Camera
from ._commands import Commands
from ._cv_bridge import read_image
from ._mailbox import Mailbox
from ._parameters import LiveParameters
from ._result_check import check_result
from ._topics import CameraTopics

PATIENCE = 10.0
"""Seconds that the worker has to finish its image, once the pipeline is closed."""


class Output(Protocol):
    """Something more that is made of each processed image, such as 3D positions."""

    def publish(self, arrival: Arrival, image: NDArray[np.uint8], result: FrameResult) -> None:
        """Publish what an image (RGB) gave; called by the worker, after the detections."""

    def close(self) -> None:
        """Close what is open; the worker has ended."""


class Pipeline:
    """Topics, worker and counters around a ``session``, for each of its cameras.

    ``live`` gives the parameters that may change meanwhile; ``about`` (device, weights) goes into
    every status; ``outputs`` make what else is to be published; ``faults`` gets what is raised
    unexpectedly; ``qos`` is that of the images, ``results`` of what is published; ``transport`` is
    how the images come (raw, compressed), ``detector`` the topic that finds lost targets again. To
    be made and closed by the thread that spins ``node``.
    """

    def __init__(
        self,
        node: Node,
        session: TrackingSession,
        qos: QoSProfile,
        live: LiveParameters,
        about: Mapping[str, str],
        outputs: Sequence[Callable[[Node, Mapping[str, Camera], LiveParameters], Output]] = (),
        faults: Faults | None = None,
        results: QoSProfile | None = None,
        transport: str = "raw",
        detector: str = "",
    ) -> None:
        self._node = node
        self._session = session
        self._live = live
        self._about = dict(about)
        self._faults = faults or Faults(node.get_logger)
        self._mailbox: Mailbox[Arrival] = Mailbox()
        self._reports = Reports(node.get_logger)
        self._results = results
        self._transport = transport
        several = len(session.cameras) > 1
        self.cameras = {name: self._camera(name, several, qos) for name in session.cameras}
        self._outputs = [make(node, self.cameras, live) for make in outputs]
        self._bridge = DetectorBridge(session, live, self._reports)
        self._commands = Commands(
            node, session, self.cameras, self._bridge, self._reports, self._faults, detector
        )
        self._worker = threading.Thread(target=self._work, name="tracker", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Stop: no more input, then no more work, then no more output.

        All is closed, whatever one of the steps raises. Raises RuntimeError if the worker hangs.
        """
        with contextlib.ExitStack() as steps:  # the last one first
            for camera in self.cameras.values():
                steps.callback(camera.topics.close_output)
            for output in self._outputs:
                steps.callback(output.close)
            steps.callback(self._end_work)
            steps.callback(self._commands.close)
            for camera in self.cameras.values():
                steps.callback(camera.topics.close_input)

    def report(self, fault: str) -> None:
        """Publish a last status of every camera that says why the tracker gives up."""
        for camera in self.cameras.values():
            camera.report(fault, self._node.get_clock().now().to_msg(), self._status())

    def _end_work(self) -> None:
        self._mailbox.close()
        self._worker.join(PATIENCE)
        if self._worker.is_alive():
            raise RuntimeError(
                f"the network has not finished an image for {PATIENCE:g} s, and is left behind "
                "with all that it holds; restart the process if memory is short"
            )

    def _camera(self, name: str, several: bool, qos: QoSProfile) -> Camera:
        def on_image(message: Any) -> None:
            self._arrive(self.cameras[name], message)

        topics = CameraTopics(
            self._node,
            f"{name}/" if several else "",
            qos,
            on_image,
            self._results,
            self._transport,
        )
        return Camera(name, topics, Counts(), last_image=time.monotonic())

    # Executor thread: nothing here may take long.

    def _arrive(self, camera: Camera, message: Any) -> None:
        arrival = camera.arrive(message)
        if not self._commands.enabled:
            camera.ignore(arrival, self._status())
        elif self._mailbox.put(camera.name, arrival):
            camera.counts.add("frames_dropped")

    # Worker thread.

    def _work(self) -> None:
        process = self._faults.guard("an image", self._process)
        while (arrivals := self._mailbox.take()) is not None:
            process(arrivals)

    def _process(self, arrivals: Sequence[Arrival]) -> None:
        if not self._commands.enabled:  # since these came
            for arrival in arrivals:
                arrival.camera.ignore(arrival, self._status())
            return
        self._session.time_jump = self._live["time_jump"]
        frames = {a.camera.name: frame for a in arrivals if (frame := self._frame(a)) is not None}
        seen = [arrival for arrival in arrivals if arrival.camera.name in frames]
        try:
            answers = self._track(list(frames.values()))
        except Exception as error:
            for arrival in seen:
                self._count(arrival, f"{type(error).__name__}: {error}")
            raise
        checked = [(a, self._checked(a, r)) for a, r in zip(seen, answers, strict=True)]
        done = [(arrival, result) for arrival, result in checked if result is not None]
        for arrival, result in done:
            self._publish(arrival, result)
            self._bridge.work(arrival.camera, result)
        if done:
            self._session.prepare()
        for arrival, result in done:
            self._show(arrival, frames[arrival.camera.name].image, result)

    def _frame(self, arrival: Arrival) -> Frame | None:
        """Return the image as the session takes it, None if it cannot be used."""
        try:
            image = read_image(arrival.message)
            return Frame(arrival.camera.name, stamp_of(arrival.message.header), image)
        except Exception as error:  # noqa: BLE001, the other cameras are none of its business
            self._reject(arrival, error)
            return None

    def _track(self, frames: Sequence[Frame]) -> Sequence[FrameResult | InputError]:
        """Return the result of each frame, or why it was rejected."""
        if len(frames) != 1:
            return self._session.process_many(frames) if frames else []
        try:
            return [self._session.process(frames[0])]
        except InputError as error:
            return [error]

    def _checked(self, arrival: Arrival, answer: FrameResult | InputError) -> FrameResult | None:
        """Return the result, None if there is none that can be used."""
        try:
            if isinstance(answer, InputError):
                raise answer
            check_result(answer)
        except Exception as error:  # noqa: BLE001, the other cameras are none of its business
            self._reject(arrival, error)
            return None
        arrival.camera.counts.add("frames_processed")
        arrival.camera.processed = arrival.number
        return answer

    def _reject(self, arrival: Arrival, error: Exception) -> None:
        camera, reason = arrival.camera, f"{type(error).__name__}: {error}"
        if isinstance(error, InputError):
            reason = f"{error}{advice(error)}"
            self._reports.warn(f"{camera.name} {type(error).__name__}", f"{camera.name}: {reason}")
        else:
            self._faults.note("an image", error)
        self._count(arrival, reason)

    def _count(self, arrival: Arrival, reason: str) -> None:
        now = self._node.get_clock().now().to_msg()
        arrival.camera.reject(reason, now, self._status())

    def _show(self, arrival: Arrival, image: NDArray[np.uint8], result: FrameResult) -> None:
        """Publish what nobody waits for."""
        arrival.camera.publish_debug(image, result, arrival)
        for output in self._outputs:
            try:
                output.publish(arrival, image, result)
            except Exception as error:  # noqa: BLE001, the other outputs are none of its business
                self._faults.note(type(output).__name__, error)

    def _publish(self, arrival: Arrival, result: FrameResult) -> None:
        for reason in result.rejected:
            self._reports.reject_box(f"late: {reason}", reason)
        for note in result.notes:
            self._reports.warn(f"{result.camera} note", f"{result.camera}: {note}")
        primary, class_id = self._live["primary"], self._live["class_id"]
        arrival.camera.publish(result, arrival, primary, class_id, self._status())

    # Both threads.

    def _status(self) -> TrackerStatus:
        rejected, errors = self._reports.boxes_rejected, self._faults.count
        enabled = self._commands.enabled
        return TrackerStatus(enabled=enabled, boxes_rejected=rejected, errors=errors, **self._about)
