# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""COCO: ``annotations/instances_<split>.json`` and ``<split>/000000000001.jpg``.

Objects are polygons or run lengths. Crowds are left out: their boxes hold more than one object.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from re3_ros.boxes import Boxes, from_xywh
from re3_ros.errors import ConfigError, SourceError

from ._annotation import AnnotatedObject, ImageReader
from ._fields import read_text
from ._masks import Mask, decode_rle, polygons_to_mask
from ._text import files

_PREFIX = "instances_"


def fits(root: Path) -> bool:
    """Say whether there is a file of instances."""
    return bool(_files(root))


def images(root: Path, split: str) -> list[ImageReader]:
    """Return readers of the images with objects of a split (``train2017``), or of all."""
    files = _files(root)
    if split and split not in files:
        raise ConfigError(
            f"{root} has no split {split!r}; give one of {', '.join(files) or 'none'}"
        )
    return [
        reader
        for name, path in files.items()
        if not split or name == split
        for reader in _read(root, name, path)
    ]


def _files(root: Path) -> dict[str, Path]:
    found = files(root / "annotations", f"{_PREFIX}*.json")
    return {p.stem.removeprefix(_PREFIX): p for p in found}


def _read(root: Path, split: str, path: Path) -> list[ImageReader]:
    try:
        content: dict[str, Any] = json.loads(read_text(path))
        licences = {item["id"]: item["name"] for item in content.get("licenses", ())}
        images = {item["id"]: item for item in content["images"]}
        objects: dict[int, list[dict[str, Any]]] = {}
        for item in content["annotations"]:
            if not item.get("iscrowd"):
                objects.setdefault(item["image_id"], []).append(item)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} cannot be read ({error!r}); expected instances of COCO"
        ) from error
    folder = root / split if (root / split).is_dir() else root / "images" / split
    return [
        partial(_marked, path, folder, images.get(key), licences, objects[key])
        for key in sorted(objects)
    ]


def _marked(
    path: Path,
    folder: Path,
    image: dict[str, Any] | None,
    licences: dict[int, str],
    objects: list[dict[str, Any]],
) -> list[AnnotatedObject]:
    if image is None:
        raise SourceError(f"{path} has objects of picture {objects[0]['image_id']}, but not it")
    try:
        width, height = int(image["width"]), int(image["height"])
        if min(width, height) < 1:
            raise ValueError(f"a size of {width} x {height} pixels")
        licence = licences.get(image.get("license", -1), "unknown")
        return [
            AnnotatedObject(
                folder / image["file_name"],
                width,
                height,
                _box(item["bbox"]),
                licence,
                partial(_mask, path, item["id"], _compact(item["segmentation"]), width, height),
            )
            for item in objects
        ]
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise SourceError(f"{path}, picture {objects[0]['image_id']}: {error!r}") from error


def _box(values: Any) -> Boxes:
    box = np.array(values, float).reshape(4)
    if not np.isfinite(box).all():
        raise ValueError(f"bbox {values} is not finite")
    return from_xywh(box)


def _compact(segmentation: Any) -> Any:
    """Return polygons as arrays, an eighth of what lists of numbers take."""
    if isinstance(segmentation, dict):
        return segmentation["counts"]
    return tuple(np.array(polygon, np.float32) for polygon in segmentation)


def _mask(path: Path, key: int, shape: Any, width: int, height: int) -> Mask:
    try:
        if isinstance(shape, tuple):
            return polygons_to_mask(shape, width, height)
        return decode_rle(shape, width, height)
    except (ValueError, TypeError) as error:
        raise SourceError(f"{path}, object {key}: {error}; leave it out") from error
