# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Start re3_tracker as a lifecycle node and, unless autostart:=false, bring it up.

One camera:
    ros2 launch re3_ros tracker.launch.py image:=/camera/image_raw

Several, with their image topics in the same order:
    ros2 launch re3_ros tracker.launch.py cameras:=left,right image:=/l/image_raw,/r/image_raw
"""

from launch.action import Action
from launch.actions import EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.parameter_descriptions import ParameterFile
from lifecycle_msgs.msg import Transition

from launch import LaunchContext, LaunchDescription
from re3_ros.ros.launching import LAUNCH, SHARE, describe, is_true, look_for, switch

DEFAULT_PARAMETERS = PathJoinSubstitution([SHARE, "config", "tracker.yaml"])
DEFAULT_RVIZ = PathJoinSubstitution([SHARE, "rviz", "tracker.rviz"])

# name, default, description
ARGUMENTS = (
    ("namespace", "", "Namespace of the node and of its relative topics."),
    ("name", "re3_tracker", "Name of the node."),
    ("cameras", "", "Names of the cameras, separated by commas; empty: as in params_file."),
    ("image", "", "Topic to take images from, of several cameras one each, separated by commas."),
    ("init_box", "init_box", "Topic to take boxes from that start a target (Detection2D)."),
    ("depth", "depth", "Topic of the depth images, for a single camera."),
    ("camera_info", "camera_info", "Topic of the calibration, for a single camera."),
    ("detections", "detections", "Topic of all targets per image, for a single camera."),
    ("detection", "detection", "Topic of the primary target, for a single camera."),
    ("status", "status", "Topic of the tracker's status, for a single camera."),
    ("detections_3d", "detections_3d", "Topic of their places in space, for a single camera."),
    ("pose", "pose", "Topic of the primary target's place, for a single camera."),
    ("debug_image", "debug_image", "Topic of the annotated image, for a single camera."),
    ("params_file", DEFAULT_PARAMETERS, "YAML file of parameters."),
    ("image_transport", "", "How images come: raw, compressed; empty: as in params_file."),
    ("detector", "", "Topic of a detector that finds lost targets; empty: as in params_file."),
    ("device", "", "Device of the network: auto, cpu, cuda, cuda:1; empty: as in params_file."),
    ("runtime", "", "What runs the network: auto, torch, openvino, ...; empty: as in params_file."),
    ("weights", "", "File of weights; empty: as in params_file, by default the shipped one."),
    ("bond", "", "Seconds between signs of life for nav2's manager; empty: as in params_file."),
    ("use_sim_time", "false", "Take the time from /clock."),
    ("log_level", "info", "debug, info, warn, error or fatal."),
    ("rviz_config", DEFAULT_RVIZ, "RViz configuration used with rviz:=true."),
    ("fixed_frame", "", "Frame in which RViz draws targets in space; empty: as in rviz_config."),
    switch("autostart", "true", "Configure and activate the node; false leaves that to a manager."),
    switch("rviz", "false", "Also start RViz: the image, the annotated one, targets in space."),
)
OF_ONE_CAMERA = (
    "depth",
    "camera_info",
    "detections",
    "detection",
    "status",
    "detections_3d",
    "pose",
    "debug_image",
)

VIEWED = ("image", "debug_image", "markers")
"""What RViz shows of a camera."""


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the node, and RViz if wanted."""
    return describe(ARGUMENTS, start)


def start(values: dict[str, str]) -> list[Action]:
    """Return the actions, now that the arguments have values."""
    rviz = is_true(values["rviz"])
    executables = [("re3_ros", "re3_tracker"), *([("rviz2", "rviz2")] if rviz else [])]
    look_for(values, executables, ["params_file", *(["rviz_config"] if rviz else [])])
    node = tracker(values)
    # The handlers have to be there before the process is.
    return [*(bring_up(node) if is_true(values["autostart"]) else []), node, viewer(values)]


def tracker(values: dict[str, str]) -> LifecycleNode:
    """Return the node; arguments left empty leave the parameters file its say."""
    cameras = split(values["cameras"])
    named = ("device", "runtime", "weights", "image_transport", "detector")
    given = {name: values[name] for name in named if values[name]}
    if cameras:
        given["cameras"] = cameras
    if values["bond"]:
        given["bond_heartbeat_period"] = float(values["bond"])
    given["use_sim_time"] = is_true(values["use_sim_time"])
    return LifecycleNode(
        package="re3_ros",
        executable="re3_tracker",
        name=values["name"],
        namespace=values["namespace"],
        output="screen",
        emulate_tty=True,
        additional_env=LAUNCH,
        parameters=[ParameterFile(values["params_file"], allow_substs=True), given],
        remappings=remappings(values),
        ros_arguments=["--log-level", values["log_level"]],
    )


def remappings(values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the remappings of the topics: of one camera, or of the images of several."""
    cameras, images = split(values["cameras"]), split(values["image"])
    boxes = [("init_box", values["init_box"])]
    if len(cameras) < 2:
        if len(images) > 1:
            raise RuntimeError(f"{len(images)} image topics for one camera: name the cameras too")
        others = [(name, values[name]) for name in OF_ONE_CAMERA]
        return [*boxes, *others, *(("image", topic) for topic in images)]
    if images and len(images) != len(cameras):
        raise RuntimeError(f"cameras are {cameras}, but image topics {images}: give one for each")
    named = [f"{camera}/image" for camera in cameras]
    return [*boxes, *zip(named, images, strict=False)]


def split(text: str) -> list[str]:
    """Return the parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def bring_up(node: LifecycleNode) -> list[Action]:
    """Return handlers that configure the node when it runs, and activate it when configured.

    Once: whoever cleans the node up later, or sets right what kept it from being configured, has
    taken over, and nothing is activated behind their back. With events and not with the attribute
    `autostart`, which launch_ros of Humble and Jazzy lack.
    """
    configure = change(node, Transition.TRANSITION_CONFIGURE)
    activate = change(node, Transition.TRANSITION_ACTIVATE)
    steps = Once()
    return [
        RegisterEventHandler(OnProcessStart(target_action=node, on_start=[configure])),
        on_transition(node, "configuring", "inactive", steps.act(activate)),
        on_transition(node, "configuring", "unconfigured", steps.end(complaint("configured"))),
        on_transition(node, "activating", "inactive", steps.end(complaint("activated"))),
        on_transition(node, "activating", "active", steps.end()),
    ]


class Once:
    """Lets the actions of a bring-up happen until one of them ends it."""

    def __init__(self) -> None:
        self._is_over = False
        self._acted = False

    def act(self, action: Action) -> Action:
        """Return what does ``action`` the first time."""

        def work(_context: LaunchContext) -> list[Action]:
            if self._is_over or self._acted:
                return []
            self._acted = True
            return [action]

        return OpaqueFunction(function=work)

    def end(self, *actions: Action) -> Action:
        """Return what does the ``actions`` the first time, and then ends it all."""

        def work(_context: LaunchContext) -> list[Action]:
            if self._is_over:
                return []
            self._is_over = True
            return list(actions)

        return OpaqueFunction(function=work)


def change(node: LifecycleNode, transition: int) -> Action:
    """Return the action that asks the node for a transition."""
    event = ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)
    return EmitEvent(event=event)


def on_transition(node: LifecycleNode, begin: str, end: str, action: Action) -> Action:
    """Return the handler that acts when the node comes from one state to another."""
    handler = OnStateTransition(
        target_lifecycle_node=node, start_state=begin, goal_state=end, entities=[action]
    )
    return RegisterEventHandler(handler)


def complaint(what: str) -> Action:
    """Return the action that says, as an error, that the node could not be brought up."""
    text = f"re3_tracker was not {what}: see its log above; nothing is tracked until it is"
    return OpaqueFunction(function=lambda _: get_logger("tracker.launch").error(text))


def views(values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the remappings of RViz: those of the node, or the topics of the first camera."""
    cameras, images = split(values["cameras"]), split(values["image"])
    if len(cameras) < 2:
        return remappings(values)
    named = {name: f"{cameras[0]}/{name}" for name in VIEWED}
    return list({**named, **({"image": images[0]} if images else {})}.items())


def viewer(values: dict[str, str]) -> Action:
    """Return RViz, with the topics of the node."""
    frame = ["-f", values["fixed_frame"]] if values["fixed_frame"] else []
    return Node(
        package="rviz2",
        executable="rviz2",
        name="rviz",
        namespace=values["namespace"],
        output="screen",
        arguments=["-d", values["rviz_config"], *frame],
        parameters=[{"use_sim_time": is_true(values["use_sim_time"])}],
        remappings=views(values),
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
