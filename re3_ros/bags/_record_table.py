# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks as a table, CSV or Parquet: a row for each target of each image."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from re3_ros import __version__
from re3_ros.boxes import Boxes
from re3_ros.errors import ConfigError, OutputError, writing
from re3_ros.media import Closing, CsvFile, check_writable
from re3_ros.tracking import known_state

_NOTHING = "of a Parquet file that has no end, nothing is kept; CSV is whole up to its last row"
GROUP = 10_000
"""Rows that a Parquet file takes in one go; so many are held in memory."""


class Column(NamedTuple):
    """A column of the table; ``form`` is the format of its numbers in CSV."""

    name: str
    kind: str
    """int64, string or double; a double may be missing."""
    form: str
    text: str


class TrackRow(NamedTuple):
    """A row: one target in one image; what is None is not known."""

    stamp_ns: int
    frame_id: str
    camera: str
    target: str
    state: str
    score: float
    x1: float
    y1: float
    x2: float
    y2: float
    cx: float
    cy: float
    w: float
    h: float
    x: float | None
    y: float | None
    z: float | None
    var_x: float | None
    var_y: float | None
    var_z: float | None
    cov_xy: float | None
    cov_xz: float | None
    cov_yz: float | None
    frames_since_init: int


_PIXELS, _METRES, _VARIANCE = ".3f", ".4f", ".4g"
COLUMNS = (
    Column("stamp_ns", "int64", "d", "time of the image, header.stamp, in ns"),
    Column("frame_id", "string", "", "header.frame_id of the image"),
    Column("camera", "string", "", "name of the camera"),
    Column("target", "string", "", "id of the target"),
    Column("state", "string", "", "new, tracking, uncertain or lost"),
    Column("score", "double", ".5f", "probability that the box is on the target, 0 to 1"),
    Column("x1", "double", _PIXELS, "left side of the box, pixels; while lost, a guess"),
    Column("y1", "double", _PIXELS, "upper side"),
    Column("x2", "double", _PIXELS, "right side"),
    Column("y2", "double", _PIXELS, "lower side"),
    Column("cx", "double", _PIXELS, "middle of the box, from the left"),
    Column("cy", "double", _PIXELS, "middle, from above"),
    Column("w", "double", _PIXELS, "width"),
    Column("h", "double", _PIXELS, "height"),
    Column("x", "double", _METRES, "place in the optical frame, metres to the right"),
    Column("y", "double", _METRES, "metres downwards"),
    Column("z", "double", _METRES, "metres ahead"),
    Column("var_x", "double", _VARIANCE, "variance of x, square metres"),
    Column("var_y", "double", _VARIANCE, "of y"),
    Column("var_z", "double", _VARIANCE, "of z"),
    Column("cov_xy", "double", _VARIANCE, "covariance of x and y, square metres"),
    Column("cov_xz", "double", _VARIANCE, "of x and z"),
    Column("cov_yz", "double", _VARIANCE, "of y and z"),
    Column("frames_since_init", "int64", "d", "images since the target was started"),
)
"""The columns of every table; x to cov_yz are missing where the 3D position is not known."""


class Position3D(NamedTuple):
    """A 3D position: metres and square metres, in the camera's optical frame."""

    position: tuple[float, float, float]
    variance: tuple[float, float, float]
    covariance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of x and y, x and z, y and z."""


def track_row(
    stamp: int,
    frame_id: str,
    camera: str,
    target: str,
    state: int,
    score: float,
    box: Boxes,
    frames_since_init: int,
    position: Position3D | None = None,
) -> TrackRow:
    """Return a row; ``box`` is (4,) x1, y1, x2, y2, ``state`` the number of a TargetState.

    Raises InputError for a number that is none.
    """
    x1, y1, x2, y2 = (float(v) for v in box)
    middle = (x1 + x2) / 2, (y1 + y2) / 2
    positions: tuple[float | None, ...] = (None,) * 9
    if position is not None and all(map(math.isfinite, position.position)):
        positions = *position.position, *position.variance, *position.covariance
    name = known_state(state, target).name.lower()
    pixels = x1, y1, x2, y2, *middle, x2 - x1, y2 - y1
    row: Any = stamp, frame_id, camera, target, name, float(score), *pixels, *positions
    return TrackRow._make((*row, frames_since_init))


class _Sink(Protocol):
    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows."""

    def close(self) -> None:
        """Complete the file."""


class TrackTable(Closing):
    """A file of rows, CSV or Parquet by its name; ``metadata`` goes into Parquet's header.

    It begins with the first row; without one, there is no file. CSV is on disk after each `add`,
    Parquet is complete once closed. Raises ConfigError for a name with another ending, a file
    that cannot be written, or Parquet where pyarrow is not installed; OutputError where the disk is
    full.
    """

    def __init__(
        self,
        path: Path | str,
        columns: Sequence[Column] = COLUMNS,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.path, self.columns, self.rows = Path(path), tuple(columns), 0
        if self.path.suffix not in {".csv", ".parquet"}:
            raise ConfigError(
                f"table {path} ends in neither .csv nor .parquet; give it one of them"
            )
        check_writable(self.path)
        if self.path.suffix == ".parquet":
            _pyarrow()
        self._metadata = {"re3_ros": __version__, **(metadata or {})}
        self._sink: _Sink | None = None

    def note(self, **metadata: Any) -> None:
        """Add to the metadata, before the first row."""
        self._metadata.update(metadata)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows, with a value for each column."""
        given = list(rows)
        if given and self._sink is None:
            make = _Csv if self.path.suffix == ".csv" else _Parquet
            self._sink = make(self.path, self.columns, self._metadata)
        if self._sink is not None:
            self._sink.write(given)
            self.rows += len(given)

    def close(self) -> None:
        """Complete the file; a second call does nothing."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()


class _Csv:
    def __init__(self, path: Path, columns: Sequence[Column], _metadata: object) -> None:
        self._forms = [column.form for column in columns]
        self._file = CsvFile(path, [column.name for column in columns])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._file.add([self._texts(row) for row in rows])

    def _texts(self, row: Sequence[Any]) -> list[str]:
        pairs = zip(row, self._forms, strict=True)
        return ["" if v is None else format(v, form) for v, form in pairs]

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path, columns: Sequence[Column], metadata: Mapping[str, Any]) -> None:
        import pyarrow.parquet

        arrow = _pyarrow()
        kinds = {"int64": arrow.int64(), "string": arrow.string(), "double": arrow.float64()}
        fields = [arrow.field(c.name, kinds[c.kind], metadata={"text": c.text}) for c in columns]
        header = {key: v if isinstance(v, str) else json.dumps(v) for key, v in metadata.items()}
        self._schema = arrow.schema(fields, header)
        self._path = path
        with self._writing():
            self._writer = pyarrow.parquet.ParquetWriter(path, self._schema)
        self._held: list[Sequence[Any]] = []

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._held += rows
        if len(self._held) >= GROUP:
            self._flush()

    def close(self) -> None:
        try:
            if self._held:
                self._flush()
        finally:  # what was written before is of use only with its end
            with self._writing():
                self._writer.close()

    def _flush(self) -> None:
        columns = list(zip(*self._held, strict=True))
        arrow = _pyarrow()
        arrays = [arrow.array(v, f.type) for v, f in zip(columns, self._schema, strict=True)]
        self._held.clear()
        with self._writing():
            self._writer.write_table(arrow.Table.from_arrays(arrays, schema=self._schema))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with writing(self._path, _NOTHING):
                yield
        except OutputError:
            self._path.unlink(missing_ok=True)
            raise


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed: pip install 're3_ros[parquet]', or "
            "give the table a name that ends in .csv"
        ) from error
    return pa
