# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Follow a target with a robot: re3_tracker, and re3_follower that drives after its detection.

A robot with a camera (then give the box, see tracker.launch.py):
    ros2 launch re3_ros follower.launch.py image:=/camera/image_raw camera_info:=/camera/camera_info

A simulated one, which also gives the box:
    ros2 launch re3_ros follower.launch.py simulation:=true
"""

from launch.action import Action
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile

from launch import LaunchDescription
from re3_ros.ros import launching
from re3_ros.ros.launching import SHARE, is_true, look_for, switch

DEFAULT_PARAMETERS = PathJoinSubstitution([SHARE, "config", "follower.yaml"])
SIMULATED_TRACKER = PathJoinSubstitution([SHARE, "config", "tracker_simulation.yaml"])

# name, default, description
ARGUMENTS = (
    launching.NAMESPACE,
    launching.IMAGE,
    ("camera_info", "camera_info", "Topic of its calibration: the follower takes the size there."),
    launching.INIT_BOX,
    ("cmd_vel", "cmd_vel", "Topic of the commands (Twist)."),
    ("detection", "detection", "Topic of the target to follow (Detection2D)."),
    ("status", "status", "Topic of the tracker's status."),
    ("params_file", DEFAULT_PARAMETERS, "YAML file of the follower's parameters."),
    ("tracker_params_file", "", "YAML file of the tracker's; empty: its default."),
    launching.DEVICE,
    launching.RUNTIME,
    launching.WEIGHTS,
    launching.TRACKER,
    switch("simulation", "false", "Start the simulated yard, whose time all nodes take."),
    launching.USE_SIM_TIME,
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the nodes."""
    return launching.describe(ARGUMENTS, start)


def start(values: dict[str, str]) -> list[Action]:
    """Return the actions, now that the arguments have values."""
    simulation = is_true(values["simulation"])
    if simulation:
        values["use_sim_time"] = "true"
    with_tracker = is_true(values["tracker"])
    executables = [("re3_ros", name) for name in ("re3_follower", *["re3_yard"] * simulation)]
    look_for(values, executables, ["params_file", *["tracker_params_file"] * with_tracker])
    # The tracker first: what its own launch file misses has to end it before anything is started.
    actions = [tracker(values, simulation)] if with_tracker else []
    actions.append(follower(values))
    if simulation:
        topics = ("image", "camera_info", "init_box", "status", "cmd_vel")
        actions.append(launching.node("re3_yard", values, topics))
    return actions


def follower(values: dict[str, str]) -> Node:
    """Return the follower."""
    parameters = [
        ParameterFile(values["params_file"], allow_substs=True),
        {"use_sim_time": is_true(values["use_sim_time"])},
    ]
    topics = ("detection", "status", "camera_info", "cmd_vel")
    return launching.node("re3_follower", values, topics, parameters)


def tracker(values: dict[str, str], simulation: bool) -> Action:
    """Return the tracker's own launch file with its arguments."""
    shared = ("namespace", "image", "init_box", "detection", "status", *launching.NETWORK)
    parameters = values["tracker_params_file"] or (SIMULATED_TRACKER if simulation else "")
    return launching.tracker(values, (*shared, "use_sim_time"), parameters)
