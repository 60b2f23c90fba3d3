# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts of what was processed and what was rejected, and why."""

from __future__ import annotations

from re3_ros.errors import InputError

NAMES = (
    "frames_processed",
    "frames_failed",
    "frames_rejected",
    "frames_rejected_camera",
    "frames_rejected_image",
    "frames_rejected_stamp",
    "boxes_rejected",
    "boxes_rejected_box",
    "boxes_rejected_camera",
    "boxes_rejected_stamp",
    "boxes_rejected_target",
    "drops_rejected",
    "drops_rejected_camera",
    "drops_rejected_target",
    "size_changes",
    "stamp_outliers",
    "time_jumps",
)


class Counters:
    """The counters of one camera or of a session; none ever falls."""

    def __init__(self) -> None:
        self.values = dict.fromkeys(NAMES, 0)

    def add(self, name: str) -> None:
        """Count one."""
        self.values[name] += 1

    def reject(self, kind: str, error: InputError) -> None:
        """Count one of ``kind`` (frames, boxes, drops), in all and by reason."""
        reason = type(error).__name__.removesuffix("Error").lower()
        self.add(f"{kind}_rejected")
        self.add(f"{kind}_rejected_{reason}")
