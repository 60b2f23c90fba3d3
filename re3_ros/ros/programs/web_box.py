# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves a page on which a person draws boxes for the tracker, and sees its targets.

    ros2 run re3_ros web_box --ros-args -r image:=/camera/image_raw
    python -m re3_ros.ros.web_box --ros-args -r image:=/camera/image_raw

Images and the node's status in, boxes and drops out; docs/web.md describes the page. Images are
subscribed to while somebody looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from std_msgs.msg import Header, String
from vision_msgs.msg import Detection2D

from re3_ros.boxes import Boxes
from re3_ros.errors import InputError
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    Reports,
    declare_parameters,
    image_qos,
    serve,
)
from re3_ros.ros.tracker import bounding_box, box_of, image_topic, read_image
from re3_ros.tracking import known_state, stamp_of
from re3_ros.web import (
    DEFAULT_ADDRESS,
    Found,
    Matcher,
    ViewTarget,
    WebServer,
    WebSettings,
)

SPECS = (
    ParameterSpec(
        "listen",
        DEFAULT_ADDRESS,
        "HOST:PORT of the page; any but this machine's own needs the token that is printed",
    ),
    ParameterSpec(
        "cameras",
        [""],
        "names of the tracker's cameras, if it has several; with one, the empty name",
    ),
    ParameterSpec("topic", "image", "of the images, after the camera's name"),
    ParameterSpec("image_transport", "raw", "of the images", choices=("raw", "compressed")),
    ParameterSpec(
        "image_reliability", "best_effort", "of the images", choices=("best_effort", "reliable")
    ),
    ParameterSpec("rate", 15.0, "most images a second for a browser", 0.1, 1000.0),
    ParameterSpec("side", 1280, "pixels of the longer side that images are reduced to", 16, 16384),
    ParameterSpec("quality", 80, "of the JPEGs", 1, 100),
    ParameterSpec("clients", 32, "most pages that are open at a time", 1, 1000),
)
"""The program's parameters."""
TURN = 0.2
"""Seconds between two looks at which cameras are watched."""
PENDING = 10.0
"""Seconds that a target has to show after its box was sent."""
ONE = "camera"
"""What the page calls the camera without a name."""
_LATEST = 2**31 * 10**9 - 1
"""Nanoseconds; ROS has 31 bits for seconds."""
NOBODY = "no status of re3_tracker comes: is it active?"
DEAF = "re3_tracker does not listen to boxes yet"
OFF = "tracking is switched off: images are ignored"
SLOW = (
    "the node rejected a box, its log says why; if the image was too old, raise its parameter "
    "ring_size"
)


class Camera:
    """One camera: its status always, its images while they are watched.

    ``boxes`` is where its boxes are published. ``on_rejected`` gets the node's count of rejected
    boxes with each status. ``prefix`` stands before the names of its topics, such as ``left/``.
    """

    def __init__(
        self,
        node: GuardedNode,
        prefix: str,
        tab: str,
        server: WebServer,
        boxes: Any,
        on_rejected: Callable[[int], None],
    ) -> None:
        self.tab = tab
        self.frame_id = ""
        """Of its newest image."""
        self.ids: tuple[str, ...] = ()
        """Of its targets, as the node said last."""
        self._node, self._server = node, server
        self._boxes, self._on_rejected = boxes, on_rejected
        self._reports = Reports(node.get_logger)
        self._matcher = Matcher(lambda view: server.show(tab, view), NOBODY)
        self._images: Any = None
        self._pending: dict[str, float] = {}
        topic = node.get_parameter("topic").value
        self._topic = f"{prefix}{topic}"
        node.names.add(self._topic)  # it may be remapped, also while nobody looks
        node.create_subscription(TrackerStatus, f"{prefix}status", self._on_status, QUEUE_DEPTH)

    @property
    def targets(self) -> tuple[str, ...]:
        """Ids of its targets, and of those whose boxes have just been sent."""
        recent = time.monotonic() - PENDING
        fresh = [name for name, sent in tuple(self._pending.items()) if sent > recent]
        return tuple(dict.fromkeys((*self.ids, *fresh)))

    def expect(self, name: str) -> None:
        """Count a target as there whose box was sent."""
        self._pending = {n: sent for n, sent in self._pending.items() if n in self.targets}
        self._pending[name] = time.monotonic()

    def forget(self, name: str) -> None:
        """Count a target as gone."""
        self._pending.pop(name, None)

    def follow(self, watched: bool) -> None:
        """Subscribe to the images, or no longer."""
        if watched and self._images is None:
            value = {spec.name: self._node.get_parameter(spec.name).value for spec in SPECS}
            kind, name = image_topic(self._node, self._topic, value["image_transport"])
            qos = image_qos(value["image_reliability"], 1)
            self._images = self._node.create_subscription(kind, name, self._on_image, qos)
        elif not watched and self._images is not None:
            self._node.destroy_subscription(self._images)
            self._node.forget_destroyed()
            self._images = None
            self._matcher.clear()
            self._server.clear(self.tab)

    def _on_image(self, message: Any) -> None:
        try:
            stamp = stamp_of(message.header)
        except InputError as error:
            self._reports.warn("image", f"an image is left out: {error}")
            return
        self.frame_id = message.header.frame_id
        self._matcher.add_image(stamp, lambda: read_image(message))

    def _on_status(self, message: Any) -> None:
        try:
            stamp, targets = stamp_of(message.header), [_target(t) for t in message.targets]
        except InputError as error:
            self._reports.warn("status", f"a status is left out: {error}")
            return
        self._on_rejected(message.boxes_rejected)
        if message.fault:
            self._matcher.explain(message.fault)
            return
        self.ids = tuple(target.id for target in targets)
        for name in self.ids:
            self._pending.pop(name, None)
        found = Found(targets, message.latency, self._note(message.enabled))
        self._matcher.add_targets(stamp, found)

    def _note(self, enabled: bool) -> str:
        if not self._boxes.get_subscription_count():
            return DEAF
        return "" if enabled else OFF


class WebBox(GuardedNode):
    """The page's server, and what is behind it: a `re3_ros.web.Tracking` that is a node."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__("web_box", **arguments)
        declare_parameters(self, SPECS)
        values = {spec.name: self.get_parameter(spec.name).value for spec in SPECS}
        tabs = [name or ONE for name in values["cameras"]]
        self._several = len(tabs) > 1
        self._rejected = -1
        self._boxes = self.create_publisher(Detection2D, "init_box", QUEUE_DEPTH)
        self._drops = self.create_publisher(String, "drop_target", QUEUE_DEPTH)
        keys = ("rate", "side", "quality", "clients")
        settings = WebSettings(values["listen"], **{key: values[key] for key in keys})
        self._server = WebServer(tabs, self, settings)
        to_node = self._boxes, self._count_rejected
        self._cameras = {
            tab: Camera(self, f"{name}/" if name else "", tab, self._server, *to_node)
            for tab, name in zip(tabs, values["cameras"], strict=True)
        }
        self.create_timer(TURN, self._turn)
        # Not by the logger, whose lines everybody on the network can read.
        print(f"open {self._server.url} in a browser", flush=True)

    def close(self) -> None:
        """Let go of the address."""
        self._server.end("web_box was ended")
        self._server.close()

    def targets(self, camera: str) -> Sequence[str]:
        """Return the ids of a camera's targets."""
        return self._cameras[camera].targets

    def start(self, camera: str, name: str, box: Boxes, stamp: int) -> None:
        """Publish a box on the image of that stamp. Raises InputError, also if nobody listens."""
        _need_listener(self._boxes)
        there = self._cameras[camera]
        if stamp > _LATEST:
            raise InputError(f"stamp {stamp} is later than ROS can tell; draw on the image again")
        header = Header(frame_id=camera if self._several else there.frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(stamp, 10**9)
        there.expect(name)
        self._boxes.publish(Detection2D(header=header, id=name, bbox=bounding_box(box)))

    def drop(self, camera: str, name: str) -> None:
        """Publish that a target is to be forgotten. Raises InputError if nobody listens."""
        _need_listener(self._drops)
        self._cameras[camera].forget(name)
        self._drops.publish(String(data=f"{camera}/{name}" if self._several else name))

    def _count_rejected(self, count: int) -> None:
        """Tell people when the node has rejected a box, theirs or another."""
        if count > self._rejected >= 0:
            self._server.say(SLOW)
        self._rejected = count

    def _turn(self) -> None:
        for tab, camera in self._cameras.items():
            camera.follow(self._server.is_watched(tab))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; return the exit code."""
    return serve(WebBox, arguments)


def _need_listener(publisher: Any) -> None:
    if not publisher.get_subscription_count():
        raise InputError(
            f"nobody listens on {publisher.topic_name}: is re3_tracker active, and are the names "
            "of its topics remapped here as there?"
        )


def _target(status: Any) -> ViewTarget:
    """Return a target of the node's status. Raises InputError for an unknown state."""
    state = known_state(status.state, status.id)
    return ViewTarget(status.id, state, status.score, box_of(status.bbox))
