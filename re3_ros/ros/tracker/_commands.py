# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the node is told: boxes to follow, targets to drop, when to rest.

Everything here runs on the thread of the executor and takes no time: the session only takes note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Detection2D, Detection2DArray

from re3_ros.errors import CameraError, ConfigError, InputError, TargetError
from re3_ros.ros.kit import QUEUE_DEPTH, Faults, Reports
from re3_ros.tracking import TrackingSession, stamp_of

from ._advice import advice
from ._bridge import DetectorBridge
from ._camera import Camera, cameras_of
from ._convert import box_of, class_of

DEFAULT_TARGET = "target"
"""Name of the target of a box without an id."""


class Commands:
    """Topics and services by which a ``session`` is told what to do.

    ``detector`` is the topic of a detector, empty for none; its detections go to ``bridge``. Raises
    ConfigError for a name that no topic can have.
    """

    def __init__(
        self,
        node: Node,
        session: TrackingSession,
        cameras: Mapping[str, Camera],
        bridge: DetectorBridge,
        reports: Reports,
        faults: Faults,
        detector: str = "",
    ) -> None:
        self.enabled = True
        """Whether images are to be processed."""
        self._node = node
        self._session = session
        self._cameras = cameras
        self._bridge = bridge
        self._reports = reports
        self._faults = faults
        self._subscriptions = [
            self._listen(Detection2D, "init_box", self._on_box),
            self._listen(Detection2DArray, "init_boxes", self._on_boxes),
            self._listen(String, "drop_target", self._on_drop),
        ]
        if detector:
            self._subscriptions.append(self._listen_to_detector(detector))
        self._services = [
            node.create_service(Trigger, "~/clear", self._on_clear),
            node.create_service(SetBool, "~/enable", self._on_enable),
        ]

    def close(self) -> None:
        """Destroy topics and services."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for service in self._services:
            self._node.destroy_service(service)

    def _listen(self, kind: type, topic: str, work: Callable[[Any], None]) -> Any:
        guarded = self._faults.guard(topic, work)
        return self._node.create_subscription(kind, topic, guarded, QUEUE_DEPTH)

    def _listen_to_detector(self, topic: str) -> Any:
        try:
            return self._listen(Detection2DArray, topic, self._on_detections)
        except (InvalidTopicNameException, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ConfigError(
                f"detector is {topic!r}, which is no topic name ({reason}); expected one such as "
                "/detector/detections, or nothing"
            ) from error

    def _on_box(self, message: Any) -> None:
        self._start(message, message.header)

    def _on_boxes(self, message: Any) -> None:
        """Start every target; the header of the array counts where a box has none of its own."""
        seen: set[str] = set()
        for box in message.detections:
            name = box.id or DEFAULT_TARGET
            if name in seen:
                kind, way_out = f"{name} twice in init_boxes", "give each box an id of its own"
                self._reports.reject_box(kind, f"target {name!r} is in init_boxes twice; {way_out}")
                continue
            seen.add(name)
            own = box.header.frame_id or box.header.stamp.sec or box.header.stamp.nanosec
            self._start(box, box.header if own else message.header)

    def _start(self, message: Any, header: Any) -> None:
        name = message.id or DEFAULT_TARGET
        try:
            camera = self._camera_named(header.frame_id)
            box = box_of(message.bbox)
            stamp, upcoming = stamp_of(header), camera.skipped
            self._session.initialise(camera.name, name, box, stamp, upcoming=upcoming)
        except InputError as error:
            # Of another target it may be for another reason, which its sender has to know as well.
            kind = f"{type(error).__name__} of {name}"
            self._reports.reject_box(kind, f"{error}{advice(error)}")
            return
        camera.remember_class(name, class_of(message), self._session.targets(camera.name))
        corners = ", ".join(f"{v:.1f}" for v in box)
        self._reports.info(f"{camera.name}: following {name!r} from {corners}")

    def _on_drop(self, message: Any) -> None:
        """Drop the target of that name on every camera; ``camera/name`` is that of one camera."""
        try:
            for camera, name in self._targets_named(message.data):
                self._session.drop(camera, name)
                self._reports.info(f"{camera}: dropped {name!r}")
        except InputError as error:
            self._reports.warn("drop", f"nothing dropped: {error}")

    def _on_detections(self, message: Any) -> None:
        try:
            self._bridge.add(self._camera_named(message.header.frame_id), message)
        except InputError as error:
            self._reports.warn("detector", f"detections ignored: {error}")

    def _on_clear(self, _request: Any, response: Any) -> Any:
        self._session.clear()
        response.success = True
        return response

    def _on_enable(self, request: Any, response: Any) -> Any:
        self.enabled = bool(request.data)
        what = "images are tracked" if self.enabled else "images are ignored, targets are kept"
        response.success, response.message = True, what
        self._reports.info(f"{'enabled' if self.enabled else 'disabled'}: {what}")
        return response

    def _targets_named(self, text: str) -> list[tuple[str, str]]:
        """Return camera and name of the targets that a text means. Raises TargetError for none."""
        known = [(c, name) for c in self._cameras for name in self._session.targets(c)]
        found = [(c, name) for c, name in known if text in (name, f"{c}/{name}")]
        if not found:
            raise TargetError(f"no target {text!r}; there are {_listed(known)}")
        return found

    def _camera_named(self, frame_id: str) -> Camera:
        found = cameras_of(frame_id, self._cameras)
        if len(found) == 1:
            return found[0]
        seen = {c.name: c.frame_id for c in self._cameras.values()}
        raise CameraError(
            f"header.frame_id {frame_id!r} names {'several cameras' if found else 'no camera'}; "
            f"expected one of {list(seen)}, or the frame_id of its images (now {seen})"
        )


def _listed(targets: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{camera}/{name}" for camera, name in targets) or "none"
