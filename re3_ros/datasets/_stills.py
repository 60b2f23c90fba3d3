# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Photographs with one marked object each, the raw material of simulated tracks."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, check_box, from_xywh, size
from re3_ros.errors import BoxError, SourceError
from re3_ros.images import Image, read_picture
from re3_ros.shards import EXPECTED, STILLS, Member, Sample, find_shards, read_samples

from ._fields import read_text

INDEX = "index.csv"
MIN_SIDE = 8.0
log = logging.getLogger("re3_ros.datasets")


@dataclass(frozen=True)
class Still:
    """One object in one photograph; pixels are read when asked for."""

    image_path: Path
    mask_path: Path | None
    box: Boxes
    licence: str

    def image(self) -> Image:
        """Return the photograph, uint8 HxWx3 RGB; SourceError if it cannot be read."""
        return read_picture(self.image_path)

    def mask(self) -> NDArray[np.uint8] | None:
        """Return 255 where the object is, HxW, or None where only its box is known."""
        if self.mask_path is None:
            return None
        return _grey(read_picture(self.mask_path))


@dataclass(frozen=True)
class PackedStill(Still):
    """A still in a shard; ``image_path`` is the shard's path and the photograph's name."""

    picture: Member | None = None
    outline: Member | None = None

    def image(self) -> Image:
        """See `Still.image`."""
        assert self.picture is not None
        return self.picture.picture()

    def mask(self) -> NDArray[np.uint8] | None:
        """See `Still.mask`."""
        if self.outline is None:
            return None
        return _grey(self.outline.picture())


def _grey(mask: Image) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(mask, cv2.COLOR_RGB2GRAY), np.uint8)


def read_stills(folder: Path, skip_licences: Sequence[str] = ()) -> list[Still]:
    """Return the objects listed in ``folder/index.csv`` (file, mask, licence, w, h, box x y w h).

    Where there is none, those of the shards in the folder, ``stills-*.tar``.

    Rows whose licence contains one of ``skip_licences`` and rows whose box is under 8 pixels are
    left out; so are boxes outside of their photograph, which are named in the log.

    Raises SourceError naming the file and line of anything unreadable.
    """
    index = folder / INDEX
    if not index.is_file():
        if find_shards(folder, STILLS):
            samples = read_samples(folder, STILLS)
            return [still for sample in samples for still in _packed(sample, skip_licences)]
        raise SourceError(
            f"{index} does not exist; give the folder that holds index.csv and img/, or shards "
            f"{STILLS}-*.tar"
        )
    rows = csv.DictReader(read_text(index).splitlines())
    try:
        return list(_rows(folder, rows, skip_licences))
    except csv.Error as error:
        raise SourceError(f"{index}, line {rows.line_num}: {error}; expected a CSV file") from error


def _rows(folder: Path, rows: csv.DictReader[str], skip_licences: Sequence[str]) -> Iterator[Still]:
    for row in rows:
        where = f"{folder / INDEX}, line {rows.line_num}"
        try:
            if any(word in row["licence"] for word in skip_licences):
                continue
            box = from_xywh([float(v) for v in row["box"].split()])
            still = Still(
                folder / row["file"],
                folder / row["mask"] if row["mask"] else None,
                check_box(box, float(row["w"]), float(row["h"]), min_size=MIN_SIDE),
                row["licence"],
            )
        except BoxError as error:
            if (size(box) >= MIN_SIDE).all():
                log.warning("left out: %s: %s", where, error)
            continue
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise SourceError(
                f"{where}: {error!r}; expected columns file, mask, licence, w, h, box"
            ) from error
        yield still


def _packed(sample: Sample, skip_licences: Sequence[str]) -> Iterator[Still]:
    facts, files = sample.facts, sample.files
    try:
        licence, picture = str(facts["licence"]), files[facts["picture"]]
        if any(word in licence for word in skip_licences):
            return
        path = picture.shard / str(facts["name"])
        for each in facts["objects"]:
            mask = None if each["mask"] is None else files[each["mask"]]
            box = check_box(from_xywh(each["box"]), facts["width"], facts["height"], min_size=0)
            named = None if mask is None else mask.shard / mask.name
            yield PackedStill(path, named, box, licence, picture, mask)
    except (KeyError, TypeError, ValueError, BoxError) as error:
        raise SourceError(f"{sample.where}: {error!r}; {EXPECTED}") from error
