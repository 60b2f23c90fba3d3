# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Kit: what a robust node needs, whatever it does.

Callbacks that cannot bring the node down, lifecycle transitions likewise, parameters with range and
meaning, quality of service, signals as a flag, a bond with a lifecycle manager. Knows nothing of
tracking.
"""

from ._bond import Bond, make_bond
from ._counts import Counts
from ._device import release_memory
from ._faults import Faults
from ._guarded import GuardedNode
from ._lifecycle import GuardedLifecycleNode
from ._parameters import GuardedParameters, ParameterSpec
from ._qos import QUEUE_DEPTH, image_qos, result_qos
from ._reports import Reports, shorten
from ._serve import declare_parameters, serve, spin
from ._signals import StopFlag, StoppedError, one_interrupt, stop_flag
from ._temporary import temporary_node
from ._throttle import Throttle

__all__ = [
    "QUEUE_DEPTH",
    "Bond",
    "Counts",
    "Faults",
    "GuardedLifecycleNode",
    "GuardedNode",
    "GuardedParameters",
    "ParameterSpec",
    "Reports",
    "StopFlag",
    "StoppedError",
    "Throttle",
    "declare_parameters",
    "image_qos",
    "make_bond",
    "one_interrupt",
    "release_memory",
    "result_qos",
    "serve",
    "shorten",
    "spin",
    "stop_flag",
    "temporary_node",
]
