# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""PASCAL VOC and, in the same kind of files, ImageNet DET.

VOC: ``Annotations/2007_000027.xml``, ``JPEGImages/2007_000027.jpg``, ``ImageSets`` and, for some
images, ``SegmentationObject/2007_000027.png``, whose pixels are the numbers of the objects in
the order of the XML file. Its pixels start at 1. ImageNet DET: ``Annotations/DET/<split>/**.xml``
and ``Data/DET/<split>/**.JPEG``; its pixels start at 0. Right and lower sides belong to the object.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from re3_ros.errors import ConfigError, SourceError

from ._annotation import AnnotatedObject, ImageReader
from ._entry import sub_folders
from ._imagenet import read_bounds, read_label
from ._masks import Mask, image_size, read_label_map
from ._text import files, read_lines

VOC_TERMS = "Flickr terms (PASCAL VOC)"
DET_TERMS = "non-commercial research (ImageNet)"


def fits_voc(root: Path) -> bool:
    """Say whether ``Annotations`` and ``JPEGImages`` lie in ``root`` or in a year's folder."""
    return bool(_years(root))


def voc(root: Path, split: str) -> list[ImageReader]:
    """Return readers of the images of a list in ``ImageSets`` (``Main/train``), or all."""
    return [
        partial(_voc_objects, year, name)
        for year in _years(root)
        for name in (_listed(year, split) if split else _all(year))
    ]


def fits_det(root: Path) -> bool:
    """Say whether ``Annotations/DET`` is there."""
    return (root / "Annotations" / "DET").is_dir()


def det(root: Path, split: str) -> list[ImageReader]:
    """Return readers of the images of ``train`` or ``val``, or of both."""
    if not fits_det(root):
        return []
    labels = root / "Annotations" / "DET"
    return [
        partial(_det_objects, root, path)
        for part in sub_folders(labels, split, ("train", "val"))
        for path in files(part, "**/*.xml")
    ]


def _years(root: Path) -> list[Path]:
    folders = [root, *sorted(root.glob("VOC20*"))]
    return [p for p in folders if (p / "Annotations").is_dir() and (p / "JPEGImages").is_dir()]


def _all(year: Path) -> list[str]:
    return [p.stem for p in files(year / "Annotations", "*.xml")]


def _listed(year: Path, split: str) -> list[str]:
    path = year / "ImageSets" / f"{split}.txt"
    if not path.is_file():
        there = sorted(
            p.relative_to(year / "ImageSets").with_suffix("").as_posix()
            for p in (year / "ImageSets").glob("*/*.txt")
            if "_" not in p.stem  # the lists of one class
        )
        raise ConfigError(f"{path} is missing; give one of {', '.join(there) or 'no'} as split")
    return [line.split()[0] for _, line in read_lines(path) if line.strip()]


def _voc_objects(year: Path, name: str) -> list[AnnotatedObject]:
    path, image = year / "Annotations" / f"{name}.xml", year / "JPEGImages" / f"{name}.jpg"
    masks = year / "SegmentationObject" / f"{name}.png"
    things, (width, height) = _read(path, image)
    return [
        AnnotatedObject(
            image,
            width,
            height,
            np.add(read_bounds(path, thing), (-1, -1, 0, 0)),
            VOC_TERMS,
            partial(_draw, masks, number) if masks.is_file() else None,
        )
        for number, thing in enumerate(things, 1)
    ]


def _read(path: Path, image: Path) -> tuple[list[ET.Element], tuple[int, int]]:
    """Return the objects of a label file, and width and height of its image."""
    label = read_label(path)
    if not image.is_file():
        raise SourceError(f"{image} is missing, though {path} describes it")
    size = label.findtext("size/width", ""), label.findtext("size/height", "")
    if all(side.isdecimal() and int(side) > 0 for side in size):
        return label.findall("object"), (int(size[0]), int(size[1]))
    return label.findall("object"), image_size(image)


def _draw(masks: Path, number: int) -> Mask:
    numbers = read_label_map(masks)
    if not (numbers == number).any():
        raise SourceError(f"{masks} has no pixel of object {number}; leave the picture out")
    return np.asarray((numbers == number) * 255, np.uint8)


def _det_objects(root: Path, path: Path) -> list[AnnotatedObject]:
    image = root / "Data" / path.relative_to(root / "Annotations").with_suffix(".JPEG")
    things, (width, height) = _read(path, image)
    boxes = [np.add(read_bounds(path, thing), (0, 0, 1, 1)) for thing in things]
    return [AnnotatedObject(image, width, height, box, DET_TERMS) for box in boxes]
