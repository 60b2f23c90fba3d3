# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From images to detections: what exists between activate and deactivate.

::

    executor thread   image    -> Mailbox, where the newest frame of each camera wins
                      init_box -> TrackingSession.initialise, which only leaves a note
    worker thread     Mailbox  -> TrackingSession.process -> publishers, then prepare()

So the executor never waits for the network.
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
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2D

from re3_ros.errors import CameraError, InputError
from re3_ros.msg import TrackerStatus
from re3_ros.tracking import Frame, FrameResult, TrackingSession

from ._camera import Arrival, Camera, cameras_of
from ._convert import box_of, image_of, stamp_of
from ._counts import Counts
from ._faults import Faults, check_result
from ._mailbox import Mailbox
from ._throttle import Throttle
from ._topics import RESULTS, CameraTopics

PATIENCE = 10.0
"""Seconds that the worker has to finish its image, once the pipeline is closed."""
DEFAULT_TARGET = "target"
"""Name of the target of a box without an id."""


class Live(Protocol):
    """Where values that may change between two frames are looked up by name."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the present value."""


class Output(Protocol):
    """Something more that is made of each processed image, such as places in 3D."""

    def publish(self, arrival: Arrival, image: NDArray[np.uint8], result: FrameResult) -> None:
        """Publish what an image (RGB) gave; called by the worker, after the detections."""

    def close(self) -> None:
        """Close what is open; the worker has ended."""


class Pipeline:
    """Topics, worker and counters around a ``session``, for each of its cameras.

    ``live`` gives the parameters that may change meanwhile; ``about`` (device, weights) goes into
    every status; ``outputs`` make what else is to be published; ``faults`` gets what is raised
    unexpectedly; ``qos`` is that of the images, ``results`` of what is published. To be made and
    closed by the thread that spins ``node``.
    """

    def __init__(
        self,
        node: Node,
        session: TrackingSession,
        qos: QoSProfile,
        live: Live,
        about: Mapping[str, str],
        outputs: Sequence[Callable[[Node, Mapping[str, Camera], Live], Output]] = (),
        faults: Faults | None = None,
        results: QoSProfile | None = None,
    ) -> None:
        self._node = node
        self._session = session
        self._live = live
        self._about = dict(about)
        self._faults = faults or Faults(node.get_logger)
        self._mailbox: Mailbox[Arrival] = Mailbox()
        self._throttle = Throttle()
        self._counts = Counts()
        self._results = results
        several = len(session.cameras) > 1
        self.cameras = {name: self._camera(name, several, qos) for name in session.cameras}
        self._outputs = [make(node, self.cameras, live) for make in outputs]
        self._init_box = node.create_subscription(
            Detection2D, "init_box", self._faults.guard("init_box", self._on_box), RESULTS
        )
        self._clear = node.create_service(Trigger, "~/clear", self._on_clear)
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
            steps.callback(self._node.destroy_service, self._clear)
            steps.callback(self._node.destroy_subscription, self._init_box)
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
            camera = self.cameras[name]
            if self._mailbox.put(name, camera.arrive(message)):
                camera.counts.add("frames_dropped")

        topics = CameraTopics(
            self._node, f"{name}/" if several else "", qos, on_image, self._results
        )
        return Camera(name, topics, Counts(), last_image=time.monotonic())

    # Executor thread: nothing here may take long.

    def _on_box(self, message: Any) -> None:
        target = message.id or DEFAULT_TARGET
        try:
            camera = self._camera_named(message.header.frame_id)
            box = box_of(message.bbox)
            self._session.initialise(camera, target, box, stamp_of(message.header))
        except InputError as error:
            self._reject_box(type(error).__name__, str(error))
        else:
            corners = ", ".join(f"{v:.1f}" for v in box)
            self._node.get_logger().info(f"{camera}: following {target!r} from {corners}")

    def _on_clear(self, _request: Any, response: Any) -> Any:
        self._session.clear()
        response.success = True
        return response

    def _camera_named(self, frame_id: str) -> str:
        found = cameras_of(frame_id, self.cameras)
        if len(found) == 1:
            return found[0].name
        seen = {c.name: c.frame_id for c in self.cameras.values()}
        raise CameraError(
            f"header.frame_id {frame_id!r} names {'several cameras' if found else 'no camera'}; "
            f"expected one of {list(seen)}, or the frame_id of its images (now {seen})"
        )

    # Worker thread.

    def _work(self) -> None:
        process = self._faults.guard("an image", self._process)
        while (arrival := self._mailbox.take()) is not None:
            process(arrival)

    def _process(self, arrival: Arrival) -> None:
        camera = arrival.camera
        try:
            image = image_of(arrival.message)
            stamp = stamp_of(arrival.message.header)
            result = self._session.process(Frame(camera.name, stamp, image))
            check_result(result)
        except Exception as error:
            camera.counts.add("frames_rejected")
            if not isinstance(error, InputError):
                raise
            self._warn(f"{camera.name} {type(error).__name__}", f"{camera.name}: {error}")
            return
        camera.counts.add("frames_processed")
        self._publish(arrival, result)
        self._session.prepare()
        camera.publish_debug(image, result, arrival)
        for output in self._outputs:
            try:
                output.publish(arrival, image, result)
            except Exception as error:  # noqa: BLE001, the other outputs are none of its business
                self._faults.note(type(output).__name__, error)

    def _publish(self, arrival: Arrival, result: FrameResult) -> None:
        for reason in result.rejected:
            self._reject_box("late", reason)
        primary, class_id = self._live["primary"], self._live["class_id"]
        arrival.camera.publish(result, arrival, primary, class_id, self._status())

    def _status(self) -> TrackerStatus:
        rejected, errors = self._counts["boxes_rejected"], self._faults.count
        return TrackerStatus(enabled=True, boxes_rejected=rejected, errors=errors, **self._about)

    # Both threads.

    def _reject_box(self, kind: str, reason: str) -> None:
        self._counts.add("boxes_rejected")
        self._warn(kind, f"box rejected: {reason}")

    def _warn(self, key: str, text: str) -> None:
        held_back = self._throttle.due(key)
        if held_back is not None:
            more = f" ({held_back} more like this since the last line)" if held_back else ""
            self._node.get_logger().warning(text + more)
