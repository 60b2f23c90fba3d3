# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: declared with range and meaning, checked, read at configure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from re3_ros.errors import ConfigError
from re3_ros.tracking import SessionConfig

RELIABILITIES = ("best_effort", "reliable")
_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)

TOPICS = "Cameras and topics"
NETWORK = "Network"
STATES = "When a target is TRACKING, UNCERTAIN or LOST"
PAST = "Boxes drawn on past images"
TIME = "Time"
DETECTOR = "Detector"
SPACE = "Places in space"
DIAGNOSTICS = "Diagnostics"
GROUPS = (TOPICS, NETWORK, STATES, PAST, TIME, DETECTOR, SPACE, DIAGNOSTICS)
"""Headings in the order of the documentation; those of other rows come after them."""
_SESSION_GROUPS = {
    **dict.fromkeys(("runtime", "threads", "reset_interval"), NETWORK),
    **dict.fromkeys(
        ("ring_size", "ring_megabytes", "max_forward", "stamp_tolerance", "max_ahead"), PAST
    ),
    "time_jump": TIME,
}


@dataclass(frozen=True)
class Spec:
    """One parameter as it is declared."""

    name: str
    default: Any
    text: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    """Whether it can be changed while the node is configured."""
    group: str = TOPICS
    """Heading that it stands under in the documentation, one of GROUPS."""

    def descriptor(self) -> ParameterDescriptor:
        """Return what `ros2 param describe` shows."""
        when = "any time" if self.live else "while unconfigured"
        limits = f"one of: {', '.join(self.choices)}; " if self.choices else ""
        answer = ParameterDescriptor(
            name=self.name,
            description=self.text,
            additional_constraints=f"{limits}can be set {when}",
        )
        if self.low is not None and isinstance(self.default, int):
            whole = IntegerRange(from_value=int(self.low), to_value=int(self.high or 0), step=1)
            answer.integer_range = [whole]
        elif self.low is not None:
            limits_of = {"from_value": float(self.low), "to_value": float(self.high or 0)}
            answer.floating_point_range = [FloatingPointRange(**limits_of)]
        return answer

    def expected(self) -> str:
        """Return which values are good, in words."""
        kind = {bool: "true or false", int: "a whole number", float: "a number such as 1.0"}
        what = kind.get(type(self.default), "names" if self.name == "cameras" else "a text")
        return f"{what} from {limits}" if (limits := self.limits()) else what

    def limits(self) -> str:
        """Return the range in words, empty if there is none."""
        if self.low is None or self.high is None:
            return ""
        number = int if isinstance(self.default, int) else float
        return f"{number(self.low)} to {number(self.high)}"

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value beyond type and range, or nothing."""
        if self.choices and value not in self.choices:
            return f"{self.name} is {value!r}; expected one of {', '.join(self.choices)}"
        return camera_problem(value) if self.name == "cameras" else ""


def camera_problem(names: Sequence[str]) -> str:
    """Return why these names cannot be those of the cameras, or nothing."""
    if not names or len(set(names)) < len(names):
        return f"cameras is {list(names)}; expected one or more different names"
    bad = [name for name in names if not _CAMERA.fullmatch(name)]
    return f"camera name {bad[0]!r} cannot be part of a topic name; use a-z, 0-9, _" if bad else ""


OWN = (
    Spec(
        "cameras",
        ["camera"],
        "names of the cameras; with one, the topics are image, detections and so on, with several "
        "<camera>/image, <camera>/detections and so on",
    ),
    Spec(
        "image_reliability",
        "best_effort",
        "reliability of the image subscription; best_effort (as in SensorDataQoS) receives from "
        "both kinds of publisher, reliable from reliable ones only",
        choices=RELIABILITIES,
    ),
    Spec("image_depth", 5, "depth of the queue of the image subscription", 1, 1000),
    Spec(
        "image_history",
        "keep_last",
        "history of the image subscription; keep_all queues without end and ignores the depth",
        choices=("keep_last", "keep_all"),
    ),
    Spec(
        "image_transport",
        "raw",
        "raw takes sensor_msgs/Image from image, compressed takes sensor_msgs/CompressedImage "
        "(JPEG or PNG) from image/compressed",
        choices=("raw", "compressed"),
    ),
    Spec(
        "result_reliability",
        "reliable",
        "reliability of detections, detection and status; reliable serves subscribers of both "
        "kinds, best_effort only those that ask for no more",
        choices=RELIABILITIES,
    ),
    Spec("result_depth", 10, "depth of the queues of detections, detection, status", 1, 1000),
    Spec(
        "primary",
        "",
        "id of the target that is published on the topic detection; empty = the oldest one",
        live=True,
    ),
    Spec("class_id", "object", "the class_id that every detection bears", live=True),
    Spec(
        "silence_warning",
        5.0,
        "seconds without an image, a box or an activation after which log and "
        "diagnostics say so; 0 = never",
        0.0,
        86400.0,
        live=True,
    ),
    Spec(
        "bond_heartbeat_period",
        0.0,
        "seconds between the signs of life for nav2's lifecycle manager, as its own nodes send "
        "them (0.1 there); 0 = none",
        0.0,
        3600.0,
    ),
    Spec(
        "weights",
        "",
        "safetensors file of the network; empty = the compact one shipped",
        group=NETWORK,
    ),
    Spec(
        "device",
        "auto",
        "where the network runs: auto (CUDA if there is any), cpu, cuda, cuda:1",
        group=NETWORK,
    ),
    Spec(
        "detector",
        "",
        "topic of a detector (vision_msgs/Detection2DArray) whose detections find LOST targets of "
        "the same class_id again; empty = none",
        group=DETECTOR,
    ),
    Spec(
        "detector_score",
        0.6,
        "score from which a LOST target, looking at a detection, counts as found there",
        0.0,
        1.0,
        live=True,
        group=DETECTOR,
    ),
    Spec(
        "detector_overlap",
        0.5,
        "IoU from which the box that a LOST target finds is that of the detection, and a detection "
        "is of a target that is not LOST",
        0.0,
        1.0,
        live=True,
        group=DETECTOR,
    ),
    Spec(
        "detector_looks",
        4,
        "most looks of LOST targets at detections after an image; where more are possible, they "
        "take turns",
        1,
        64,
        live=True,
        group=DETECTOR,
    ),
    Spec(
        "depth_tolerance",
        0.05,
        "seconds by which the stamp of a depth image may differ from that of the image",
        0.0,
        10.0,
        live=True,
        group=SPACE,
    ),
    Spec(
        "camera_model",
        "auto",
        "what images camera_info is read for: rectified ones (P), raw ones (K and D), or auto: "
        "rectified if their topic has rect in its name, else raw",
        choices=("auto", "rectified", "raw"),
        live=True,
        group=SPACE,
    ),
    Spec(
        "publish_tf",
        False,
        "whether a frame for each target is sent on /tf",
        live=True,
        group=SPACE,
    ),
    Spec(
        "tf_prefix",
        "re3/",
        "what the names of these frames begin with; the target's id follows",
        live=True,
        group=SPACE,
    ),
    Spec(
        "diagnostic_period",
        1.0,
        "seconds between two messages on /diagnostics; 0 = none",
        0.0,
        3600.0,
        live=True,
        group=DIAGNOSTICS,
    ),
    Spec(
        "diagnostic_min_rate",
        0.0,
        "detections a second of a camera under which its diagnostics warn; 0 = never",
        0.0,
        1000.0,
        live=True,
        group=DIAGNOSTICS,
    ),
    Spec(
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


def session_specs() -> Iterable[Spec]:
    """Return a parameter for every setting of the tracking session."""
    for field in dataclasses.fields(SessionConfig):
        about = field.metadata
        limits = about.get("low"), about.get("high"), about.get("choices", ())
        group = _SESSION_GROUPS.get(field.name, STATES)
        yield Spec(field.name, field.default, about["help"], *limits, group=group)


SPECS = {spec.name: spec for spec in (*OWN, *session_specs())}


@dataclass(frozen=True)
class Settings:
    """The parameters' values at configure."""

    cameras: tuple[str, ...]
    weights: str
    device: str
    image_reliability: str
    image_depth: int
    session: SessionConfig


class NodeParameters:
    """Declares the parameters on a node and keeps watch over them.

    A bad value in a file or on the command line does not end the process: it is kept back, and
    `read` raises ConfigError until a good one is set. ``settable`` tells whether parameters that
    are not live may be set now.
    """

    def __init__(self, node: Node, settable: Callable[[], bool]) -> None:
        self._node = node
        self._settable = settable
        self._problems: dict[str, str] = {}
        for spec in SPECS.values():
            self._declare(spec)
        node.add_on_set_parameters_callback(self._check)

    def __getitem__(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def read(self) -> Settings:
        """Return the present values. Raises ConfigError for a bad one, naming its range."""
        if self._problems:
            raise ConfigError("; ".join(self._problems.values()))
        config = {field.name: self[field.name] for field in dataclasses.fields(SessionConfig)}
        return Settings(
            cameras=tuple(self["cameras"]),
            weights=self["weights"],
            device=self["device"],
            image_reliability=self["image_reliability"],
            image_depth=self["image_depth"],
            session=SessionConfig.from_mapping(config),
        )

    def _declare(self, spec: Spec) -> None:
        try:
            value = self._node.declare_parameter(spec.name, spec.default, spec.descriptor()).value
            problem = spec.problem(value)
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            reason = str(error).partition(". Reason: ")[0]
            problem = f"parameter {spec.name}: {reason}; expected {spec.expected()}"
            declare = self._node.declare_parameter
            declare(spec.name, spec.default, spec.descriptor(), ignore_override=True)
        if problem:
            self._problems[spec.name] = problem
            self._node.get_logger().error(f"{problem}; set it right, then configure")

    def _check(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        """Accept or refuse values that have the right type and range."""
        for parameter in parameters:
            spec = SPECS.get(parameter.name)
            if spec is None:
                continue
            reason = spec.problem(parameter.value)
            if not (reason or spec.live or self._settable()):
                reason = f"{spec.name} is read at configure: run cleanup first, then set it"
            if reason:
                return SetParametersResult(successful=False, reason=reason)
            self._problems.pop(spec.name, None)
        return SetParametersResult(successful=True)
