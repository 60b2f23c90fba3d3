# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A node whose callbacks cannot bring it down, and that reports QoS that does not fit."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rclpy.node import Node

from ._faults import Faults
from ._overrides import unknown_parameters, unknown_remappings
from ._qos import publisher_events, subscription_events
from ._signals import StopFlag

_STANDARD = ("/clock", "/rosout", "/parameter_events", "/diagnostics", "/tf", "/tf_static", "tf")
"""Topics that rclpy and other libraries open, where they do."""


class GuardedNode(Node):  # type: ignore[misc]
    """Every callback given to its ``create_...`` methods is guarded.

    What one raises is logged, counted in `faults`, and goes no further; a service then answers
    success=False. An exception that left it would end the executor, and with it the process.

    A publisher or subscriber of others that does not fit one of ours is named in the log, with what
    to do, and counted in `mismatches` by topic.
    """

    def __init__(self, name: str, **arguments: Any) -> None:
        self.faults = Faults(self.get_logger, self.fail)
        self.stopping = StopFlag()
        """Set when the process is to end; what runs the node puts its own in this place."""
        self.given: tuple[str, ...] = ()
        """The arguments of the process, likewise."""
        self.names: set[str] = set()
        """Of all topics and services that it has had, before they were remapped."""
        self.mismatches: Counter[str] = Counter()
        super().__init__(name, **arguments)

    def fail(self, reason: str) -> None:
        """Do what has to be done once the device of the network is gone; from any thread."""

    def close(self) -> None:
        """Do what has to be done last, while publishers still work."""

    def say_what_is_unknown(self) -> None:
        """Name, in the log, given parameters and remapped topics that it does not have."""
        for text in (unknown_parameters(self), self.unknown_remappings()):
            if text:
                self.get_logger().warning(text)

    def unknown_remappings(self) -> str:
        """Return what is to be said of remappings without effect; nothing, if there are none."""
        return unknown_remappings(self, self.given, self.names, _STANDARD)

    def create_subscription(
        self, msg_type: type, topic: str, callback: Any, qos_profile: Any, **options: Any
    ) -> Any:
        """Do as the parent does."""
        self.names.add(topic)
        events = subscription_events(topic, msg_type, qos_profile, self._mismatch())
        options.setdefault("event_callbacks", events)
        guarded = self._guarded(topic, callback)
        return super().create_subscription(msg_type, topic, guarded, qos_profile, **options)

    def create_publisher(self, msg_type: type, topic: str, qos_profile: Any, **options: Any) -> Any:
        """Do as the parent does."""
        self.names.add(topic)
        events = publisher_events(topic, qos_profile, self._mismatch())
        options.setdefault("event_callbacks", events)
        return super().create_publisher(msg_type, topic, qos_profile, **options)

    def create_service(self, srv_type: Any, srv_name: str, callback: Any, **options: Any) -> Any:
        """Do as the parent does."""
        self.names.add(srv_name)

        @functools.wraps(callback)
        def guarded(request: Any, response: Any) -> Any:
            try:
                return callback(request, response)
            except Exception as error:  # noqa: BLE001, it would end the process
                self.faults.note(srv_name, error)
                return _refused(response, f"{type(error).__name__}: {error}")

        return super().create_service(srv_type, srv_name, guarded, **options)

    def create_timer(self, timer_period_sec: float, callback: Any, *args: Any, **kw: Any) -> Any:
        """Do as the parent does."""
        guarded = self._guarded("a timer", callback)
        return super().create_timer(timer_period_sec, guarded, *args, **kw)

    # What is destroyed in a callback stays in the lists of the executor until it waits again: it
    # must neither be called any more, nor keep alive what its callback refers to.

    def destroy_subscription(self, subscription: Any) -> bool:
        """Do as the parent does, and let go of the callback."""
        subscription.callback = _nothing
        return bool(super().destroy_subscription(subscription))

    def destroy_service(self, service: Any) -> bool:
        """Do as the parent does, and let go of the callback."""
        service.callback = _refuse
        return bool(super().destroy_service(service))

    def destroy_timer(self, timer: Any) -> bool:
        """Do as the parent does, and let go of the callback."""
        timer.callback = _idle
        return bool(super().destroy_timer(timer))

    def forget_destroyed(self) -> None:
        """Let go of dead references to what was destroyed; from the thread that spins the node.

        rclpy leaves them in the callback group for ever (rclpy issue 1356): two dozen of them each
        time that the topics are opened and closed.
        """
        entities = self.default_callback_group.entities
        entities.difference_update([entity for entity in entities if entity() is None])

    @contextmanager
    def undone_if_it_raises(self) -> Iterator[None]:
        """Destroy what was created in the block, if something is raised in it."""
        kinds = (
            (lambda: self.subscriptions, self.destroy_subscription),
            (lambda: self.publishers, self.destroy_publisher),
            (lambda: self.services, self.destroy_service),
            (lambda: self.timers, self.destroy_timer),
        )
        before = [set(of()) for of, _ in kinds]
        try:
            yield
        except BaseException:
            for (of, destroy), old in zip(kinds, before, strict=True):
                for entity in set(of()) - old:
                    destroy(entity)
            raise

    def _guarded(self, where: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(callback)
        def guarded(*arguments: Any) -> None:
            try:
                callback(*arguments)
            except Exception as error:  # noqa: BLE001, it would end the process
                self.faults.note(where, error)

        return guarded

    def _mismatch(self) -> Callable[[str, int, str], None]:
        """Return what counts mismatches, and names each text once."""
        said: set[str] = set()

        def tell(topic: str, more: int, text: str) -> None:
            self.mismatches[topic] += more
            if text not in said:
                said.add(text)
                self.get_logger().warning(f"{topic}: {text}")

        return tell


def _nothing(_message: Any) -> None:
    """Take a message that comes too late."""


def _idle() -> None:
    """Let a timer run out."""


def _refuse(_request: Any, response: Any) -> Any:
    """Answer a request that comes too late."""
    return _refused(response, "the service is closed")


def _refused(response: Any, reason: str) -> Any:
    if hasattr(response, "success"):
        response.success = False
    if hasattr(response, "message"):
        response.message = reason
    return response
