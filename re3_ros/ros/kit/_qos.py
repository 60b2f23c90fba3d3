# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the topics, and what to do where the other side's does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.qos import (
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
    qos_profile_sensor_data,
)

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

QUEUE_DEPTH = 10
"""Depth of the queues of commands, and by default of results."""
_IMAGES = ("Image", "CompressedImage")


def image_qos(
    reliability: str = "best_effort", depth: int = 5, history: str = "keep_last"
) -> QoSProfile:
    """Return the QoS of the image subscription; by default SensorDataQoS."""
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=qos_profile_sensor_data.durability,
        history=HistoryPolicy[history.upper()],
    )


def result_qos(reliability: str = "reliable", depth: int = QUEUE_DEPTH) -> QoSProfile:
    """Return the QoS of results; reliable ones serve subscribers of both kinds."""
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy[reliability.upper()])


def subscription_events(
    topic: str, kind: type, qos: QoSProfile | int, tell: Callable[[str, int, str], None]
) -> Any:
    """Return event callbacks that ``tell`` of publishers whose QoS does not fit a subscription.

    ``tell`` gets the topic, how many there are more, and what to say to the user.
    """

    def incompatible(event: Any) -> None:
        policy = _policy(event)
        cure = f"let it be published with {_ours(qos, policy)}"
        if policy == "RELIABILITY" and kind.__name__ in _IMAGES:
            cure = f"set image_reliability:=best_effort, or {cure}"
        fault = f"a publisher offers a lower {policy} than the {_ours(qos, policy)} of this node"
        tell(topic, event.total_count_change, f"{fault}, so nothing of it arrives: {cure}")

    return SubscriptionEventCallbacks(incompatible_qos=incompatible)


def publisher_events(
    topic: str, qos: QoSProfile | int, tell: Callable[[str, int, str], None]
) -> Any:
    """Return event callbacks that ``tell`` of subscribers whose QoS does not fit a publisher."""

    def incompatible(event: Any) -> None:
        policy = _policy(event)
        cure = f"subscribe with {_ours(qos, policy)}"
        if policy == "RELIABILITY":
            cure = f"set result_reliability:=reliable, or {cure}"
        fault = f"a subscriber asks for a higher {policy} than the {_ours(qos, policy)} offered"
        tell(topic, event.total_count_change, f"{fault}, so it gets nothing: {cure}")

    return PublisherEventCallbacks(incompatible_qos=incompatible)


def _policy(event: Any) -> str:
    return str(qos_policy_name_from_kind(event.last_policy_kind))


def _ours(qos: QoSProfile | int, policy: str) -> str:
    """Return our value of a policy, such as ``reliability reliable``."""
    profile = qos if isinstance(qos, QoSProfile) else QoSProfile(depth=qos)
    value = getattr(profile, policy.lower(), None)
    name = getattr(value, "name", str(value)).lower()
    return f"{policy.lower()} {name}"
