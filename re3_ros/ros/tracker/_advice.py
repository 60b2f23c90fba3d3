# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How somebody who runs the node lets pass what a setting refused."""

from __future__ import annotations

from re3_ros.errors import InputError

_ADVICE = {
    "time_jump": "; set time_jump to clear or continue, or call ~/clear to begin time anew",
    "depth_tolerance": "; publish one, or raise depth_tolerance",
    "max_targets": "; or raise max_targets",
    "max_side": "; send a smaller box, or raise max_side",
    "max_ahead": "; or raise max_ahead",
}


def advice(error: InputError) -> str:
    """Return what follows the text of an error, empty if there is nothing to be set."""
    return _ADVICE.get(error.setting, "")
