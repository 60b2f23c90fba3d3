# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many small files in few large ones: tar archives by WebDataset's convention, read in place.

Files whose names are the same up to the first dot are one sample, and lie one after the other. A
photograph is ``KEY.json`` (name, licence, objects: box x y w h, suffix of the mask), ``KEY.jpg``
and ``KEY.0.png``, ``KEY.1.png`` for the masks. A clip is ``KEY.json`` (name), ``KEY.boxes.txt``
(x,y,w,h or nan, a line a frame) and ``KEY.000001.jpg`` and so on.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import check_box, from_xywh
from re3_ros.errors import BoxError, ImageError, SourceError
from re3_ros.images import Image, decode_picture

from ._still import Still

STILLS, CLIPS = "stills", "clips"
"""How the names of shards begin."""
_END = 2 * tarfile.BLOCKSIZE
"""Bytes of zeros that end a whole archive (POSIX.1-1988, ustar)."""


@dataclass(frozen=True)
class Member:
    """A file in a shard."""

    shard: Path
    name: str
    start: int
    size: int

    def read(self) -> bytes:
        """Return its content; SourceError if the shard cannot be read any more."""
        try:
            with self.shard.open("rb") as file:
                file.seek(self.start)
                data = file.read(self.size)
        except OSError as error:
            raise SourceError(f"{self.shard}, {self.name}: {error}") from error
        if len(data) != self.size:
            raise SourceError(f"{self.shard}, {self.name}: the shard was cut off")
        return data

    def picture(self) -> Image:
        """Return it decoded, uint8 RGB; SourceError if it is no readable picture."""
        try:
            return decode_picture(self.read(), f"{self.shard}, {self.name}")
        except ImageError as error:
            raise SourceError(str(error)) from error


Sample = Mapping[str, Member]
"""The files of a sample by suffix."""


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
        return np.asarray(cv2.cvtColor(self.outline.picture(), cv2.COLOR_RGB2GRAY), np.uint8)


@dataclass(frozen=True)
class PackedClip:
    """A labelled video in a shard."""

    name: str
    frames: Sequence[Member]
    table: Member
    """Boxes, x,y,w,h or nan, a line a frame."""


def find_shards(folder: Path, kind: str) -> list[Path]:
    """Return the shards of stills or clips in a folder, in order."""
    return sorted(folder.glob(f"{kind}-*.tar"))


def packed_stills(folder: Path, skip_licences: Sequence[str] = ()) -> list[Still]:
    """Return the stills in the shards of a folder, as `read_stills` does those of an index.

    Raises SourceError naming the shard, and the file in it, that is damaged.
    """
    return [
        still
        for where, sample in _samples(find_shards(folder, STILLS))
        for still in _stills(where, sample, skip_licences)
    ]


def packed_clips(folder: Path) -> list[PackedClip]:
    """Return the clips in the shards of a folder; SourceError as `packed_stills`."""
    return [_clip(where, sample) for where, sample in _samples(find_shards(folder, CLIPS))]


def read_shard(path: Path) -> dict[str, dict[str, Member]]:
    """Return the files of a shard by the key of their sample, then by suffix.

    Raises SourceError for a shard that is no tar archive, was cut off, or lists a file twice.
    """
    samples: dict[str, dict[str, Member]] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for info in archive:
                if not info.isfile():
                    continue
                key, _, suffix = Path(info.name).name.partition(".")
                files = samples.setdefault(f"{Path(info.name).parent}/{key}", {})
                if suffix in files:
                    raise SourceError(f"{path} lists {info.name} twice; pack the data again")
                files[suffix] = Member(path, info.name, info.offset_data, info.size)
        size = path.stat().st_size
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceError(f"{path} is no readable tar archive: {error}") from error
    if not _ends_in_zeros(path, size):
        raise SourceError(
            f"{path} was cut off: its end is missing after {size} bytes; copy or pack it again"
        )
    return samples


def write_shard(path: Path, samples: Iterable[Mapping[str, bytes]]) -> None:
    """Write samples, files by name, as a tar archive that is the same for the same content."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for sample in samples:
            for name, data in sample.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def _ends_in_zeros(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, size - _END))
        return file.read() == bytes(_END)


def _samples(shards: Iterable[Path]) -> Iterator[tuple[str, Sample]]:
    known: dict[str, Path] = {}
    for shard in shards:
        for key, sample in read_shard(shard).items():
            if key in known:
                raise SourceError(f"{shard} and {known[key]} both hold {key}; pack the data again")
            known[key] = shard
            yield f"{shard}, {key}", sample


def _facts(where: str, sample: Sample) -> dict[str, Any]:
    """Return what a sample's JSON file says."""
    if "json" not in sample:
        raise SourceError(f"{where} has no .json file; expected shards of re3 train pack")
    try:
        facts = json.loads(sample["json"].read())
    except ValueError as error:
        raise SourceError(f"{where}: the .json file is damaged: {error}") from error
    if not isinstance(facts, dict):
        raise SourceError(f"{where}: the .json file holds no object")
    return facts


def _stills(where: str, sample: Sample, skip_licences: Sequence[str]) -> Iterator[Still]:
    facts = _facts(where, sample)
    try:
        licence, picture = str(facts["licence"]), sample[facts["picture"]]
        if any(word in licence for word in skip_licences):
            return
        path = picture.shard / str(facts["name"])
        for each in facts["objects"]:
            mask = None if each["mask"] is None else sample[each["mask"]]
            box = check_box(from_xywh(each["box"]), facts["width"], facts["height"], min_size=0)
            named = None if mask is None else mask.shard / mask.name
            yield PackedStill(path, named, box, licence, picture, mask)
    except (KeyError, TypeError, ValueError, BoxError) as error:
        raise SourceError(f"{where}: {error!r}; expected shards of re3 train pack") from error


def _clip(where: str, sample: Sample) -> PackedClip:
    name = str(_facts(where, sample).get("name", ""))
    frames = [sample[suffix] for suffix in sorted(sample) if suffix.endswith(".jpg")]
    if not name or not frames or "boxes.txt" not in sample:
        raise SourceError(
            f"{where} lacks name, frames or boxes.txt; expected shards of re3 train pack"
        )
    return PackedClip(name, frames, sample["boxes.txt"])
