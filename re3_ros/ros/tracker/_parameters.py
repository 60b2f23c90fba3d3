# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: declared with range and meaning, checked, read at configure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rclpy.node import Node

from re3_ros.ros.kit import GuardedParameters, ParameterSpec
from re3_ros.tracking import SessionConfig

RELIABILITIES = ("best_effort", "reliable")
_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)

TOPICS = "Cameras and topics"
NETWORK = "Network"
STATES = "When a target is TRACKING, UNCERTAIN or LOST"
PAST = "Boxes drawn on past images"
TIME = "Time"
DETECTOR = "Detector"
POSITIONS = "3D positions"
DIAGNOSTICS = "Diagnostics"
GROUPS = (TOPICS, NETWORK, STATES, PAST, TIME, DETECTOR, POSITIONS, DIAGNOSTICS)
"""Headings in the order of the documentation; those of other rows come after them."""
_SESSION_GROUPS = {
    **dict.fromkeys(("runtime", "threads", "reset_interval"), NETWORK),
    **dict.fromkeys(
        ("ring_size", "ring_megabytes", "max_forward", "stamp_tolerance", "max_ahead"), PAST
    ),
    "time_jump": TIME,
}

_LIVE = {"time_jump"}
"""Settings of the session that the pipeline brings up to date between two images."""


def camera_problem(names: Sequence[str]) -> str:
    """Return why these names cannot be those of the cameras, or nothing."""
    if not names or len(set(names)) < len(names):
        return f"cameras is {list(names)}; expected one or more different names"
    bad = [name for name in names if not _CAMERA.fullmatch(name)]
    return f"camera name {bad[0]!r} cannot be part of a topic name; use a-z, 0-9, _" if bad else ""


OWN = (
    ParameterSpec(
        "cameras",
        ["camera"],
        "names of the cameras; with one, the topics are image, detections and so on, with several "
        "<camera>/image, <camera>/detections and so on",
        check=camera_problem,
        group=TOPICS,
    ),
    ParameterSpec(
        "image_reliability",
        "best_effort",
        "reliability of the image subscription; best_effort (as in SensorDataQoS) receives from "
        "both kinds of publisher, reliable from reliable ones only",
        choices=RELIABILITIES,
        group=TOPICS,
    ),
    ParameterSpec(
        "image_depth", 5, "depth of the queue of the image subscription", 1, 1000, group=TOPICS
    ),
    ParameterSpec(
        "image_history",
        "keep_last",
        "history of the image subscription; keep_all queues without end and ignores the depth",
        choices=("keep_last", "keep_all"),
        group=TOPICS,
    ),
    ParameterSpec(
        "image_transport",
        "raw",
        "raw takes sensor_msgs/Image from image, compressed takes sensor_msgs/CompressedImage "
        "(JPEG or PNG) from image/compressed",
        choices=("raw", "compressed"),
        group=TOPICS,
    ),
    ParameterSpec(
        "result_reliability",
        "reliable",
        "reliability of detections, detection and status; reliable serves subscribers of both "
        "kinds, best_effort only those that ask for no more",
        choices=RELIABILITIES,
        group=TOPICS,
    ),
    ParameterSpec(
        "result_depth",
        10,
        "depth of the queues of detections, detection, status",
        1,
        1000,
        group=TOPICS,
    ),
    ParameterSpec(
        "primary",
        "",
        "id of the target that is published on the topic detection; empty = the oldest one",
        live=True,
        group=TOPICS,
    ),
    ParameterSpec(
        "class_id", "object", "the class_id that every detection bears", live=True, group=TOPICS
    ),
    ParameterSpec(
        "silence_warning",
        5.0,
        "seconds without an image, a box or an activation after which log and "
        "diagnostics say so; 0 = never",
        0.0,
        86400.0,
        live=True,
        group=TOPICS,
    ),
    ParameterSpec(
        "bond_heartbeat_period",
        0.0,
        "seconds between the signs of life for nav2's lifecycle manager, as its own nodes send "
        "them (0.1 there); 0 = none",
        0.0,
        3600.0,
        group=TOPICS,
    ),
    ParameterSpec(
        "weights",
        "",
        "safetensors file of the network; empty = the compact one shipped",
        group=NETWORK,
    ),
    ParameterSpec(
        "device",
        "auto",
        "where the network runs: auto (CUDA if there is any), cpu, cuda, cuda:1",
        group=NETWORK,
    ),
    ParameterSpec(
        "detector",
        "",
        "topic of a detector (vision_msgs/Detection2DArray) whose boxes re-detect LOST targets "
        "of the same class_id; empty = none",
        group=DETECTOR,
    ),
    ParameterSpec(
        "detector_score",
        0.6,
        "score from which a LOST target counts as re-detected in a detection",
        0.0,
        1.0,
        live=True,
        group=DETECTOR,
    ),
    ParameterSpec(
        "detector_overlap",
        0.5,
        "IoU from which the box that a LOST target finds is that of the detection, and a detection "
        "is of a target that is not LOST",
        0.0,
        1.0,
        live=True,
        group=DETECTOR,
    ),
    ParameterSpec(
        "detector_looks",
        4,
        "most pairs of a LOST target and a detection matched after an image; where there are more, "
        "they take turns",
        1,
        64,
        live=True,
        group=DETECTOR,
    ),
    ParameterSpec(
        "depth_tolerance",
        0.05,
        "seconds by which the stamp of a depth image may differ from that of the image",
        0.0,
        10.0,
        live=True,
        group=POSITIONS,
    ),
    ParameterSpec(
        "camera_model",
        "auto",
        "what images camera_info is read for: rectified ones (P), raw ones (K and D), or auto: "
        "rectified if their topic has rect in its name, else raw; zeros in P or K: the other one",
        choices=("auto", "rectified", "raw"),
        live=True,
        group=POSITIONS,
    ),
    ParameterSpec(
        "publish_tf",
        False,
        "whether a frame for each target is sent on /tf",
        live=True,
        group=POSITIONS,
    ),
    ParameterSpec(
        "tf_prefix",
        "re3/",
        "what the names of these frames begin with; the target's id follows",
        live=True,
        group=POSITIONS,
    ),
    ParameterSpec(
        "diagnostic_period",
        1.0,
        "seconds between two messages on /diagnostics; 0 = none",
        0.0,
        3600.0,
        live=True,
        group=DIAGNOSTICS,
    ),
    ParameterSpec(
        "diagnostic_min_rate",
        0.0,
        "detections a second of a camera under which its diagnostics warn; 0 = never",
        0.0,
        1000.0,
        live=True,
        group=DIAGNOSTICS,
    ),
    ParameterSpec(
        "diagnostic_max_latency",
        0.0,
        "seconds from the stamp of an image to its detections, exceeded by one in a hundred, over "
        "which the diagnostics of its camera warn; 0 = never",
        0.0,
        3600.0,
        live=True,
        group=DIAGNOSTICS,
    ),
)


def session_specs() -> Iterable[ParameterSpec]:
    """Return a parameter for every setting of the tracking session."""
    for field in dataclasses.fields(SessionConfig):
        about = field.metadata
        limits = about.get("low"), about.get("high"), about.get("choices", ())
        group = _SESSION_GROUPS.get(field.name, STATES)
        live = field.name in _LIVE
        yield ParameterSpec(field.name, field.default, about["help"], *limits, live, group)


SPECS = {spec.name: spec for spec in (*OWN, *session_specs())}


class LiveParameters(Protocol):
    """Where values that may change between two frames are looked up by name."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the present value."""


@dataclass(frozen=True)
class Settings:
    """The parameters' values at configure."""

    cameras: tuple[str, ...]
    weights: str
    device: str
    session: SessionConfig


class NodeParameters(GuardedParameters):
    """The parameters of re3_tracker."""

    def __init__(self, node: Node, settable: Callable[[], bool]) -> None:
        super().__init__(node, SPECS.values(), settable)

    def read(self) -> Settings:
        """Return the present values. Raises ConfigError for a bad one, naming its range."""
        self.require()
        config = {field.name: self[field.name] for field in dataclasses.fields(SessionConfig)}
        return Settings(
            cameras=tuple(self["cameras"]),
            weights=self["weights"],
            device=self["device"],
            session=SessionConfig.from_mapping(config),
        )
