# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node that neither a request nor an exception in a transition can bring down."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from re3_ros.errors import Re3Error

_AFTER = {
    "configure": "inactive",
    "activate": "active",
    "deactivate": "inactive",
    "cleanup": "unconfigured",
    "shutdown": "finalized",
}


class GuardedLifecycleNode(LifecycleNode):  # type: ignore[misc]
    """Runs ``do_configure()`` and its like, and turns what they raise into logs and outcomes.

    Our own errors are a FAILURE: the node stays in its state, and the log says why. Any other
    exception is an ERROR: it is logged with its trace, `do_cleanup` releases everything, and the
    node is unconfigured again. rclpy alone swallows exceptions silently, and lets an invalid
    transition request end the process.
    """

    phase = "unconfigured"
    """Label of the primary state the node is in."""

    def __init__(self, name: str, **arguments: Any) -> None:
        super().__init__(name, **arguments)
        for service in self.services:
            if service.srv_type is ChangeState:
                service.callback = self._guard(service.callback)

    def do_configure(self) -> None:
        """Load what is needed."""

    def do_activate(self) -> None:
        """Open the topics."""

    def do_deactivate(self) -> None:
        """Close the topics; must work in every state."""

    def do_cleanup(self) -> None:
        """Release everything, topics included; must work in every state."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_configure`."""
        return self._attempt("configure", self.do_configure, super().on_configure, state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_activate`."""
        return self._attempt("activate", self.do_activate, super().on_activate, state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_deactivate`."""
        return self._attempt("deactivate", self.do_deactivate, super().on_deactivate, state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_cleanup`."""
        return self._attempt("cleanup", self.do_cleanup, super().on_cleanup, state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_cleanup`."""
        return self._attempt("shutdown", self.do_cleanup, super().on_shutdown, state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything after an unexpected exception, so that one can start anew."""
        outcome = self._attempt("cleanup", self.do_cleanup, super().on_error, state)
        if outcome == TransitionCallbackReturn.SUCCESS:
            self.get_logger().warning(f"back to unconfigured from {state.label}")
        return outcome

    def _attempt(
        self,
        name: str,
        work: Callable[[], None],
        parent: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        try:
            work()
            outcome = parent(state)
        except Re3Error as error:
            self.get_logger().error(f"{name} failed: {error}")
            return TransitionCallbackReturn.FAILURE
        except Exception:  # noqa: BLE001, rclpy would swallow it unseen
            self.get_logger().error(f"{name} failed:\n{traceback.format_exc()}")
            return TransitionCallbackReturn.ERROR
        if outcome == TransitionCallbackReturn.SUCCESS:
            self.phase = _AFTER[name]
        return outcome

    def _guard(self, answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """Return the service callback, answering success=False where it would raise."""

        def guarded(request: Any, response: Any) -> Any:
            try:
                return answer(request, response)
            except Exception as error:  # noqa: BLE001, it would end the process
                wanted = request.transition.label or request.transition.id
                self.get_logger().warning(f"no transition {wanted} from {self.phase}: {error}")
                response.success = False
                return response

        return guarded
