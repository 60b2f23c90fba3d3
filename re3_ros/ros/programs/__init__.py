# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs: what is run beside the node, and what starts and drives nodes from Python.

Each public module is a program with a ``main``: `describe`, `follow_object`, `follower`,
`recorder`, `select_box`, `servo`, `start`, `web_box`; `live` is what ``re3 record --live`` runs.
"""

from ._control import LifecycleClient
from ._process import NODE, Process, ros_arguments, running, split_arguments

__all__ = [
    "NODE",
    "LifecycleClient",
    "Process",
    "ros_arguments",
    "running",
    "split_arguments",
]
