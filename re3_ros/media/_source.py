# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What frames come from, and those that come from images."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from re3_ros.errors import ImageError, SourceError
from re3_ros.images import PictureFile, read_picture
from re3_ros.tracking import Frame

from ._closing import Closing

DEFAULT_FPS = 30.0
_log = logging.getLogger(__name__)


class Source(Closing):
    """Frames in order, each once; a context manager that lets go of file or camera at its end."""

    name: str
    """What it was opened from."""
    length: int | None
    """Number of frames; an estimate for some video files, None for cameras."""
    fps: float
    """Nominal frames a second."""
    skipped: int
    """Frames that could not be read and were left out."""
    missing: int
    """Frames at the end that the source states and does not give; known once it has ended."""
    files: tuple[Path, ...]
    """What is read, so that nobody writes over it."""
    is_live = False
    """Whether frames come at their own time, as of a camera or a stream."""

    def __init__(
        self, name: str, length: int | None, fps: float, files: Sequence[Path] = ()
    ) -> None:
        self.name, self.length, self.fps = name, length, fps
        self.skipped = self.missing = 0
        self.files = tuple(files)

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames: uint8 RGB, stamps in ns that grow strictly.

        Raises SourceError if there is not a single readable frame.
        """

    def close(self) -> None:
        """Let go of file or camera; a second call does nothing."""
        return


class ImageSource(Source):
    """Image files in the order given; unreadable ones are skipped with a warning."""

    def __init__(self, name: str, files: Sequence[Path], fps: float = DEFAULT_FPS) -> None:
        super().__init__(name, len(files), fps, files)

    def __iter__(self) -> Iterator[Frame]:
        """Yield one frame a file; a skipped file keeps its place in time."""
        read = 0
        for i, file in enumerate(self.files):
            try:
                image = read_picture(file)
            except SourceError as error:
                self.skipped += 1
                _log.warning("skipped: %s", error)
                continue
            read += 1
            yield Frame("camera", round(i * 1e9 / self.fps), image)
        if not read:
            raise SourceError(
                f"none of the {len(self.files)} files of {self.name} is a readable image; "
                "give a folder or pattern of JPEG or PNG files"
            )


class PictureSource(Source):
    """The pictures of one file: pages of a TIFF, frames of an animated GIF, PNG or WebP.

    Stamps are those of the animation where the file tells them. Raises SourceError for a file that
    cannot be opened.
    """

    def __init__(self, path: Path, fps: float = DEFAULT_FPS) -> None:
        self._pictures = PictureFile(path)
        super().__init__(str(path), self._pictures.length, fps, [path])

    def __iter__(self) -> Iterator[Frame]:
        """Yield a frame a picture; one that cannot be read is skipped with a warning."""
        stamp, read = 0, 0
        for index in range(self._pictures.length):
            seconds = 0.0
            try:
                image, seconds = self._pictures.read(index)
            except ImageError as error:
                self.skipped += 1
                _log.warning("skipped: %s", error)
            else:
                read += 1
                yield Frame("camera", stamp, image)
            stamp += round((seconds or 1 / self.fps) * 1e9)
        if not read:
            text = f"{self.name} holds no readable picture; replace it by an intact copy"
            raise SourceError(text)

    def close(self) -> None:
        """Close the file."""
        self._pictures.close()
