# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Stills from the field's image data sets: COCO, PASCAL VOC, ImageNet DET."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from re3_ros.boxes import Boxes, area, check_box
from re3_ros.errors import BoxError, ConfigError, SourceError
from re3_ros.images import Image, read_picture

from . import _coco, _voc
from ._annotation import AnnotatedObject, ImageReader
from ._masks import Mask
from ._stills import INDEX, MIN_SIDE, Still, log, read_stills


@dataclass(frozen=True)
class ShrunkStill(Still):
    """One object of a data set, in a photograph that is made smaller as it is read."""

    scale: float = 1.0
    size: tuple[int, int] = (0, 0)
    """Width and height of the photograph on disk, as its labels say."""
    draw: Callable[[], Mask] | None = None
    """Draws the mask in that size."""

    def image(self) -> Image:
        """Return the photograph, uint8 HxWx3 RGB; SourceError if it cannot be read."""
        image = read_picture(self.image_path)
        if (image.shape[1], image.shape[0]) != self.size:
            raise SourceError(
                f"{self.image_path} has {image.shape[1]} x {image.shape[0]} pixels, not "
                f"{self.size[0]} x {self.size[1]} as its labels say; replace it"
            )
        return self._shrink(image)

    def mask(self) -> Mask | None:
        """Return 255 where the object is, HxW, or None where only its box is known."""
        return None if self.draw is None else self._shrink(self.draw())

    def _shrink(self, image: Image) -> Image:
        if self.scale == 1:
            return image
        height, width = image.shape[:2]
        size = max(round(width * self.scale), 1), max(round(height * self.scale), 1)
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True)
class StillLayout:
    """How an image data set lies on disk."""

    title: str
    expected: str
    fits: Callable[[Path], bool]
    images: Callable[[Path, str], list[ImageReader]]
    """Lists the images below a folder, of one split or ("") all; labels are read later."""


STILL_LAYOUTS: dict[str, StillLayout] = {
    "coco": StillLayout(
        "COCO",
        "annotations/instances_<split>.json and the pictures in <split>/",
        _coco.fits,
        _coco.images,
    ),
    "voc": StillLayout(
        "PASCAL VOC",
        "Annotations/*.xml and JPEGImages/, with or without SegmentationObject/",
        _voc.fits_voc,
        _voc.voc,
    ),
    "imagenet_det": StillLayout(
        "ImageNet DET",
        "Annotations/DET/<split>/**.xml and Data/DET/<split>/**.JPEG",
        _voc.fits_det,
        _voc.det,
    ),
}
"""Name -> layout of stills, beside ``index``: index.csv, as `read_stills` reads it."""


def list_stills(
    folder: Path | str,
    layout: str = "auto",
    split: str = "",
    skip_licences: Sequence[str] = (),
    limit: int | None = None,
    least_area: float = 0.0,
    long_side: int | None = 320,
) -> list[Still]:
    """Return the objects of an image data set; pixels are read when asked for.

    Boxes and images are shrunk so that the longer side has at most ``long_side`` pixels. Left
    out are objects under 8 pixels after that, or under ``least_area`` of their image, and those
    whose licence contains one of ``skip_licences``. Of larger sets, ``limit`` objects are drawn
    image by image, always the same ones. Labels that cannot be read, and boxes outside of
    their image, are named in the log and left out.

    Raises ConfigError for an unknown layout or split, SourceError where nothing usable is found.
    """
    root = Path(folder)
    if layout == "index" or (layout == "auto" and (root / INDEX).is_file()):
        return _draw(read_stills(root, skip_licences), limit)
    readers = _find(root, layout, split)
    order = np.random.default_rng(0).permutation(len(readers)) if limit else range(len(readers))
    chosen: dict[int, list[Still]] = {}
    count = 0
    for index in order:
        if limit and count >= limit:
            break
        marked = _labels(readers[index], skip_licences, least_area)
        stills = [s for m in marked if (s := _still(m, long_side)) is not None]
        chosen[int(index)] = stills
        count += len(stills)
    if not count:
        raise SourceError(f"{root} lists no object that may be used; look at its labels")
    return [s for index in sorted(chosen) for s in chosen[index]][:limit]


def _find(root: Path, layout: str, split: str) -> list[ImageReader]:
    known = ", ".join(["index", *STILL_LAYOUTS])
    if layout not in {"auto", *STILL_LAYOUTS}:
        raise ConfigError(f"layout {layout!r} of stills is unknown; give auto or one of {known}")
    if not root.is_dir():
        raise SourceError(f"{root} is not a folder; give the folder that holds the data set")
    fitting = [kind for kind in STILL_LAYOUTS.values() if kind.fits(root)]
    kinds = fitting[:1] if layout == "auto" else [STILL_LAYOUTS[layout]]
    found = [reader for kind in kinds for reader in kind.images(root, split)]
    if found:
        return found
    there = ", ".join(sorted(p.name for p in root.iterdir())[:6]) or "nothing"
    wanted = {n: k.expected for n, k in STILL_LAYOUTS.items() if layout in {"auto", n}}
    expected = "; ".join(f"{name}: {text}" for name, text in wanted.items())
    raise SourceError(f"{root} holds no stills, but {there}. Expected {expected}")


def _labels(
    reader: ImageReader, skip_licences: Sequence[str], least_area: float
) -> Iterator[AnnotatedObject]:
    try:
        for marked in reader():
            share = float(area(marked.box)) / (marked.width * marked.height)
            if share >= least_area and not any(w in marked.licence for w in skip_licences):
                yield marked
    except SourceError as error:
        log.warning("left out: %s", error)


def _still(marked: AnnotatedObject, long_side: int | None) -> Still | None:
    side = max(marked.width, marked.height)
    scale = min(1.0, long_side / side) if long_side else 1.0
    box: Boxes = marked.box * scale
    if min(box[2] - box[0], box[3] - box[1]) < MIN_SIDE:
        return None
    try:
        check_box(box, marked.width * scale, marked.height * scale)
    except BoxError as error:
        log.warning("left out: an object of %s: %s", marked.image, error)
        return None
    size = (marked.width, marked.height)
    return ShrunkStill(marked.image, None, box, marked.licence, scale, size, marked.draw)


def _draw(stills: list[Still], limit: int | None) -> list[Still]:
    if limit is None or len(stills) <= limit:
        return stills
    kept = np.sort(np.random.default_rng(0).permutation(len(stills))[:limit])
    return [stills[i] for i in kept]
