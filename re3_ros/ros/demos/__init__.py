# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Demos: whole set-ups of several processes over DDS, each shown, recorded and judged.

Each public module is one: `demo` (camera, node, recorder), `follower_demo` (yard, node, follower),
`nav2_demo` (yard, node, Nav2), `servo_demo` (table, node, servo), `yard` and `table` (the simulated
worlds themselves), `bench` (the node measured).
"""

__all__ = []
