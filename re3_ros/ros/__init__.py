# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""ROS 2: the node, and what starts, drives and shows it. The only room that imports rclpy.

Four rooms, each importing from those after it: `demos`, `programs`, `tracker`, `kit`. What others
need of them is here, and is loaded when it is asked for: most of it needs torch, which takes
seconds. Of the other modules beside this one, `launching` is what the launch files share; the rest
are addresses for ``python -m``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._entry import run

if TYPE_CHECKING:
    from re3_ros.ros.demos.bench import (
        NodeRow,
        NodeSetting,
        bench_node,
        node_bars,
        node_table,
        plot_latency,
    )
    from re3_ros.ros.programs import NODE, LifecycleClient, Process, ros_arguments, running
    from re3_ros.ros.programs.live import record_live, record_live_episode
    from re3_ros.ros.tracker import main

__all__ = [
    "NODE",
    "LifecycleClient",
    "NodeRow",
    "NodeSetting",
    "Process",
    "bench_node",
    "main",
    "node_bars",
    "node_table",
    "plot_latency",
    "record_live",
    "record_live_episode",
    "ros_arguments",
    "run",
    "running",
]

_BENCH = ("NodeRow", "NodeSetting", "bench_node", "node_bars", "node_table", "plot_latency")
_HOMES = {
    **dict.fromkeys(_BENCH, "demos.bench"),
    **dict.fromkeys(("NODE", "LifecycleClient", "Process", "ros_arguments", "running"), "programs"),
    "main": "tracker",
    **dict.fromkeys(("record_live", "record_live_episode"), "programs.live"),
}


def __getattr__(name: str) -> Any:
    """Return a public name from the room that it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
