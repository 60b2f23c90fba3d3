# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""re3_tracker with a network that takes its time, for `re3 bench node`.

RE3_BENCH_PERIOD=0.05 python -m re3_ros.ros.demos._bench_node [--ros-args ...]
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

from re3_ros.ros.tracker import TrackerNode, main
from re3_ros.tracking import Frame, FrameResult, TrackingSession

PERIOD = "RE3_BENCH_PERIOD"
"""Name of the variable that says how many seconds the network takes for an image."""


class SlowSession(TrackingSession):
    """Takes `PERIOD` seconds for an image, most of them asleep as if a GPU were at work."""

    def process(self, frame: Frame) -> FrameResult:
        """Do as the parent does, and rest."""
        begin = time.perf_counter()
        result = super().process(frame)
        time.sleep(max(0.0, float(os.environ[PERIOD]) - (time.perf_counter() - begin)))
        return replace(result, latency=time.perf_counter() - begin)


class SlowNode(TrackerNode):
    """The node itself, around a `SlowSession`."""

    session_kind = SlowSession


if __name__ == "__main__":
    sys.exit(main(make=SlowNode))
