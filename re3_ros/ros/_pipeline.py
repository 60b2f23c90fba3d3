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

import threading
import time
import traceback
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
from ._mailbox import Mailbox
from ._throttle import Throttle
from ._topics import RESULTS, CameraTopics

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
    every status; ``outputs`` make what else is to be published. To be made and closed by the
    thread that spins ``node``.
    """

    def __init__(
        self,
        node: Node,
        session: TrackingSession,
        qos: QoSProfile,
        live: Live,
        about: Mapping[str, str],
        outputs: Sequence[Callable[[Node, Mapping[str, Camera], Live], Output]] = (),
    ) -> None:
        self._node = node
        self._session = session
        self._live = live
        self._about = dict(about)
        self._mailbox: Mailbox[Arrival] = Mailbox()
        self._throttle = Throttle()
        self._counts = Counts()
        several = len(session.cameras) > 1
        self.cameras = {name: self._camera(name, several, qos) for name in session.cameras}
        self._outputs = [make(node, self.cameras, live) for make in outputs]
        self._init_box = node.create_subscription(
            Detection2D, "init_box", self._guarded(self._on_box), RESULTS
        )
        self._clear = node.create_service(Trigger, "~/clear", self._on_clear)
        self._worker = threading.Thread(target=self._work, name="tracker", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Stop: no more input, then no more work, then no more output."""
        for camera in self.cameras.values():
            camera.topics.close_input()
        self._node.destroy_subscription(self._init_box)
        self._node.destroy_service(self._clear)
        self._mailbox.close()
        self._worker.join()
        for output in self._outputs:
            output.close()
        for camera in self.cameras.values():
            camera.topics.close_output()

    def _camera(self, name: str, several: bool, qos: QoSProfile) -> Camera:
        def on_image(message: Any) -> None:
            camera = self.cameras[name]
            if self._mailbox.put(name, camera.arrive(message)):
                camera.counts.add("frames_dropped")

        topics = CameraTopics(self._node, f"{name}/" if several else "", qos, on_image)
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
        process = self._guarded(self._process)
        while (arrival := self._mailbox.take()) is not None:
            process(arrival)

    def _process(self, arrival: Arrival) -> None:
        camera = arrival.camera
        try:
            image = image_of(arrival.message)
            stamp = stamp_of(arrival.message.header)
            result = self._session.process(Frame(camera.name, stamp, image))
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
            output.publish(arrival, image, result)

    def _publish(self, arrival: Arrival, result: FrameResult) -> None:
        for reason in result.rejected:
            self._reject_box("late", reason)
        about = TrackerStatus(boxes_rejected=self._counts["boxes_rejected"], **self._about)
        primary, class_id = self._live["primary"], self._live["class_id"]
        arrival.camera.publish(result, arrival, primary, class_id, about)

    # Both threads.

    def _guarded(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return ``work``, which logs what it raises: the next message is another chance."""

        def guarded(message: Any) -> None:
            try:
                work(message)
            except Exception as error:  # noqa: BLE001, it would end the thread
                self._warn(f"{work.__name__} {type(error).__name__}", traceback.format_exc())

        return guarded

    def _reject_box(self, kind: str, reason: str) -> None:
        self._counts.add("boxes_rejected")
        self._warn(kind, f"box rejected: {reason}")

    def _warn(self, key: str, text: str) -> None:
        held_back = self._throttle.due(key)
        if held_back is not None:
            more = f" ({held_back} more like this since the last line)" if held_back else ""
            self._node.get_logger().warning(text + more)
