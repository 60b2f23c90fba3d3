# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages into a rosbag2."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from rosbags.interfaces import Connection
from rosbags.rosbag2 import StoragePlugin, Writer

from re3_ros import __version__
from re3_ros.errors import ConfigError, OutputError, writing
from re3_ros.media import Closing

from ._definitions import typestore

STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
_SQLITE = (sqlite3.Error,)
"""What rosbags lets through where SQLite cannot write."""
BAG_VERSION: Literal[8] = 8
"""Version of rosbag2's metadata that both Humble and newer distributions read."""


class BagWriter(Closing):
    """A new rosbag2 folder; it is complete once closed, however the writing ended.

    Closed without a single message, it leaves no folder behind. Raises ConfigError if the folder
    exists (``overwrite`` replaces a bag, and nothing but a bag) or cannot be written,
    OutputError where the disk is full.
    """

    def __init__(self, path: Path | str, storage: str = "mcap", overwrite: bool = False) -> None:
        self.path = Path(path)
        if storage not in STORAGES:
            raise ConfigError(f"storage is {storage!r}; expected one of {', '.join(STORAGES)}")
        self._make_way(overwrite)
        self.messages, self._storage = 0, storage
        self._connections: dict[str, Connection] = {}
        self._writer: Writer | None = Writer(
            self.path, version=BAG_VERSION, storage_plugin=STORAGES[storage]
        )
        self._writer.set_custom_data("re3_ros", __version__)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer.open()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(f"cannot write bag {path}: {reason}; give another output") from error

    def write(self, topic: str, kind: str, message: Any, logged: int) -> None:
        """Append ``message`` of type ``kind`` as recorded at ``logged`` ns."""
        self.write_raw(topic, kind, typestore().serialize_cdr(message, kind), logged)

    def write_raw(self, topic: str, kind: str, data: bytes | memoryview, logged: int) -> None:
        """Append a message that is already serialised."""
        assert self._writer is not None, "the bag is closed"
        try:
            with writing(self.path, self._kept, _SQLITE):
                if topic not in self._connections:
                    self._connections[topic] = self._writer.add_connection(
                        topic, kind, typestore=typestore()
                    )
                self._writer.write(self._connections[topic], logged, data)
        except OutputError:
            writer, self._writer = self._writer, None
            with suppress(OSError, *_SQLITE):  # it has failed already
                writer.close()
            raise
        self.messages += 1

    def close(self) -> None:
        """Complete the bag; a second call does nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with writing(self.path, self._kept, _SQLITE):
                writer.close()
            if not self._connections:
                shutil.rmtree(self.path)

    @property
    def _kept(self) -> str:
        if self._storage == "sqlite3":
            return "nothing of it is kept; of mcap, the messages before are"
        return (
            f"{self.messages} messages were written, and `re3 bag` and `re3 record` read those of "
            "them that are whole"
        )

    def _make_way(self, overwrite: bool) -> None:
        if not self.path.exists():
            return
        if not overwrite:
            raise ConfigError(f"{self.path} exists already; give another output, or --overwrite")
        if not is_bag(self.path):
            raise ConfigError(f"{self.path} exists and is no bag; give another output")
        shutil.rmtree(self.path)


def is_bag(path: Path) -> bool:
    """Tell whether a folder holds a rosbag2 and nothing else, so that it may be replaced."""
    if not path.is_dir() or path.is_symlink():
        return False
    names = [entry.name for entry in path.iterdir()]
    return all(n == "metadata.yaml" or n.endswith((".mcap", ".db3")) for n in names)
