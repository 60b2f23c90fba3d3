# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The demo without ROS: the rendered scene as a bag, tracked from bag to bag, and its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2

from re3_ros.tracking import TargetState, TrackingSession, known_state, stamp_of
from re3_ros.worlds import DemoRecord, DemoScene, DemoSummary, write_demo_report

from ._definitions import COMPRESSED, STATUS, typestore
from ._messages import box_of, header
from ._reader import BagReader
from ._run import STATUS_TOPIC, OnFrame, run_bag
from ._writer import BagWriter

TARGET = "tortoise"
SCENE_TOPIC = "/camera/image/compressed"
SCENE_BAG, TRACKED_BAG = "scene", "tracked"
_JPEG_QUALITY = 95


def write_scene_bag(
    path: Path | str, scene: DemoScene, on_frame: Callable[[int], None] | None = None
) -> None:
    """Render a scene into a rosbag2 of JPEG images, replacing an earlier one."""
    with BagWriter(path, overwrite=True) as writer:
        for index in range(scene.frames):
            stamp = scene.stamp(index)
            message = typestore().types[COMPRESSED](
                header=header(stamp, "camera"), format="jpeg", data=_jpeg(scene, index)
            )
            writer.write(SCENE_TOPIC, COMPRESSED, message, stamp)
            if on_frame is not None:
                on_frame(index)


def track_scene_bag(
    folder: Path,
    scene: DemoScene,
    session: TrackingSession,
    weights: str = "",
    on_frame: OnFrame | None = None,
    stop: Callable[[], bool] | None = None,
) -> float:
    """Track the scene from ``folder``/scene to ``folder``/tracked; return the seconds spent."""
    summary = run_bag(
        folder / SCENE_BAG,
        folder / TRACKED_BAG,
        {TARGET: scene.initial_box},
        session,
        overwrite=True,
        copy_images=True,
        weights=weights,
        on_frame=on_frame,
        stop=stop,
    )
    return summary.seconds


def report_scene_bag(
    folder: Path, scene: DemoScene, seconds: float, about: Mapping[str, Any] | None = None
) -> DemoSummary:
    """Write video, plot and figures of what ``folder``/tracked holds."""
    return write_demo_report(
        folder, scene, read_records(folder / TRACKED_BAG, scene), seconds, about
    )


def read_records(bag: Path | str, scene: DemoScene, topic: str = STATUS_TOPIC) -> list[DemoRecord]:
    """Return what the status messages of a bag say of the demo's target, in order of the frames.

    A target that is lost counts as not detected: that is how Detection2DArray leaves it out.
    """
    records: dict[int, DemoRecord] = {}
    with BagReader(bag, topic, types={STATUS}) as reader:
        for recorded in reader:
            status = recorded.message()
            frame = scene.index(stamp_of(status.header))
            for target in status.targets:
                if target.id == TARGET and 0 <= frame < scene.frames:
                    records[frame] = _record(frame, target)
    return [records[frame] for frame in sorted(records)]


def _record(frame: int, target: Any) -> DemoRecord:
    state = known_state(target.state, target.id)
    box = None if state == TargetState.LOST else box_of(target.bbox)
    return DemoRecord(frame, box, float(target.score), state)


def _jpeg(scene: DemoScene, index: int) -> Any:
    image = cv2.cvtColor(scene.frame(index).image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.reshape(-1)
