# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Run by the Python that has the VOT toolkit, as a file: starts it, with one thing put right.

From version 0.6 on (seen in 0.9.0) the toolkit's trackers speak of lists of objects, but its
supervised experiment still gives and takes a single one, so that it fails with every tracker that
speaks TraX. Here a tracker that was given a single object answers with a single one.

This file imports nothing of re3_ros: that need not be installed beside the toolkit.
"""

from __future__ import annotations

from typing import Any


def speak_of_single_objects(runtime: Any) -> None:
    """Let a class of the toolkit's runtimes take and give single objects, where it got one."""
    start, step = runtime.initialize, runtime.update

    def initialize(self: Any, frame: Any, new: Any = None, properties: Any = None) -> Any:
        self.single = not isinstance(new, list)
        return start(self, frame, [new] if self.single else new, properties)

    def update(self: Any, frame: Any, new: Any = None, properties: Any = None) -> Any:
        states, seconds = step(self, frame, new or [], properties)
        return (states[0] if self.single and isinstance(states, list) else states), seconds

    runtime.initialize, runtime.update = initialize, update


def main() -> None:
    """Run the toolkit's command line."""
    from vot.tracker.trax import TraxTrackerRuntime
    from vot.utilities import cli

    speak_of_single_objects(TraxTrackerRuntime)
    cli.check_updates = lambda: (False, None)  # no network for a test of a tracker
    cli.main()


if __name__ == "__main__":
    main()
