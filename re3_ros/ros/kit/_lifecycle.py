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

from ._device import device_fault
from ._guarded import GuardedNode
from ._signals import StoppedError


class _GivesUp(Exception):  # noqa: N818, not an error of this step, but why it must end in one
    """What `GuardedLifecycleNode.fail` was called for."""


class GuardedLifecycleNode(GuardedNode, LifecycleNode):  # type: ignore[misc]
    """Runs ``do_configure()`` and its like, and turns what they raise into logs and outcomes.

    Our own errors are a FAILURE: the node stays in its state, and the log says why. Any other
    exception is an ERROR: it is logged with its trace, `do_cleanup` releases everything, and the
    node is unconfigured again. rclpy alone swallows exceptions silently, and lets an invalid
    transition request end the process.

    `fail` takes an active node to the same end: ROS knows no transition for that, so it is a
    deactivation that ends in ERROR, and passes through ErrorProcessing to unconfigured.
    """

    fault = ""
    """Why the node gave up and is unconfigured; empty once it is configured again."""

    def __init__(self, name: str, **arguments: Any) -> None:
        self._failure = ""
        self._step = ""
        super().__init__(name, **arguments)
        self._alarm = self.create_guard_condition(self._give_up)
        for service in self.services:
            if service.srv_type is ChangeState:
                service.callback = self._guard(service.callback)

    def close(self) -> None:
        """Release everything."""
        self.do_cleanup()

    @property
    def state_label(self) -> str:
        """Label of the state the node is in; to be asked by the thread that spins it."""
        return str(self._state_machine.current_state[1])

    def fail(self, reason: str) -> None:
        """Ask for the error state, from any thread: the thread that spins the node does the rest.

        It is the first reason that counts.
        """
        self._failure = self._failure or reason
        self._alarm.trigger()

    def do_configure(self) -> None:
        """Load what is needed."""

    def do_activate(self) -> None:
        """Open the topics."""

    def do_deactivate(self) -> None:
        """Close the topics; must work in every state."""

    def do_cleanup(self) -> None:
        """Release everything, topics included; must work in every state."""

    def do_report(self, reason: str) -> None:
        """Tell the world why the node gives up, while the topics are still open."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_configure`."""
        with self.stopping.nothing_to_lose():
            outcome = self._attempt("configure", self.do_configure, super().on_configure, state)
        if outcome == TransitionCallbackReturn.SUCCESS:
            self.fault = ""
        return outcome

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_activate`."""
        return self._attempt("activate", self._do_activate, super().on_activate, state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_deactivate`."""
        return self._attempt("deactivate", self._leave, super().on_deactivate, state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_cleanup`."""
        return self._attempt("cleanup", self.do_cleanup, super().on_cleanup, state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Run `do_cleanup`."""
        return self._attempt("shutdown", self.do_cleanup, super().on_shutdown, state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything after an unexpected exception, so that one can start anew."""
        self._failure, failed = "", self._step
        outcome = self._attempt("cleanup", self.do_cleanup, super().on_error, state)
        if outcome == TransitionCallbackReturn.SUCCESS:
            again = f"`ros2 lifecycle set {self.get_fully_qualified_name()} configure` starts anew"
            self.get_logger().warning(f"{failed} failed, so unconfigured, all released: {again}")
        else:
            self.get_logger().error("cannot clean up, so finalized: end the process, start anew")
        return outcome

    def _do_activate(self) -> None:
        self.forget_destroyed()
        with self.undone_if_it_raises():
            self.do_activate()

    def _leave(self) -> None:
        if self._failure:
            self.do_report(self._failure)
        self.do_deactivate()  # where the worker may still call fail(), on its last image
        if self._failure:
            raise _GivesUp(self._failure)

    def _give_up(self) -> None:
        """Answer `fail`, unless a requested transition has done so already."""
        if self._failure and self.state_label == "active":
            self.trigger_deactivate()
        self._failure = ""

    def _attempt(
        self,
        name: str,
        work: Callable[[], None],
        parent: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        self._step = name
        try:
            work()
            return parent(state)
        except StoppedError as error:
            self.get_logger().info(f"{name} ends early: {error}")
            return TransitionCallbackReturn.FAILURE
        except Re3Error as error:
            self.get_logger().error(f"{name} failed: {error}")
            return TransitionCallbackReturn.FAILURE
        except _GivesUp as error:
            self.fault = str(error)
            self.get_logger().error(f"the tracker gives up: {self.fault}")
        except Exception as error:  # noqa: BLE001, rclpy would swallow it unseen
            self.fault = device_fault(error) or f"{type(error).__name__}: {error}"
            self.get_logger().error(f"{name} failed:\n{traceback.format_exc()}")
        return TransitionCallbackReturn.ERROR

    def _guard(self, answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """Return the service callback, answering success=False where it would raise."""

        def guarded(request: Any, response: Any) -> Any:
            try:
                return answer(request, response)
            except Exception as error:  # noqa: BLE001, it would end the process
                wanted = request.transition.label or request.transition.id
                self.get_logger().warning(
                    f"no transition {wanted} from {self.state_label}: {error}"
                )
                response.success = False
                return response

        return guarded
