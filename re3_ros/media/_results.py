# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Results written to files: an annotated video and a table of boxes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from re3_ros.errors import ConfigError, OutputError, writing
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
    ConfigError if the file cannot be written, OutputError where the disk is full.
    """

    def __init__(self, path: Path | str) -> None:
        self.path, self.frames = Path(path), 0
        check_writable(self.path)
        self._file: CsvFile | None = None

    def add(self, result: FrameResult) -> None:
        """Append the rows of a frame."""
        if self._file is None:
            self._file = CsvFile(self.path, COLUMNS)
        rows = []
        for target in result.targets:
            score, box = f"{target.score:.4f}", [f"{v:.2f}" for v in target.box]
            state, stamp = target.state.name.lower(), f"{result.stamp / 1e9:.9f}"
            rows.append([str(self.frames), stamp, target.id, state, score, *box])
        self._file.add(rows)
        self.frames += 1

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


class CsvFile:
    """A CSV file whose rows are on disk after each `add`; on a full disk it ends after a whole one.

    Raises OutputError where it cannot be written.
    """

    def __init__(self, path: Path, columns: Iterable[str]) -> None:
        self.path, self.rows, self._end = path, 0, 0
        with writing(path, "nothing of it is there"):
            self._file = path.open("wb", buffering=0)
        try:
            self.add([list(columns)])
        except OutputError:
            self.close()
            raise
        self.rows = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append rows."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        data = text.getvalue().encode()
        with writing(self.path, f"the {self.rows} rows before are whole"):
            try:
                while data:
                    data = data[self._file.write(data) or 0 :]
            except OSError:
                self._file.truncate(self._end)
                raise
        self._end = self._file.tell()
        self.rows += len(rows)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()


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
        with ExitStack() as stack:  # one that fails leaves the other whole
            for file in (self._video, self._table):
                if file is not None:
                    stack.callback(file.close)
