# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in and out: image encodings, video sources, drawing, MP4, and the demo scene."""

from ._closing import Closing
from ._drawing import STATE_COLOURS, draw_box, draw_label, draw_results, draw_status
from ._encodings import (
    CONVERTED_ENCODINGS,
    NATIVE_ENCODINGS,
    convert_image,
    decode_compressed,
    decode_image,
)
from ._report import DemoRecord, DemoSummary, overlaps, write_demo_report
from ._results import COLUMNS, BoxTable, ResultFiles
from ._run import RunSummary, run_frames
from ._scene import DemoScene, SceneFrame
from ._source import Source, open_source
from ._video import VideoWriter
from ._yard import Yard, YardView

__all__ = [
    "COLUMNS",
    "CONVERTED_ENCODINGS",
    "NATIVE_ENCODINGS",
    "STATE_COLOURS",
    "BoxTable",
    "Closing",
    "DemoRecord",
    "DemoScene",
    "DemoSummary",
    "ResultFiles",
    "RunSummary",
    "SceneFrame",
    "Source",
    "VideoWriter",
    "Yard",
    "YardView",
    "convert_image",
    "decode_compressed",
    "decode_image",
    "draw_box",
    "draw_label",
    "draw_results",
    "draw_status",
    "open_source",
    "overlaps",
    "run_frames",
    "write_demo_report",
]
