# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Record demonstrations to learn from: re3_tracker, and re3_recorder that writes its tracks.

ros2 launch re3_ros demonstration.launch.py image:=/camera/image_raw folder:=~/demonstrations
ros2 service call /re3_recorder/record std_srvs/srv/SetBool "{data: true}"
"""

from launch.action import Action
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

SHARE = FindPackageShare("re3_ros")
TRACKER = PathJoinSubstitution([SHARE, "launch", "tracker.launch.py"])
BOOLEANS = ["true", "false", "True", "False"]

# name, default, description
ARGUMENTS = (
    ("namespace", "", "Namespace of the nodes and of their relative topics."),
    ("image", "image", "Topic to take images from."),
    ("init_box", "init_box", "Topic to take boxes from that start a target (Detection2D)."),
    ("tracker_params_file", "", "YAML file of the tracker's parameters; empty: its default."),
    ("device", "", "Device of the tracker's network: auto, cpu, cuda, cuda:1; empty: as there."),
    ("weights", "", "The tracker's file of weights; empty: as in tracker_params_file."),
    ("folder", "demonstrations", "Folder for the demonstrations; made if it is not there."),
    ("label", "", "What is shown, for the metadata."),
    ("record", "record", "Topic that starts and ends a recording (std_msgs/Bool)."),
)
CHOICES = (
    ("format", "csv", "Of the tables; parquet needs pyarrow.", ["csv", "parquet"]),
    ("tracker", "true", "Start the tracker too; false: it runs already.", BOOLEANS),
    ("use_sim_time", "false", "Take the time from /clock.", BOOLEANS),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the nodes."""
    texts = [DeclareLaunchArgument(n, default_value=d, description=t) for n, d, t in ARGUMENTS]
    choices = [
        DeclareLaunchArgument(n, default_value=d, description=t, choices=c)
        for n, d, t, c in CHOICES
    ]
    return LaunchDescription([*texts, *choices, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[Action]:
    """Return the actions, now that the arguments have values."""
    names = [row[0] for row in (*ARGUMENTS, *CHOICES)]
    values = {name: LaunchConfiguration(name).perform(context) for name in names}
    actions = [recorder(values)]
    if values["tracker"].lower() == "true":
        actions.append(tracker(values))
    return actions


def recorder(values: dict[str, str]) -> Node:
    """Return the recorder."""
    given = {name: values[name] for name in ("folder", "label", "format")}
    given["use_sim_time"] = values["use_sim_time"].lower() == "true"
    return Node(
        package="re3_ros",
        executable="re3_recorder",
        name="re3_recorder",
        namespace=values["namespace"],
        output="screen",
        emulate_tty=True,
        parameters=[given],
        remappings=[("record", values["record"])],
    )


def tracker(values: dict[str, str]) -> Action:
    """Return the tracker's own launch file with its arguments."""
    shared = ("namespace", "image", "init_box", "device", "weights", "use_sim_time")
    given = {name: values[name] for name in shared}
    if values["tracker_params_file"]:
        given["params_file"] = values["tracker_params_file"]
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(TRACKER), launch_arguments=given.items()
    )
