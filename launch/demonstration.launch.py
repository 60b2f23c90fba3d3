# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Record demonstrations to learn from: re3_tracker, and re3_recorder that writes its tracks.

ros2 launch re3_ros demonstration.launch.py image:=/camera/image_raw folder:=~/demonstrations
ros2 service call /re3_recorder/record std_srvs/srv/SetBool "{data: true}"
"""

from launch.action import Action
from launch_ros.actions import Node

from launch import LaunchDescription
from re3_ros.ros import launching
from re3_ros.ros.launching import is_true, look_for

# name, default, description
ARGUMENTS = (
    launching.NAMESPACE,
    launching.IMAGE,
    launching.INIT_BOX,
    ("tracker_params_file", "", "YAML file of the tracker's parameters; empty: its default."),
    launching.DEVICE,
    launching.RUNTIME,
    launching.WEIGHTS,
    ("folder", "demonstrations", "Folder for the demonstrations; made if it is not there."),
    ("label", "", "What is shown, for the metadata."),
    ("record", "record", "Topic that starts and ends a recording (std_msgs/Bool)."),
    (
        "format",
        "csv",
        "Tables, or data sets of episodes; parquet needs pyarrow, lerobot also av, hdf5 h5py.",
        ["csv", "parquet", "lerobot", "hdf5"],
    ),
    ("state", "", "Topic of a JointState for a data set; empty: none."),
    ("action", "", "Topic of commands for a data set, Twist or JointState; empty: none."),
    launching.TRACKER,
    launching.USE_SIM_TIME,
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the nodes."""
    return launching.describe(ARGUMENTS, start)


def start(values: dict[str, str]) -> list[Action]:
    """Return the actions, now that the arguments have values."""
    with_tracker = is_true(values["tracker"])
    look_for(values, [("re3_ros", "re3_recorder")], ["tracker_params_file"] * with_tracker)
    # The tracker first: what its own launch file misses has to end it before anything is started.
    return [*([tracker(values)] if with_tracker else []), recorder(values)]


def recorder(values: dict[str, str]) -> Node:
    """Return the recorder."""
    names = ("folder", "label", "format", "image", "state", "action")
    given = {name: values[name] for name in names}
    given["use_sim_time"] = is_true(values["use_sim_time"])
    return launching.node("re3_recorder", values, ["record"], [given])


def tracker(values: dict[str, str]) -> Action:
    """Return the tracker's own launch file with its arguments."""
    shared = ("namespace", "image", "init_box", *launching.NETWORK, "use_sim_time")
    return launching.tracker(values, shared, values["tracker_params_file"])
