# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images in and out: encodings, video files, folders and cameras, drawing, MP4, tables of boxes.

In come files and encoded images, out go frames for a session (`open_source`, `run_frames`); back
come its results, and out go annotated videos and tables (`ResultFiles`).
"""

from ._annotations import image_annotations
from ._closing import Closing
from ._drawing import (
    STATE_COLOURS,
    WHITE,
    draw_box,
    draw_label,
    draw_results,
    draw_status,
    label_of,
)
from ._open import open_source
from ._results import COLUMNS, BoxTable, CsvFile, ResultFiles
from ._run import RunSummary, run_frames
from ._source import Source
from ._video import VideoWriter, check_writable
from ._window import window_problem

__all__ = [
    "COLUMNS",
    "STATE_COLOURS",
    "WHITE",
    "BoxTable",
    "Closing",
    "CsvFile",
    "ResultFiles",
    "RunSummary",
    "Source",
    "VideoWriter",
    "check_writable",
    "draw_box",
    "draw_label",
    "draw_results",
    "draw_status",
    "image_annotations",
    "label_of",
    "open_source",
    "run_frames",
    "window_problem",
]
