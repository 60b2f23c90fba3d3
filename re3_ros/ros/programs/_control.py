# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Another node's lifecycle, driven through its services."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from re3_ros.errors import SourceError

TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
    "unconfigured_shutdown": Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
    "inactive_shutdown": Transition.TRANSITION_INACTIVE_SHUTDOWN,
    "active_shutdown": Transition.TRANSITION_ACTIVE_SHUTDOWN,
}
REPEAT = 5.0
"""Seconds without an answer after which a request is sent once more."""


class LifecycleClient:
    """Asks for the transitions of the lifecycle node with the full name ``target``.

    ``node`` carries the clients and is spun here, so nobody else may be spinning it. SourceError is
    raised when a service does not answer within ``timeout`` seconds, or ``alive`` says that it
    never will.
    """

    def __init__(
        self,
        node: Node,
        target: str,
        timeout: float = 60.0,
        alive: Callable[[], bool] = lambda: True,
    ) -> None:
        self._node = node
        self._target = target
        self._timeout = timeout
        self._alive = alive
        self._change = node.create_client(ChangeState, f"{target}/change_state")
        self._get = node.create_client(GetState, f"{target}/get_state")

    def state(self) -> str:
        """Return the label of the state, such as ``inactive``."""
        return str(self.call(self._get, GetState.Request()).current_state.label)

    def change(self, transition: str) -> bool:
        """Ask for a transition by name, see TRANSITIONS; return whether it succeeded."""
        self.state()  # once this has been answered, the answer below will find its way too
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[transition]))
        return bool(self.call(self._change, request, repeat=False).success)

    def bring_up(self) -> None:
        """Configure and activate. Raises SourceError if the node refuses; its log says why."""
        for transition in ("configure", "activate"):
            if not self.change(transition):
                raise SourceError(f"{self._target} did not {transition}; its log says why")

    def close(self) -> None:
        """Destroy the clients."""
        self._node.destroy_client(self._change)
        self._node.destroy_client(self._get)

    def call(self, client: Any, request: Any, repeat: bool = True) -> Any:
        """Return the answer of any service of the node.

        A server that has not yet discovered a new client's reader answers into the void: a request
        that does no harm twice is repeated every few seconds.
        """
        deadline = time.monotonic() + self._timeout
        while not client.wait_for_service(timeout_sec=0.2):
            self._check(client.srv_name, deadline)
        executor = SingleThreadedExecutor(context=self._node.context)
        executor.add_node(self._node)
        futures = [client.call_async(request)]
        next_one = time.monotonic() + REPEAT
        try:
            while not (done := [future for future in futures if future.done()]):
                self._check(client.srv_name, deadline)
                executor.spin_once(timeout_sec=0.2)
                if repeat and time.monotonic() > next_one:
                    futures.append(client.call_async(request))
                    next_one += REPEAT
        finally:
            for future in futures:
                client.remove_pending_request(future)
            executor.shutdown(timeout_sec=0)
        return done[0].result()

    def _check(self, service: str, deadline: float) -> None:
        if not self._alive():
            raise SourceError(f"{self._target} ended before {service} answered; its log says why")
        if time.monotonic() > deadline:
            raise SourceError(f"{service} did not answer in {self._timeout:g} s; is it running?")
