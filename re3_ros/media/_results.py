# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Results written to files: an annotated video and a table of boxes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TextIO

from re3_ros.errors import ConfigError
from re3_ros.images import Image
from re3_ros.tracking import FrameResult

from ._closing import Closing
from ._drawing import draw_results
from ._video import VideoWriter, check_writable

COLUMNS = ("frame", "stamp", "id", "state", "score", "x1", "y1", "x2", "y2")


class BoxTable:
    """A CSV file with a row for each target of each frame.

    Columns: frame (from 0), stamp in s, id, state, score, and the box in pixels, which of a lost
    target is where it was last seen. Rows are on disk as soon as their frame is added. Raises
    ConfigError if the file cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path, self.frames = Path(path), 0
        check_writable(self.path)
        self._file: TextIO | None = None

    def add(self, result: FrameResult) -> None:
        """Append the rows of a frame."""
        if self._file is None:
            # Without newline="" the csv module's own line ends would be doubled on some systems.
            self._file = self.path.open("w", newline="", encoding="utf-8")
            csv.writer(self._file, lineterminator="\n").writerow(COLUMNS)
        rows = csv.writer(self._file, lineterminator="\n")
        for target in result.targets:
            score, box = f"{target.score:.4f}", [f"{v:.2f}" for v in target.box]
            state, stamp = target.state.name.lower(), f"{result.stamp / 1e9:.9f}"
            rows.writerow([self.frames, stamp, target.id, state, score, *box])
        self._file.flush()
        self.frames += 1

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


class ResultFiles(Closing):
    """What a run leaves behind: an annotated MP4, a CSV table, either or neither.

    A context manager; the files are complete however it ends. Raises ConfigError if a path cannot
    be written or is one of ``inputs``.
    """

    def __init__(
        self,
        video: Path | None = None,
        table: Path | None = None,
        fps: float = 30.0,
        inputs: tuple[Path, ...] = (),
    ) -> None:
        for path in (p for p in (video, table) if p is not None):
            if path.resolve() in {p.resolve() for p in inputs}:
                raise ConfigError(f"output {path} would replace what is read; give another")
        if video is not None and table is not None and video.resolve() == table.resolve():
            raise ConfigError(f"{video} cannot be both video and table; give two outputs")
        self._video = VideoWriter(video, fps) if video is not None else None
        self._table = BoxTable(table) if table is not None else None
        self.frames = 0

    def add(self, image: Image, result: FrameResult, status: str = "") -> None:
        """Append a frame."""
        if self._table is not None:
            self._table.add(result)
        if self._video is not None:
            self._video.write(draw_results(image, result.targets, status or self.status(result)))
        self.frames += 1

    def status(self, result: FrameResult) -> str:
        """Return the line that stands under a frame."""
        return f"frame {self.frames}  {result.stamp / 1e9:.2f} s  {result.latency * 1e3:.0f} ms"

    def close(self) -> None:
        """Complete the files; a second call does nothing."""
        for file in (self._table, self._video):
            if file is not None:
                file.close()
