# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where frames come from: video files, folders or patterns of images, cameras."""

from __future__ import annotations

import glob
import logging
import re
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from re3_ros.crops import Image
from re3_ros.errors import SourceError
from re3_ros.tracking import Frame

from ._closing import Closing

DEFAULT_FPS = 30.0
IMAGE_SUFFIXES = frozenset(
    {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)

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
    files: tuple[Path, ...]
    """What is read, so that nobody writes over it."""

    def __init__(
        self, name: str, length: int | None, fps: float, files: Sequence[Path] = ()
    ) -> None:
        self.name, self.length, self.fps, self.skipped = name, length, fps, 0
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
            image = _read_image(file)
            if image is None:
                self.skipped += 1
                _log.warning("skipped %s: not a readable image", file)
                continue
            read += 1
            yield Frame("camera", round(i * 1e9 / self.fps), image)
        if not read:
            raise SourceError(
                f"none of the {len(self.files)} files of {self.name} is a readable image; "
                "give a folder or pattern of JPEG or PNG files"
            )


class VideoSource(Source):
    """A video file, stamps as in the file, or a camera, stamps from the clock."""

    def __init__(self, name: str, capture: cv2.VideoCapture, live: bool) -> None:
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        length = count if not live and 0 < count < 10**9 else None
        files = () if live else (Path(name),)
        super().__init__(name, length, fps if 1 <= fps <= 1000 else DEFAULT_FPS, files)
        self._capture, self._live = capture, live

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the file ends or the camera stops delivering."""
        read, stamp = 0, -1
        while True:
            ok, pixels = self._capture.read()
            if not ok:
                break
            image = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            stamp = max(self._now(read), stamp + 1)
            read += 1
            yield Frame("camera", stamp, np.asarray(image, np.uint8))
        if not read:
            raise SourceError(
                f"{self.name} gave no frame; is the video complete, or the camera in use elsewhere?"
            )

    def close(self) -> None:
        """Let go of file or camera."""
        self._capture.release()

    def _now(self, read: int) -> int:
        if self._live:
            return time.time_ns()
        # Some containers carry no times and answer 0 for every frame.
        told = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        return round(told * 1e6) if told > 0 else round(read * 1e9 / self.fps)


def open_source(spec: str, fps: float = DEFAULT_FPS) -> Source:
    """Open a video file, a folder of images, a glob pattern, or a camera by index or device.

    ``fps`` is assumed for images. Files of a folder or pattern are taken in the order that their
    numbers give (``frame2`` before ``frame10``). Raises SourceError naming ``spec`` and a way out.
    """
    path = Path(spec)
    if path.is_dir():
        return _open_folder(path, fps)
    if path.is_file():
        return _open_file(path, fps)
    if spec.isdecimal() or spec.startswith("/dev/video"):
        return _open_camera(spec)
    if any(c in spec for c in "*?["):
        return _open_pattern(spec, fps)
    raise SourceError(
        f"{spec} does not exist; give a video file, a folder of images, a quoted pattern such as "
        "'img/*.jpg', or the index of a camera"
    )


def _open_folder(path: Path, fps: float) -> Source:
    files = [f for f in path.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES]
    if not files:
        raise SourceError(
            f"folder {path} holds no image; expected files ending in "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    return ImageSource(str(path), sorted(files, key=_natural), fps)


def _open_pattern(spec: str, fps: float) -> Source:
    files = [Path(f) for f in glob.glob(spec, recursive=True) if Path(f).is_file()]  # noqa: PTH207
    if not files:
        raise SourceError(f"no file matches {spec}; quote the pattern and check the folder")
    return ImageSource(spec, sorted(files, key=_natural), fps)


def _open_file(path: Path, fps: float) -> Source:
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSource(str(path), [path], fps)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise SourceError(
            f"{path} ({path.stat().st_size} bytes) is not a readable video; "
            "is it complete? ffmpeg -i shows what is in it"
        )
    return VideoSource(str(path), capture, live=False)


def _open_camera(spec: str) -> Source:
    capture = cv2.VideoCapture(int(spec) if spec.isdecimal() else spec)
    if not capture.isOpened():
        raise SourceError(
            f"camera {spec} cannot be opened; `ls /dev/video*` shows the cameras there are"
        )
    return VideoSource(f"camera {spec}", capture, live=True)


def _read_image(path: Path) -> Image | None:
    try:
        file = np.fromfile(path, np.uint8)
        pixels = cv2.imdecode(file, cv2.IMREAD_COLOR) if file.size else None
    except (OSError, cv2.error):
        return None
    return None if pixels is None else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _natural(path: Path) -> tuple[str, list[tuple[int, int, str]]]:
    """Sort key by which numbers in names count as numbers."""
    parts = re.split(r"(\d+)", path.name)
    return str(path.parent), [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
