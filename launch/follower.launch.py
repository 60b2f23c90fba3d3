# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Follow a target with a robot: re3_tracker, and re3_follower that drives after its detection.

A robot with a camera (then give the box, see tracker.launch.py):
    ros2 launch re3_ros follower.launch.py image:=/camera/image_raw camera_info:=/camera/camera_info

A simulated one, which also gives the box:
    ros2 launch re3_ros follower.launch.py simulation:=true
"""

from launch.action import Action
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

SHARE = FindPackageShare("re3_ros")
TRACKER = PathJoinSubstitution([SHARE, "launch", "tracker.launch.py"])
DEFAULT_PARAMETERS = PathJoinSubstitution([SHARE, "config", "follower.yaml"])
SIMULATED_TRACKER = PathJoinSubstitution([SHARE, "config", "tracker_simulation.yaml"])
BOOLEANS = ["true", "false", "True", "False"]

# name, default, description
ARGUMENTS = (
    ("namespace", "", "Namespace of the nodes and of their relative topics."),
    ("image", "image", "Topic to take images from."),
    ("camera_info", "camera_info", "Topic of its calibration: the follower takes the size there."),
    ("init_box", "init_box", "Topic to take boxes from that start a target (Detection2D)."),
    ("cmd_vel", "cmd_vel", "Topic of the commands (Twist)."),
    ("detection", "detection", "Topic of the target to follow (Detection2D)."),
    ("status", "status", "Topic of the tracker's status."),
    ("params_file", DEFAULT_PARAMETERS, "YAML file of the follower's parameters."),
    ("tracker_params_file", "", "YAML file of the tracker's; empty: its default."),
    ("device", "", "Device of the tracker's network: auto, cpu, cuda, cuda:1; empty: as there."),
    ("weights", "", "The tracker's file of weights; empty: as in tracker_params_file."),
)
SWITCHES = (
    ("tracker", "true", "Start the tracker too; false: it runs already."),
    ("simulation", "false", "Start the simulated yard, whose time all nodes take."),
    ("use_sim_time", "false", "Take the time from /clock."),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the nodes."""
    texts = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in ARGUMENTS]
    switches = [
        DeclareLaunchArgument(n, default_value=d, description=t, choices=BOOLEANS)
        for n, d, t in SWITCHES
    ]
    return LaunchDescription([*texts, *switches, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[Action]:
    """Return the actions, now that the arguments have values."""
    names = [name for name, _, _ in (*ARGUMENTS, *SWITCHES)]
    values = {name: LaunchConfiguration(name).perform(context) for name in names}
    simulation = is_true(values["simulation"])
    if simulation:
        values["use_sim_time"] = "true"
    actions = [follower(values)]
    if is_true(values["tracker"]):
        actions.append(tracker(values, simulation))
    if simulation:
        actions.append(node("re3_yard", values, ("image", "camera_info", "init_box", "status")))
    return actions


def is_true(text: str) -> bool:
    """Tell whether a switch is on."""
    return text.lower() == "true"


def follower(values: dict[str, str]) -> Node:
    """Return the follower."""
    parameters = [
        ParameterFile(values["params_file"], allow_substs=True),
        {"use_sim_time": is_true(values["use_sim_time"])},
    ]
    return node("re3_follower", values, ("detection", "status", "camera_info"), parameters)


def node(
    name: str, values: dict[str, str], topics: tuple[str, ...], parameters: list | None = None
) -> Node:
    """Return a node of this package with these topics, and cmd_vel, remapped."""
    return Node(
        package="re3_ros",
        executable=name,
        name=name,
        namespace=values["namespace"],
        output="screen",
        emulate_tty=True,
        parameters=parameters or [],
        remappings=[(topic, values[topic]) for topic in (*topics, "cmd_vel")],
    )


def tracker(values: dict[str, str], simulation: bool) -> Action:
    """Return the tracker's own launch file with its arguments."""
    shared = ("namespace", "image", "init_box", "detection", "status", "device", "weights")
    given = {name: values[name] for name in (*shared, "use_sim_time")}
    parameters = values["tracker_params_file"] or (SIMULATED_TRACKER if simulation else "")
    if parameters:
        given["params_file"] = parameters
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(TRACKER), launch_arguments=given.items()
    )
