# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A sign of life for a lifecycle manager: the protocol of bond_core, as far as a node needs it.

Both ends of a bond publish on one topic, under an id that both know and an instance id of their
own: ``active`` while they are well, and not ``active`` as their last word, which the other end
answers in kind. Who hears nothing for ``heartbeat_timeout`` takes the other one for dead.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

TOPIC = "bond"
TIMEOUT = 4.0
"""Seconds of silence after which this end is taken for dead, unless the manager has its own."""
LAST_WORDS, PAUSE = 3, 0.05
"""How often this end says that it is going, and the seconds after each. Both ends write to one
topic: in a queue of depth 1, as bondpy's, the other end's own beat may take the place of a word."""
WAY_OUT = (
    "bond_heartbeat_period asks for a bond with a lifecycle manager, but the messages of the "
    "package `bond` cannot be imported here ({}): install it (rosdep key bond), or set the period "
    "to 0.0; there is no bond"
)


class Bond:
    """Beats every ``period`` seconds under the node's name, on the thread that spins the node.

    So it stops when that thread hangs, which is what a manager wants to know.
    """

    def __init__(self, node: Node, period: float) -> None:
        from bond.msg import Status

        self._node = node
        self._period = period
        self._message = Status
        self._instance = str(uuid.uuid4())
        self._broken = False
        # Of depths as bondcpp's.
        self._publisher = node.create_publisher(Status, TOPIC, 5)
        self._subscription = node.create_subscription(Status, TOPIC, self._hear, 100)
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period, self._beat, clock=clock)
        self._beat()

    def close(self) -> None:
        """Say that this end is going, and close the topic."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)
        if not self._broken:
            for _ in range(LAST_WORDS):
                self._say(active=False)
                time.sleep(PAUSE)
        self._node.destroy_publisher(self._publisher)

    def _beat(self) -> None:
        if not self._broken:
            self._say(active=True)

    def _hear(self, message: Any) -> None:
        ours = message.id == self._node.get_name() and message.instance_id != self._instance
        if not ours or message.active:
            return
        self._say(active=False)  # each time: it goes on until it hears the answer
        if not self._broken:
            self._broken = True
            self._node.get_logger().info("the lifecycle manager ended the bond")

    def _say(self, active: bool) -> None:
        message = self._message(
            id=self._node.get_name(),
            instance_id=self._instance,
            active=active,
            heartbeat_timeout=TIMEOUT,
            heartbeat_period=self._period,
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


def make_bond(node: Node, period: float) -> Bond | None:
    """Return a bond that beats every ``period`` seconds; None for 0, or without the messages."""
    if not period:
        return None
    try:
        return Bond(node, period)
    except ImportError as error:
        node.get_logger().warning(WAY_OUT.format(error))
        return None
