# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in files, one or several to a file."""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import ImageError, SourceError

from ._image import Image
from ._picture import decode, is_deep, open_picture, pixels_of, reason, several


def read_picture(path: Path) -> Image:
    """Return the picture in a file as uint8 RGB (H, W, 3), see `decode_picture`.

    Raises SourceError naming a file that cannot be read, with the reason.
    """
    try:
        return decode(path.read_bytes(), str(path))
    except (OSError, ImageError) as error:
        raise _unreadable(path, error) from error


def count_pictures(path: Path) -> int:
    """Return how many pictures a file holds: pages of a TIFF, frames of a GIF, PNG or WebP.

    A file that cannot be opened counts as one: `read_picture` says what is wrong with it.
    """
    try:
        with open_picture(path) as picture:
            return int(getattr(picture, "n_frames", 1)) if several(picture) else 1
    except Exception:  # noqa: BLE001, damaged headers end in many ways
        return 1


class PictureFile:
    """The pictures of one file, which is open until it is closed.

    Raises SourceError for a file that cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._picture = open_picture(path)
            self.length = int(getattr(self._picture, "n_frames", 1))
        except Exception as error:  # damaged headers end in many ways
            raise _unreadable(path, error) from error

    def read(self, index: int) -> tuple[Image, float]:
        """Return picture ``index`` as uint8 RGB (H, W, 3), and for how many seconds it is shown.

        That is 0 where the file does not tell. Raises ImageError if this one cannot be read.
        """
        try:
            self._picture.seek(index)
            if is_deep(self._picture, self._head()):
                raise ValueError("colours of more than 8 bits are read from single pictures only")
            image = pixels_of(self._picture)
            return image, float(self._picture.info.get("duration", 0)) / 1000
        except Exception as error:
            text = f"picture {index + 1} of {self.path} is not readable: {reason(error)}"
            raise ImageError(text) from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._picture.close()

    def _head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(32)


def _unreadable(path: Path, error: Exception) -> SourceError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else reason(error)
    return SourceError(f"{path} is not a readable image: {why}; replace it by an intact copy")
