# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Follow a target with Nav2: re3_tracker and the Following Server, under one lifecycle manager.

A robot with a depth camera (then give the box, see tracker.launch.py):
    ros2 launch re3_ros nav2_following.launch.py image:=/camera/color/image_raw \
        depth:=/camera/aligned_depth_to_color/image_raw camera_info:=/camera/color/camera_info

A simulated one, which also gives the box:
    ros2 launch re3_ros nav2_following.launch.py simulation:=true
"""

from typing import Any

from launch.action import Action
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile

from launch import LaunchDescription
from re3_ros.ros import launching
from re3_ros.ros.launching import SHARE, is_true, look_for, switch

DEFAULT_PARAMETERS = PathJoinSubstitution([SHARE, "config", "nav2_following.yaml"])
SIMULATED_PARAMETERS = PathJoinSubstitution([SHARE, "config", "nav2_following_simulation.yaml"])
SIMULATED_TRACKER = PathJoinSubstitution([SHARE, "config", "tracker_simulation.yaml"])
SERVER = ("opennav_following", "opennav_following")
MANAGER = ("nav2_lifecycle_manager", "lifecycle_manager")
BOND = "0.1"
"""Seconds between the tracker's signs of life, as between those of Nav2's own nodes."""

# name, default, description
ARGUMENTS = (
    launching.NAMESPACE,
    launching.IMAGE,
    ("depth", "depth", "Topic of depth images that are aligned with the images."),
    ("camera_info", "camera_info", "Topic of the calibration of the images."),
    launching.INIT_BOX,
    ("detection", "detection", "Topic of the target to follow (Detection2D)."),
    ("status", "status", "Topic of the tracker's status."),
    ("pose", "pose", "Topic of the target's place (PoseStamped), which the server follows."),
    ("cmd_vel", "cmd_vel", "Topic of the server's commands."),
    ("params_file", DEFAULT_PARAMETERS, "YAML file of all parameters but the tracker's."),
    ("tracker_params_file", "", "YAML file of the tracker's; empty: its default."),
    launching.DEVICE,
    launching.RUNTIME,
    launching.WEIGHTS,
    launching.TRACKER,
    switch("server", "true", "Start the Following Server too; false: it runs already."),
    switch("simulation", "false", "Start the simulated yard, whose time all nodes take."),
    ("seed", "0", "Seed of the yard."),
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
    with_tracker, with_server = is_true(values["tracker"]), is_true(values["server"])
    managed = [*["re3_tracker"] * with_tracker, *["following_server"] * with_server]
    ours = [("re3_ros", name) for name in ("re3_follow_object", *["re3_yard"] * simulation)]
    nav2 = [*[SERVER] * with_server, *[MANAGER] * bool(managed)]
    look_for(values, [*ours, *nav2], ["params_file", *["tracker_params_file"] * with_tracker])
    # The tracker first: what its own launch file misses has to end it before anything is started.
    actions = [tracker(values, simulation)] if with_tracker else []
    if with_server:
        actions.append(of_nav2(SERVER, "following_server", values, remappings=["cmd_vel"]))
    if managed:
        name = "lifecycle_manager_following"
        actions.append(of_nav2(MANAGER, name, values, {"node_names": managed}))
    topics = ("detection", "status", "camera_info", "pose")
    actions.append(launching.node("re3_follow_object", values, topics, parameters(values)))
    if simulation:
        yard = [{"base": True, "seed": int(values["seed"])}]
        names = ("image", "depth", "camera_info", "init_box", "status", "cmd_vel")
        actions.append(launching.node("re3_yard", values, names, yard))
    return actions


def parameters(values: dict[str, str]) -> list[Any]:
    """Return the parameters of all nodes but the tracker, each of which takes its own."""
    simulated = [ParameterFile(SIMULATED_PARAMETERS)] * is_true(values["simulation"])
    time = {"use_sim_time": is_true(values["use_sim_time"])}
    return [ParameterFile(values["params_file"], allow_substs=True), *simulated, time]


def of_nav2(
    executable: tuple[str, str],
    name: str,
    values: dict[str, str],
    more: dict[str, Any] | None = None,
    remappings: list[str] | None = None,
) -> Node:
    """Return a node of Nav2's."""
    return Node(
        package=executable[0],
        executable=executable[1],
        name=name,
        namespace=values["namespace"],
        output="screen",
        emulate_tty=True,
        parameters=[*parameters(values), *([more] if more else [])],
        remappings=[(topic, values[topic]) for topic in remappings or []],
    )


def tracker(values: dict[str, str], simulation: bool) -> Action:
    """Return the tracker's own launch file with its arguments; the manager brings it up."""
    shared = ("namespace", "image", "depth", "camera_info", "init_box", "detection", "status")
    names = (*shared, "pose", *launching.NETWORK, "use_sim_time", "autostart", "bond")
    given = {**values, "autostart": "false", "bond": BOND}
    chosen = values["tracker_params_file"] or (SIMULATED_TRACKER if simulation else "")
    return launching.tracker(given, names, chosen)
