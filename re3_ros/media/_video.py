# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Writing MP4 files."""

from __future__ import annotations

import errno
import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from re3_ros.errors import ConfigError, OutputError, writing
from re3_ros.images import Image, check_image

from ._closing import Closing

H264_OPTIONS = {"crf": "20", "preset": "veryfast"}
"""Quality that hides the coding, at a speed that leaves the processor to the tracker."""


class _Encoder(Protocol):
    def write(self, image: Image) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class VideoWriter(Closing):
    """An MP4 file that grows by one RGB image a call.

    H.264 that plays in browsers where PyAV is installed, MPEG-4 part 2 through OpenCV elsewhere.
    All frames get the size of the first, cut to even numbers; an image of another size is scaled
    into it with black bars. The file is playable once closed. Raises ConfigError at once if the
    path cannot be written or does not end in .mp4, OutputError where the disk is full; then nothing
    is left of it. ``options`` are those of libx264, for H.264.
    """

    def __init__(
        self, path: Path | str, fps: float = 30.0, options: Mapping[str, str] = H264_OPTIONS
    ) -> None:
        self.path, self.fps, self.frames = Path(path), fps, 0
        self._options = dict(options)
        self._encoder: _Encoder | None = None
        self._size = (0, 0)
        if self.path.suffix.lower() != ".mp4":
            raise ConfigError(f"video {self.path} does not end in .mp4, the only kind written")
        check_writable(self.path)

    def write(self, image: Image) -> None:
        """Append an image uint8 (H, W, 3)."""
        image = check_image(image)
        with self._writing():
            if self._encoder is None:
                height, width = image.shape[:2]
                self._size = (max(2, width // 2 * 2), max(2, height // 2 * 2))
                self._encoder = _open_encoder(self.path, self._size, self.fps, self._options)
            self._encoder.write(fit(image, *self._size))
        self.frames += 1

    def close(self) -> None:
        """Finish the file; without a single frame none is made. Raises OutputError."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            with self._writing():
                encoder.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, (0, 0) before the first frame."""
        return self._size

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with writing(self.path, f"of the video, after {self.frames} frames, nothing is kept"):
                yield
        except OutputError:
            encoder, self._encoder = self._encoder, None
            if encoder is not None:
                with suppress(OSError):  # it has failed already
                    encoder.abandon()
            self.path.unlink(missing_ok=True)
            raise


def check_writable(path: Path) -> None:
    """Make the folder of ``path``, or raise ConfigError with the reason why it cannot be written.

    A file that is there already stays as it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        path.open("ab").close()
        if not existed:
            path.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot write {path}: {reason}; give another output") from error


def fit(image: Image, width: int, height: int) -> Image:
    """Return ``image`` as uint8 (height, width, 3): cut by at most a pixel, or scaled with bars."""
    h, w = image.shape[:2]
    if 0 <= w - width <= 1 and 0 <= h - height <= 1:
        return np.ascontiguousarray(image[:height, :width])
    scale = min(width / w, height / h)
    size = (max(1, min(width, round(w * scale))), max(1, min(height, round(h * scale))))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else 1)
    out = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out


def _open_encoder(
    path: Path, size: tuple[int, int], fps: float, options: dict[str, str]
) -> _Encoder:
    if importlib.util.find_spec("av") is not None:
        return _H264(path, size, fps, options)
    return _Mpeg4(path, size, fps)


class _H264:
    def __init__(
        self, path: Path, size: tuple[int, int], fps: float, options: dict[str, str]
    ) -> None:
        import av

        self._frame = av.VideoFrame
        rate = Fraction(fps).limit_denominator(1001)
        # The index goes to the front so that players can start before the file is there.
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream: Any = self._file.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"

    def write(self, image: Image) -> None:
        frame = self._frame.from_ndarray(image, format="rgb24")
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._file.mux(self._stream.encode())
        self._file.close()

    def abandon(self) -> None:
        self._file.close()  # PyAV ends the process where more is written to a file without header


class _Mpeg4:
    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self._path = path
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._file = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
        if not self._file.isOpened():
            raise ConfigError(f"OpenCV cannot write {path}; install PyAV (pip install av)")

    def write(self, image: Image) -> None:
        self._file.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        self._file.release()
        # OpenCV says nothing of a full disk.
        if not cv2.VideoCapture(str(self._path)).isOpened():
            raise OSError(errno.EIO, "OpenCV could not finish the file; the disk may be full")

    def abandon(self) -> None:
        self._file.release()
