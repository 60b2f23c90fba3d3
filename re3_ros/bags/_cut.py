# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bags that were cut off while they were recorded or copied: what is there of them.

Read are the files themselves, whatever metadata.yaml says: MCAP without its end up to the last
message that is whole, SQLite with its journal or up to the first page that is missing, and either
of them in zstd, as far as that goes.
"""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
import struct
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
)
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader

from re3_ros.errors import SourceError
from re3_ros.media import Closing

from ._cut_mcap import CutFile, unpack, unzip

STORED = (".mcap", ".db3")
PACKED = ".zstd"
JOURNALS = ("-wal", "-journal")
ZSTD = b"\x28\xb5\x2f\xfd"
"""What data packed with zstd begins with; messages in CDR begin with a zero."""

_log = logging.getLogger(__name__)


def has_journal(path: Path) -> bool:
    """Say whether a SQLite file has changes beside it that it does not hold yet."""
    return any(
        journal.is_file() and journal.stat().st_size
        for file in storage_files(path)
        if file.suffix == ".db3"
        for journal in (file.with_name(file.name + end) for end in JOURNALS)
    )


def remedy(path: Path, damaged: Iterable[Path] = ()) -> str:
    """Return the commands that repair a bag of which these files, or any, are damaged."""
    commands = [_repair(file) for file in sorted(damaged)]
    if path.is_dir():
        storage = "mcap" if any(".mcap" in f.suffixes for f in storage_files(path)) else "sqlite3"
        commands.append(f"`ros2 bag reindex {path} -s {storage}`")
    return f"{' and '.join(commands)} {'repair' if len(commands) > 1 else 'repairs'} it"


def _repair(file: Path) -> str:
    if ".mcap" in file.suffixes:
        return f"`mcap recover {file} -o {file.stem}_whole.mcap`"
    return f"`sqlite3 {file} .recover`"


class CutBag(Closing):
    """The files of a bag, one after the other. Raises SourceError if none can be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: dict[Path, str] = {}
        """What is wrong with which file."""
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="re3_bag_")))
        self._storages: list[tuple[Path, Any]] = []
        for file in storage_files(path):
            self._add(file)
        if not self._storages:
            self.close()
            reasons = "; ".join(f"{p.name}: {why}" for p, why in self.reasons.items())
            raise SourceError(reasons or f"no file that ends in {', '.join(STORED)} is there")
        self.connections = self._merge()

    def messages(
        self, connections: Collection[Connection]
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield (connection, time of recording in ns, data), a file up to its first damage."""
        wanted = {(c.topic, c.msgtype): c for c in connections}
        for file, storage in self._storages:
            own = [c for c in storage.connections if (c.topic, c.msgtype) in wanted]
            try:
                for connection, logged, data in storage.messages(own) if own else ():
                    plain = unzip(data) if bytes(data[:4]) == ZSTD else data
                    yield wanted[connection.topic, connection.msgtype], logged, plain
            except Exception as error:  # noqa: BLE001, damaged files end in many ways
                self.reasons.setdefault(file, f"{type(error).__name__}: {error}")

    def damage(self, read: int) -> str:
        """Return what was wrong, how much was read, and how to repair it."""
        why = "; ".join(f"{file.name}: {reason}" for file, reason in self.reasons.items())
        why = why or "it has no metadata.yaml that fits its files"
        return (
            f"{self.path} is not complete ({why}): {read} messages were read; "
            f"{remedy(self.path, self.reasons)}"
        )

    def close(self) -> None:
        """Close the files; a second call does nothing."""
        self._stack.close()

    def _add(self, file: Path) -> None:
        try:
            storage = self._open(file)
        except Exception as error:  # noqa: BLE001, damaged files fail in many ways
            self.reasons[file] = f"{type(error).__name__}: {error}"
            return
        self._stack.callback(storage.close)
        self._storages.append((file, storage))

    def _open(self, file: Path) -> Any:
        """Return the storage of a file, as it is if possible, else of what is there of it."""
        plain = file
        if file.suffix == PACKED:
            plain = self._folder / file.stem
            if not unpack(file, plain):
                self.reasons[file] = "its end is missing"
        if plain.suffix == ".mcap":
            return self._first(file, McapReader(plain), lambda: McapReader(_path(CutFile(plain))))
        if any(plain.with_name(plain.name + end).is_file() for end in JOURNALS):
            plain = self._with_journal(plain)
        return self._first(file, Sqlite3Reader(plain), lambda: _CutDatabase(self._copy(plain)))

    def _first(self, file: Path, whole: Any, cut: Any) -> Any:
        try:
            whole.open()
        except Exception as error:  # noqa: BLE001, as above
            self.reasons.setdefault(file, f"{error}")
            whole = cut()
            whole.open()
        return whole

    def _copy(self, file: Path) -> Path:
        copy = self._folder / file.name
        if copy != file:
            shutil.copyfile(file, copy)
        return copy

    def _with_journal(self, file: Path) -> Path:
        """Return a copy of a SQLite file in which what its journal says was done."""
        self.reasons[file] = "its recorder did not close it"
        for path in (file, *(file.with_name(file.name + end) for end in JOURNALS)):
            if path.is_file():
                shutil.copyfile(path, self._folder / path.name)
        copy = self._folder / file.name
        with sqlite3.connect(copy) as database:
            database.execute("SELECT count(*) FROM sqlite_master")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")
        database.close()
        return copy

    def _merge(self) -> list[Connection]:
        """Return one connection for each topic and type, with the messages of all files."""
        merged: dict[tuple[str, str], Connection] = {}
        for _, storage in self._storages:
            for c in storage.connections:
                before = merged.get((c.topic, c.msgtype))
                count = c.msgcount + (before.msgcount if before else 0)
                merged[c.topic, c.msgtype] = (before or c)._replace(msgcount=count)
        return list(merged.values())


class _CutDatabase:
    """A SQLite file of which pages are missing: its messages in the order of writing."""

    def __init__(self, path: Path) -> None:
        self.path, self.connections = path, list[Connection]()
        _lengthen(path)

    def open(self) -> None:
        """Read the topics."""
        uri = f"file:{quote(str(self.path))}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True)
        topics = self._database.execute("SELECT id, name, type FROM topics").fetchall()
        none = MessageDefinition(MessageDefinitionFormat.NONE, "")
        ext = ConnectionExtRosbag2("cdr", [])
        self.connections = [
            Connection(key, topic, kind, none, "", 0, ext, self) for key, topic, kind in topics
        ]

    def messages(
        self, connections: Collection[Connection]
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield (connection, time of recording in ns, data) up to the first missing page."""
        wanted = {c.id: c for c in connections}
        for topic, logged, data in self._database.execute(
            "SELECT topic_id, timestamp, data FROM messages ORDER BY rowid"
        ):
            if topic in wanted:
                yield wanted[topic], logged, data

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _lengthen(path: Path) -> None:
    """Add empty pages up to the size in the head of a SQLite file, without which nothing is read.

    The format is that of https://sqlite.org/fileformat.html, section 1.3.
    """
    with path.open("r+b") as file:
        (page,) = struct.unpack(">H", file.read(18)[16:])
        (pages,) = struct.unpack(">I", file.read(14)[10:])
        file.truncate(max(path.stat().st_size, pages * (65536 if page == 1 else page)))


def _path(file: CutFile) -> Any:
    """Return it as what rosbags opens in place of a path."""
    return file


def storage_files(path: Path) -> list[Path]:
    """Return the storage files of a bag in the order of their numbers."""
    if path.is_file():
        return [path] if Path(path.name.removesuffix(PACKED)).suffix in STORED else []
    kept = [p for p in path.iterdir() if Path(p.name.removesuffix(PACKED)).suffix in STORED]
    return sorted(kept, key=lambda p: [int(n) for n in re.findall(r"\d+", p.name)])
