# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A video of one target: what every data set is read into."""

from __future__ import annotations

import collections.abc
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image, read_picture

Colour = Literal["rgb", "bgr"]
Flags = NDArray[np.bool_]
Visibility = NDArray[np.float64]


class FramePaths(collections.abc.Sequence[Path]):
    """Files of one folder in order, kept as names: a data set has millions of them."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder, self.names = folder, tuple(names)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> FramePaths: ...

    def __getitem__(self, index: int | slice) -> Path | FramePaths:
        if isinstance(index, slice):
            return FramePaths(self.folder, self.names[index])
        return self.folder / self.names[index]


@dataclass(frozen=True, eq=False)
class Sequence:
    """A video of one target with its true boxes, n frames; pixels are read when asked for."""

    name: str
    frames: collections.abc.Sequence[Path]
    """n image files, in order."""
    truth: Boxes
    """(n, 4) x1, y1, x2, y2 in pixels; NaN where the target is absent or not labelled, never in
    row 0."""
    absent: Flags | None = None
    """(n,) target not in the image, or fully occluded, by the data set's own labels."""
    occluded: Flags | None = None
    """(n,) target partly or fully occluded, by the data set's own labels."""
    visibility: Visibility | None = None
    """(n,) share of the target that is seen, 0 ... 1, where the data set tells it."""
    labelled: Flags | None = None
    """(n,) whether anybody looked at the frame; None where all are labelled."""
    tags: Mapping[str, Flags] = field(default_factory=dict)
    """What the data set says of single frames: name -> (n,)."""
    attributes: tuple[str, ...] = ()
    """What the data set says of the whole sequence."""
    object_class: str = ""
    """What the target is, where the data set tells it."""
    stride: int = 1
    """Of how many frames of the video these are one."""
    video_frames: int = 0
    """How many the video has, where these are not all in a row; 0: n."""

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def video_length(self) -> int:
        """How many frames the video has, whatever the stride."""
        return self.video_frames or len(self)

    def read(self, index: int, colour: Colour = "rgb") -> Image:
        """Return frame ``index`` as uint8 HxWx3; SourceError names a file that cannot be read."""
        image = read_picture(self.frames[index])
        return image if colour == "rgb" else np.ascontiguousarray(image[..., ::-1])

    def first(self, frames: int) -> Sequence:
        """Return the sequence cut to its first ``frames`` frames."""
        return self.part(0, frames)

    def part(self, start: int, end: int) -> Sequence:
        """Return frames ``start`` to ``end`` (exclusive), counted from 0, with all their labels."""
        return self._rows(slice(start, end))

    def every(self, stride: int) -> Sequence:
        """Return the first of every ``stride`` frames, as a camera of a lower rate sees it."""
        if stride == 1:
            return self
        thinned = self._rows(slice(None, None, stride))
        return replace(thinned, stride=self.stride * stride, video_frames=self.video_length)

    def _rows(self, rows: slice) -> Sequence:
        flags = ("absent", "occluded", "visibility", "labelled")
        kept = {name: values[rows] for name in flags if (values := getattr(self, name)) is not None}
        tags = {name: values[rows] for name, values in self.tags.items()}
        return replace(self, frames=self.frames[rows], truth=self.truth[rows], tags=tags, **kept)

    def interpolated(self) -> Sequence:
        """Return the sequence with the boxes of unlabelled frames between those of labelled ones,
        in a straight line; frames of which a label says that the target is absent stay NaN."""
        if self.labelled is None:
            return self
        known = np.flatnonzero(self.labelled & np.isfinite(self.truth).all(axis=1))
        absent = np.flatnonzero(self.labelled & np.isnan(self.truth).any(axis=1))
        rows = np.arange(len(self))
        between = [np.interp(rows, known, column[known]) for column in self.truth.T]
        truth = np.where(self.labelled[:, None], self.truth, np.stack(between, axis=1))
        truth[known[-1] + 1 :] = np.nan
        for k in absent:  # so do those up to the labelled frames around it
            truth[known[known < k][-1] + 1 : min(known[known > k], default=len(self))] = np.nan
        return replace(self, truth=truth, labelled=None)

    def fingerprint(self) -> str:
        """Return a hash of true boxes and of names and sizes of the frames (not of pixels)."""
        digest = hashlib.sha256(self.truth.tobytes())
        for path in self.frames:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()
