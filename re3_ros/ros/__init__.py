# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 node, and what starts and drives it. The only room that imports rclpy."""

from ._control import LifecycleClient
from ._main import main
from ._process import NODE, Process, ros_arguments, running

__all__ = ["NODE", "LifecycleClient", "Process", "main", "ros_arguments", "running"]
