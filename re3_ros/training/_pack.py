# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training data in few files: what lies in thousands of small ones goes into shards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track as progress

from re3_ros.boxes import to_xywh
from re3_ros.datasets import Still, read_stills
from re3_ros.errors import SourceError, writing
from re3_ros.images import Image, read_picture
from re3_ros.shards import CLIPS, STILLS, find_shards, write_shard
from re3_ros.simulation import BOXES, TABLE, clip_frames

Files = Mapping[str, bytes]
INDEX = "index.csv"
_QUALITY = 90
"""Of pictures that are made smaller, if none is asked for."""


@dataclass(frozen=True)
class PackOptions:
    """How data are packed."""

    megabytes: float = 60.0
    """That a shard holds at most, unless one sample alone is larger."""
    side: int | None = None
    """Pixels of the longer side that pictures are made smaller to; None leaves them."""
    quality: int | None = None
    """Of JPEG files that pictures are encoded as anew; None leaves those that keep their size."""

    @property
    def copies(self) -> bool:
        """Whether files go in as they are."""
        return self.side is None and self.quality is None


def pack(data: Path, output: Path, options: PackOptions) -> list[Path]:
    """Write the stills and clips below ``data`` as shards into ``output``; return their paths.

    ``data`` holds stills (index.csv) or clips (folders with img/ and groundtruth.txt), or folders
    of such. Shards that ``output`` holds already are replaced. Raises SourceError where there is
    nothing to pack or something is unreadable, OutputError if it cannot be written; then nothing of
    it is left, and what was there before is whole.
    """
    folders = [data, *sorted(p for p in data.iterdir() if p.is_dir())] if data.is_dir() else []
    stills = [still for f in folders if (f / INDEX).is_file() for still in read_stills(f)]
    clips = [c for f in folders for c in sorted(f.iterdir()) if (c / TABLE).is_file()]
    if not stills and not clips:
        raise SourceError(
            f"{data} holds nothing to pack; expected {INDEX}, or folders with img/ and {TABLE}"
        )
    output.mkdir(parents=True, exist_ok=True)
    partial = output / ".partial"
    try:
        with writing(output, "nothing of it is kept"):
            partial.mkdir()
            photographs = _by_photograph(stills)
            made = _write(partial, STILLS, (_still_files(g, options) for g in photographs),
                          len(photographs), options)  # fmt: skip
            made += _write(partial, CLIPS, (_clip_files(c, options) for c in clips),
                           len(clips), options)  # fmt: skip
            for kind in (STILLS, CLIPS):
                for old in find_shards(output, kind):
                    old.unlink()
            return [path.rename(output / path.name) for path in made]
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):  # a folder that holds the shards stays
            output.rmdir()


def _write(
    folder: Path, kind: str, samples: Iterator[Files], count: int, options: PackOptions
) -> list[Path]:
    """Write shards of one kind; a progress bar shows how far they are."""
    paths: list[Path] = []
    shard: list[Files] = []
    size = 0
    keys: set[str] = set()

    def close() -> None:
        if shard:
            paths.append(folder / f"{kind}-{len(paths):06}.tar")
            write_shard(paths[-1], shard)
            shard.clear()

    for sample in progress(samples, f"packing {kind}", total=count, transient=True):
        key = next(iter(sample)).partition(".")[0]
        if key in keys:
            raise SourceError(f"two samples are named {key}; rename one of them")
        keys.add(key)
        # As much as the archive needs: a head of a block for each file, and whole blocks.
        more = sum(512 + -(-len(data) // 512) * 512 for data in sample.values())
        if size + more > options.megabytes * 1e6:
            close()
            size = 0
        shard.append(sample)
        size += more
    close()
    return paths


def _by_photograph(stills: Sequence[Still]) -> list[list[Still]]:
    """Return the objects of each photograph."""
    ordered = sorted(stills, key=lambda still: still.image_path)
    return [list(group) for _, group in groupby(ordered, key=lambda still: still.image_path)]


def _still_files(stills: Sequence[Still], options: PackOptions) -> Files:
    """Return the files of a photograph and its objects."""
    path, key = stills[0].image_path, _key(stills[0].image_path.stem)
    image = stills[0].image()
    height, width = image.shape[:2]
    smaller = _shrunk(image, options)
    scale = np.array([smaller.shape[1] / width, smaller.shape[0] / height] * 2)
    suffix = path.suffix.lstrip(".").lower() if options.copies else "jpg"
    facts = {
        "name": path.name,
        "licence": stills[0].licence,
        "picture": suffix,
        "width": smaller.shape[1],
        "height": smaller.shape[0],
        "objects": [
            {
                "box": [round(float(v), 3) for v in to_xywh(still.box) * scale],
                "mask": None if still.mask_path is None else f"{k}.png",
            }
            for k, still in enumerate(stills)
        ],
    }
    picture = path.read_bytes() if options.copies else _jpeg(smaller, options)
    files = {"json": json.dumps(facts).encode(), suffix: picture}
    for k, still in enumerate(stills):
        mask = still.mask()
        if mask is not None and still.mask_path is not None:
            fitted = cv2.resize(mask, smaller.shape[1::-1], interpolation=cv2.INTER_AREA)
            hard = np.where(fitted > 127, np.uint8(255), np.uint8(0))
            files[f"{k}.png"] = still.mask_path.read_bytes() if options.copies else _png(hard)
    return {f"{key}.{name}": data for name, data in files.items()}


def _clip_files(folder: Path, options: PackOptions) -> Files:
    """Return the files of a clip."""
    key, frames = _key(folder.name), {}
    scale = np.ones(4)
    for number, path in enumerate(clip_frames(folder), 1):
        data = path.read_bytes()
        if not options.copies:
            image = read_picture(path)
            smaller = _shrunk(image, options)
            scale = np.array([smaller.shape[1] / image.shape[1],
                              smaller.shape[0] / image.shape[0]] * 2)  # fmt: skip
            data = _jpeg(smaller, options)
        frames[f"{key}.{number:06}.jpg"] = data
    table = (folder / TABLE).read_bytes()
    if not np.array_equal(scale, np.ones(4)):
        rows = np.loadtxt(folder / TABLE, delimiter=",", ndmin=2) * scale
        table = "".join(",".join(f"{v:.3f}" for v in row) + "\n" for row in rows).encode()
    facts = json.dumps({"name": folder.name}).encode()
    return {f"{key}.json": facts, f"{key}.{BOXES}": table, **frames}


def _key(name: str) -> str:
    """Return a name without dots, which end the key of a sample."""
    return name.replace(".", "_")


def _shrunk(image: Image, options: PackOptions) -> Image:
    longer = max(image.shape[:2])
    if options.side is None or longer <= options.side:
        return image
    height, width = (max(1, round(n * options.side / longer)) for n in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(image: Image, options: PackOptions) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, options.quality or _QUALITY]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), flags)[1])


def _png(mask: Image) -> bytes:
    return bytes(cv2.imencode(".png", mask)[1])
