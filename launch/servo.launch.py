# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bring the camera on an arm in front of a target: re3_tracker, and re3_servo for MoveIt Servo.

An arm with MoveIt Servo running (then give the box, see tracker.launch.py, and call ~/unpause):
    ros2 launch re3_ros servo.launch.py image:=/camera/image_raw camera_info:=/camera/camera_info

A simulated one, which needs no MoveIt and also gives the box:
    ros2 launch re3_ros servo.launch.py simulation:=true
"""

from launch.action import Action
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile

from launch import LaunchDescription
from re3_ros.ros import launching
from re3_ros.ros.launching import SHARE, is_true, look_for, switch

DEFAULT_PARAMETERS = PathJoinSubstitution([SHARE, "config", "servo.yaml"])
SIMULATED_SERVO = PathJoinSubstitution([SHARE, "config", "servo_simulation.yaml"])
SIMULATED_TRACKER = PathJoinSubstitution([SHARE, "config", "tracker_simulation.yaml"])

# name, default, description
ARGUMENTS = (
    launching.NAMESPACE,
    launching.IMAGE,
    ("camera_info", "camera_info", "Topic of the calibration of the images."),
    ("depth", "depth", "Topic of aligned depth images, to keep a distance."),
    launching.INIT_BOX,
    ("detection", "detection", "Topic of the target to follow (Detection2D)."),
    ("detections_3d", "detections_3d", "Topic of 3D positions (Detection3DArray)."),
    ("status", "status", "Topic of the tracker's status."),
    ("servo_node", "/servo_node", "Name of MoveIt Servo's node, which the twists go to."),
    ("params_file", DEFAULT_PARAMETERS, "YAML file of the servo's parameters."),
    ("tracker_params_file", "", "YAML file of the tracker's; empty: its default."),
    launching.DEVICE,
    launching.RUNTIME,
    launching.WEIGHTS,
    launching.TRACKER,
    switch("simulation", "false", "Start the simulated table, whose time all nodes take."),
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
    executables = [("re3_ros", name) for name in ("re3_servo", *["re3_table"] * simulation)]
    look_for(values, executables, ["params_file", *["tracker_params_file"] * with_tracker])
    # The tracker first: what its own launch file misses has to end it before anything is started.
    actions = [tracker(values, simulation)] if with_tracker else []
    actions.append(servo(values, simulation))
    if simulation:
        topics = ("image", "depth", "camera_info", "init_box", "status")
        actions.append(launching.node("re3_table", values, topics))
    return actions


def servo(values: dict[str, str], simulation: bool) -> Node:
    """Return the servo; in the simulation its twists go to the table, else to MoveIt Servo."""
    parameters = [
        ParameterFile(values["params_file"], allow_substs=True),
        *[ParameterFile(SIMULATED_SERVO)] * simulation,
        {"use_sim_time": is_true(values["use_sim_time"])},
    ]
    topics = {name: values[name] for name in ("detection", "detections_3d", "status")}
    topics["camera_info"] = values["camera_info"]
    if not simulation:
        for name in ("delta_twist_cmds", "switch_command_type"):
            topics[f"~/{name}"] = f"{values['servo_node']}/{name}"
    return launching.node("re3_servo", {**values, **topics}, topics, parameters)


def tracker(values: dict[str, str], simulation: bool) -> Action:
    """Return the tracker's own launch file with its arguments."""
    shared = ("namespace", "image", "depth", "camera_info", "init_box", "detection", "status")
    names = (*shared, "detections_3d", *launching.NETWORK, "use_sim_time")
    parameters = values["tracker_params_file"] or (SIMULATED_TRACKER if simulation else "")
    return launching.tracker(values, names, parameters)
