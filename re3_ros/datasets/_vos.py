# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos with masks, whose outermost pixels make the boxes: DAVIS and YouTube-VOS.

DAVIS: ``JPEGImages/480p/<video>/00000.jpg``, ``Annotations/480p/<video>/00000.png`` and
``ImageSets/2017/val.txt``. YouTube-VOS: ``train/JPEGImages``, ``train/Annotations`` and
``train/meta.json``. Each object becomes a sequence ``<video>.<number>`` (``<video>`` where it is
the only one) from the first to the last frame in which it has a mask; frames without a file of
masks are not labelled.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from re3_ros.errors import ConfigError, SourceError

from ._entry import Entry, sub_folders
from ._fields import read_text
from ._masks import mask_to_box, read_label_map
from ._sequence import FramePaths, Sequence
from ._text import files, list_frames, missing, read_lines

_SCALES = ("480p", "Full-Resolution", "1080p")
_SPLITS = ("train", "valid", "test")
_VOID = 255
"""Number of pixels that belong to nobody, where there are other numbers too."""


def fits_davis(root: Path) -> bool:
    """Say whether there are frames and masks in one of DAVIS's resolutions."""
    return any((root / "Annotations" / scale).is_dir() for scale in _SCALES)


def davis(root: Path, split: str) -> list[Entry]:
    """Return the videos of a list in ``ImageSets`` (``2017/val``), or all with masks."""
    scale = next((s for s in _SCALES if (root / "Annotations" / s).is_dir()), _SCALES[0])
    images, masks = root / "JPEGImages" / scale, root / "Annotations" / scale
    if split:
        names = _listed(root / "ImageSets", split)
    else:
        names = [p.name for p in files(masks, "*") if p.is_dir()]
    return [Entry(name, _Reader(images / name, masks / name, {}), masks / name) for name in names]


def fits_youtube(root: Path) -> bool:
    """Say whether ``meta.json`` lies beside frames, in ``root`` or in a split's folder."""
    return any(
        (part / "meta.json").is_file() and (part / "JPEGImages").is_dir()
        for part in sub_folders(root, "", _SPLITS)
    )


def youtube(root: Path, split: str) -> list[Entry]:
    """Return the videos of ``train``, ``valid`` or ``test``, or of all that are there."""
    return [
        _entry(part, name, about)
        for part in sub_folders(root, split, _SPLITS)
        for name, about in sorted(_read_meta(part / "meta.json").items())
    ]


def _entry(part: Path, name: str, classes: dict[int, str]) -> Entry:
    images, masks = part / "JPEGImages" / name, part / "Annotations" / name
    return Entry(name, _Reader(images, masks, classes), masks)


def _listed(folder: Path, split: str) -> list[str]:
    """Return the videos of a list: names (2017) or pairs of frame and mask (2016)."""
    path = folder / f"{split}.txt"
    if not path.is_file():
        there = sorted(
            p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.txt")
        )
        raise ConfigError(f"{path} is missing; give one of {', '.join(there) or 'no'} as split")
    words = [line.split()[0] for _, line in read_lines(path) if line.strip()]
    return list(dict.fromkeys(Path(w).parent.name if "/" in w else w for w in words))


def _read_meta(path: Path) -> dict[str, dict[int, str]]:
    """Return video -> number of object -> its category."""
    try:
        videos: dict[str, Any] = json.loads(read_text(path))["videos"]
        return {
            name: {int(k): str(o.get("category", "")) for k, o in video["objects"].items()}
            for name, video in videos.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} cannot be read ({error!r}); expected the videos and objects of YouTube-VOS"
        ) from error


class _Reader:
    def __init__(self, images: Path, masks: Path, classes: dict[int, str]) -> None:
        self.images, self.masks, self.classes = images, masks, classes

    def __call__(self) -> tuple[Sequence, ...]:
        """Return one sequence for each object of the video."""
        frames = list_frames(self.images)
        labelled = np.array([self._mask(name).is_file() for name in frames.names])
        if not labelled.any():
            raise SourceError(f"{self.masks} holds no mask for the frames of {self.images}")
        boxes: dict[int, np.typing.NDArray[np.float64]] = {}
        for index in np.flatnonzero(labelled):
            numbers = read_label_map(self._mask(frames.names[index]))
            for number in np.unique(numbers[numbers > 0]):
                rows = boxes.setdefault(int(number), np.full((len(frames), 4), np.nan))
                rows[index] = mask_to_box(numbers == number)
        if len(boxes) > 1:
            boxes.pop(_VOID, None)
        return tuple(
            self._sequence(number, frames, boxes[number], labelled, len(boxes) == 1)
            for number in sorted(boxes)
        )

    def _mask(self, name: str) -> Path:
        return self.masks / f"{Path(name).stem}.png"

    def _sequence(
        self,
        number: int,
        frames: FramePaths,
        boxes: np.typing.NDArray[np.float64],
        labelled: np.typing.NDArray[np.bool_],
        alone: bool,
    ) -> Sequence:
        seen = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        rows = slice(seen[0], seen[-1] + 1)
        return Sequence(
            self.images.name if alone else f"{self.images.name}.{number}",
            frames[rows],
            boxes[rows],
            absent=labelled[rows] & missing(boxes[rows]),
            labelled=None if labelled[rows].all() else labelled[rows],
            object_class=self.classes.get(number, ""),
        )
