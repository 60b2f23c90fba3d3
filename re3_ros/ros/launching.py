# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files have in common: their arguments, and how they start the package's nodes.

It stands beside the rooms and not in one, as a launch file must load at once, and the faces of the
rooms import torch. It needs launch and launch_ros alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from launch.action import Action
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, SubstitutionFailure
from launch_ros.actions import Node
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

from ._entry import LAUNCHED

SHARE = FindPackageShare("re3_ros")
BOOLEANS = ["true", "false", "True", "False"]
LAUNCH = {LAUNCHED: str(os.getpid())}
"""What nodes need in their environment to end with this launch."""


class Argument(NamedTuple):
    """An argument of a launch file."""

    name: str
    default: SomeSubstitutionsType
    text: str
    choices: Sequence[str] | None = None


def switch(name: str, default: str, text: str) -> Argument:
    """Return an argument that is true or false."""
    return Argument(name, default, text, BOOLEANS)


# Those of the launch files that start the tracker beside something else.
NAMESPACE = Argument("namespace", "", "Namespace of the nodes and of their relative topics.")
IMAGE = Argument("image", "image", "Topic to take images from.")
INIT_BOX = Argument(
    "init_box", "init_box", "Topic to take boxes from that start a target (Detection2D)."
)
DEVICE = Argument(
    "device", "", "Device of the tracker's network: auto, cpu, cuda, cuda:1; empty: as there."
)
RUNTIME = Argument(
    "runtime",
    "",
    "What runs the tracker's network: auto, torch, openvino ...; empty: as in tracker_params_file.",
)
WEIGHTS = Argument(
    "weights", "", "The tracker's file of weights; empty: as in tracker_params_file."
)
NETWORK = ("device", "runtime", "weights")
TRACKER = switch("tracker", "true", "Start the tracker too; false: it runs already.")
USE_SIM_TIME = switch("use_sim_time", "false", "Take the time from /clock.")


def describe(
    rows: Iterable[tuple[Any, ...]], start: Callable[[dict[str, str]], Sequence[Action]]
) -> LaunchDescription:
    """Return the description that declares arguments, then does what ``start`` makes of them.

    Each row is an `Argument`, or name, default and description of one. ``start`` gets the values
    by name, as they are when the launch file runs.
    """
    arguments = [Argument(*row) for row in rows]

    def begin(context: LaunchContext) -> Sequence[Action]:
        names = [argument.name for argument in arguments]
        return start({name: LaunchConfiguration(name).perform(context) for name in names})

    declared = [
        DeclareLaunchArgument(
            a.name, default_value=a.default, description=a.text, choices=a.choices
        )
        for a in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=begin)])


def is_true(text: str) -> bool:
    """Tell whether a switch is on."""
    return text.lower() == "true"


def look_for(
    values: Mapping[str, str], executables: Iterable[tuple[str, str]], files: Iterable[str]
) -> None:
    """Raise RuntimeError if something to be started is missing: ask before anything is started.

    ``executables`` are pairs of package and name; ``files`` are names of arguments, whose values
    are paths, or empty where there is none.
    """
    for package, name in executables:
        try:
            ExecutableInPackage(name, package).perform(LaunchContext())
        except (LookupError, SubstitutionFailure) as error:
            raise RuntimeError(
                f"{_way_to(package, name)} ({' '.join(str(error).split())})"
            ) from error
    for argument in files:
        path = values[argument]
        if path and not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise RuntimeError(
                f"{argument}:={path} is no file that can be read; nothing was started"
            )


def _way_to(package: str, name: str) -> str:
    missing = f"there is no executable {name} of package {package}, so nothing was started"
    if package == "re3_ros":
        return f"{missing}: colcon build --packages-select re3_ros, then source install/setup.bash"
    debian = f"ros-{os.environ.get('ROS_DISTRO', '$ROS_DISTRO')}-{package.replace('_', '-')}"
    return f"{missing}: apt install {debian}, or launch without it"


def node(
    name: str,
    values: Mapping[str, str],
    topics: Iterable[str],
    parameters: Sequence[Any] = (),
) -> Node:
    """Return a node of this package, whose topics are remapped to the arguments of their names."""
    return Node(
        package="re3_ros",
        executable=name,
        name=name,
        namespace=values["namespace"],
        output="screen",
        emulate_tty=True,
        additional_env=LAUNCH,
        parameters=list(parameters),
        remappings=[(topic, values[topic]) for topic in topics],
    )


def tracker(
    values: Mapping[str, str], names: Iterable[str], params_file: SomeSubstitutionsType = ""
) -> Action:
    """Return the tracker's own launch file, with the arguments of these names as they are here."""
    given: dict[str, SomeSubstitutionsType] = {name: values[name] for name in names}
    if params_file:
        given["params_file"] = params_file
    path = PathJoinSubstitution([SHARE, "launch", "tracker.launch.py"])
    source = PythonLaunchDescriptionSource(path)
    return IncludeLaunchDescription(source, launch_arguments=given.items())
