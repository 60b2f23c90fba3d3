# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Photographs with one marked object each, the raw material of simulated tracks."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from re3_ros.boxes import check_box, from_xywh, size
from re3_ros.errors import BoxError, SourceError

from ._fields import read_text
from ._shards import STILLS, find_shards, packed_stills
from ._still import Still

INDEX = "index.csv"
MIN_SIDE = 8.0
log = logging.getLogger("re3_ros.datasets")


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
            return packed_stills(folder, skip_licences)
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
