# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet VID: ``Data/VID/<split>/.../<video>/000000.JPEG`` and, in the same folders below
``Annotations``, ``000000.xml`` with every object's ``trackid``, box and ``occluded``.

Each track becomes a sequence ``<video>.<trackid>`` from its first to its last frame. Boxes are
corners of pixels that both belong to the object, hence one pixel is added at the right and below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from re3_ros.errors import SourceError

from ._entry import Entry, sub_folders
from ._sequence import FramePaths, Sequence
from ._text import list_frames, missing

SPLITS = ("train", "val", "test")


def fits(root: Path) -> bool:
    """Say whether ``Annotations/VID`` is there."""
    return (root / "Annotations" / "VID").is_dir()


def entries(root: Path, split: str) -> list[Entry]:
    """Return the videos of ``train``, ``val``, or of both."""
    if not fits(root):
        return []
    videos = [
        video
        for part in sub_folders(root / "Annotations" / "VID", split, SPLITS)
        for video in _videos(part)
    ]
    return [Entry(p.name, _Reader(root, p), p) for p in videos]


class _Reader:
    def __init__(self, root: Path, labels: Path) -> None:
        self.root, self.labels = root, labels

    def __call__(self) -> tuple[Sequence, ...]:
        """Return one sequence for each track of the video."""
        place = self.labels.relative_to(self.root / "Annotations")
        frames = list_frames(self.root / "Data" / place)
        objects: dict[str, dict[int, ET.Element]] = {}
        for index, name in enumerate(frames.names):
            label = read_label(self.labels / f"{Path(name).stem}.xml")
            for thing in label.findall("object"):
                objects.setdefault(thing.findtext("trackid", "0"), {})[index] = thing
        return tuple(
            _sequence(f"{self.labels.name}.{track}", frames, seen, self.labels)
            for track, seen in sorted(objects.items())
        )


def read_label(path: Path) -> ET.Element:
    """Return a PASCAL VOC label file; SourceError names one that is broken."""
    try:
        return ET.parse(path).getroot()  # noqa: S314  labels of a data set
    except (OSError, ET.ParseError) as error:
        raise SourceError(
            f"{path} cannot be read ({error}); expected a label file in XML"
        ) from error


def read_bounds(path: Path, thing: ET.Element) -> list[float]:
    """Return xmin, ymin, xmax, ymax of an object; SourceError names the file if one is missing."""
    bounds = [thing.findtext(f"bndbox/{side}", "") for side in ("xmin", "ymin", "xmax", "ymax")]
    with suppress(ValueError):
        values = [float(v) for v in bounds]
        if all(map(math.isfinite, values)):
            return values
    raise SourceError(f"{path}: an object's box {bounds} is not four finite numbers")


def _videos(folder: Path) -> Iterable[Path]:
    """Yield the folders of labels; those of ``train`` lie one deeper, in parts of the set."""
    for child in sorted(p for p in folder.iterdir() if p.is_dir()):
        if any(child.glob("*.xml")):
            yield child
        else:
            yield from sorted(p for p in child.iterdir() if p.is_dir())


def _sequence(name: str, frames: FramePaths, seen: dict[int, ET.Element], labels: Path) -> Sequence:
    first, last = min(seen), max(seen)
    boxes = np.full((last + 1 - first, 4), np.nan)
    occluded = np.zeros(len(boxes), bool)
    for index, thing in seen.items():
        path = labels / f"{Path(frames.names[index]).stem}.xml"
        boxes[index - first] = box = np.add(read_bounds(path, thing), (0, 0, 1, 1))
        if (box[2:] <= box[:2]).any():
            raise SourceError(f"{path}: box {box.tolist()} has its right or lower side first")
        occluded[index - first] = thing.findtext("occluded", "0") == "1"
    return Sequence(
        name,
        frames[first : last + 1],
        boxes,
        absent=missing(boxes),
        occluded=occluded,
        object_class=seen[first].findtext("name", ""),
    )
