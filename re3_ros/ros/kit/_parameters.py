# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of a node: declared with range and meaning, and kept good while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from re3_ros.errors import ConfigError


def _nothing(_value: Any) -> str:
    return ""


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter as it is declared."""

    name: str
    default: Any
    text: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    """Whether it can be changed while the node is configured."""
    group: str = ""
    """Heading that it stands under in the documentation."""
    check: Callable[[Any], str] = _nothing
    """Returns what is wrong with a value beyond type, range and choices, or nothing."""

    def descriptor(self) -> ParameterDescriptor:
        """Return what `ros2 param describe` shows."""
        when = "any time" if self.live else "while unconfigured"
        limits = f"one of: {', '.join(self.choices)}; " if self.choices else ""
        answer = ParameterDescriptor(
            name=self.name,
            description=self.text,
            additional_constraints=f"{limits}can be set {when}",
        )
        if self.low is not None and isinstance(self.default, int):
            whole = IntegerRange(from_value=int(self.low), to_value=int(self.high or 0), step=1)
            answer.integer_range = [whole]
        elif self.low is not None:
            limits_of = {"from_value": float(self.low), "to_value": float(self.high or 0)}
            answer.floating_point_range = [FloatingPointRange(**limits_of)]
        return answer

    def expected(self) -> str:
        """Return which values are good, in words."""
        kind = {bool: "true or false", int: "a whole number", float: "a number such as 1.0"}
        what = kind.get(type(self.default), "names" if isinstance(self.default, list) else "a text")
        return f"{what} from {limits}" if (limits := self.limits()) else what

    def limits(self) -> str:
        """Return the range in words, empty if there is none."""
        if self.low is None or self.high is None:
            return ""
        number = int if isinstance(self.default, int) else float
        return f"{number(self.low)} to {number(self.high)}"

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value beyond type and range, or nothing."""
        if self.choices and value not in self.choices:
            return f"{self.name} is {value!r}; expected one of {', '.join(self.choices)}"
        return self.check(value)


class GuardedParameters:
    """Declares parameters on a node and keeps watch over them.

    A bad value in a file or on the command line does not end the process: it is kept back, and
    `require` raises ConfigError until a good one is set. ``settable`` tells whether parameters
    that are not live may be set now.
    """

    def __init__(
        self, node: Node, specs: Iterable[ParameterSpec], settable: Callable[[], bool]
    ) -> None:
        self._node = node
        self._specs = {spec.name: spec for spec in specs}
        self._settable = settable
        self._problems: dict[str, str] = {}
        for spec in self._specs.values():
            self._declare(spec)
        node.add_on_set_parameters_callback(self._check)

    def __getitem__(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def require(self) -> None:
        """Raise ConfigError if a value is bad, naming its range."""
        if self._problems:
            raise ConfigError("; ".join(self._problems.values()))

    def _declare(self, spec: ParameterSpec) -> None:
        try:
            value = self._node.declare_parameter(spec.name, spec.default, spec.descriptor()).value
            problem = spec.problem(value)
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            reason = str(error).partition(". Reason: ")[0]
            problem = f"parameter {spec.name}: {reason}; expected {spec.expected()}"
            declare = self._node.declare_parameter
            declare(spec.name, spec.default, spec.descriptor(), ignore_override=True)
        if problem:
            self._problems[spec.name] = problem
            self._node.get_logger().error(f"{problem}; set it right, then configure")

    def _check(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        """Accept or refuse values that have the right type and range."""
        for parameter in parameters:
            spec = self._specs.get(parameter.name)
            if spec is None:
                continue
            reason = spec.problem(parameter.value)
            if not (reason or spec.live or self._settable()):
                reason = f"{spec.name} is read at configure: run cleanup first, then set it"
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        for parameter in parameters:  # only now: one bad value refuses the whole set
            self._problems.pop(parameter.name, None)
        return SetParametersResult(successful=True)
