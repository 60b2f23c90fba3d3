# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tar archives of samples, read in place."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from re3_ros.errors import ImageError, SourceError
from re3_ros.images import Image, decode_picture

STILLS, CLIPS = "stills", "clips"
"""How the names of shards begin."""
EXPECTED = "expected shards of re3 train pack"
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


@dataclass(frozen=True)
class Sample:
    """Files that belong together."""

    where: str
    """Shard and key, for messages."""
    files: Mapping[str, Member]
    """By suffix."""

    @property
    def facts(self) -> dict[str, Any]:
        """What its JSON file says; SourceError if there is none, or it is damaged."""
        if "json" not in self.files:
            raise SourceError(f"{self.where} has no .json file; {EXPECTED}")
        try:
            facts = json.loads(self.files["json"].read())
        except ValueError as error:
            raise SourceError(f"{self.where}: the .json file is damaged: {error}") from error
        if not isinstance(facts, dict):
            raise SourceError(f"{self.where}: the .json file holds no object")
        return facts


def find_shards(folder: Path, kind: str) -> list[Path]:
    """Return the shards of stills or clips in a folder, in order."""
    return sorted(folder.glob(f"{kind}-*.tar"))


def read_samples(folder: Path, kind: str) -> Iterator[Sample]:
    """Yield the samples in the shards of one kind in a folder.

    Raises SourceError naming the shard, and the file in it, that is damaged or there twice.
    """
    known: dict[str, Path] = {}
    for shard in find_shards(folder, kind):
        for key, files in read_shard(shard).items():
            if key in known:
                raise SourceError(f"{shard} and {known[key]} both hold {key}; pack the data again")
            known[key] = shard
            yield Sample(f"{shard}, {key}", files)


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
                files = samples.setdefault(str(Path(info.name).with_name(key)), {})
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
