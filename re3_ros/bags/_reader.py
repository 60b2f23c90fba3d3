# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images out of a rosbag2."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from re3_ros.errors import ImageError, SourceError
from re3_ros.images import PICTURE_SUFFIXES
from re3_ros.media import Closing

from ._cut import CutBag, has_journal, remedy, storage_files
from ._definitions import COMPRESSED, DETECTIONS_3D, IMAGE, STATUS, typestore

IMAGES = frozenset({IMAGE, COMPRESSED})
OPTIONS = {
    IMAGE: "--image",
    COMPRESSED: "--image",
    STATUS: "--status",
    DETECTIONS_3D: "--places",
    "sensor_msgs/msg/CameraInfo": "--camera-info",
    "geometry_msgs/msg/Twist": "--command",
}
"""The option that names a topic of a type, in all commands."""
FILMS = PICTURE_SUFFIXES | {".mp4", ".avi", ".mov", ".mkv", ".webm"}
"""What videos and images are known by."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecordedMessage:
    """One message, by default an image, as it was recorded."""

    logged: int
    """Time of recording in ns."""
    type: str
    data: bytes
    """The serialised message."""

    def message(self) -> Any:
        """Return the message. Raises ImageError if its bytes are damaged."""
        try:
            return typestore().deserialize_cdr(self.data, self.type)
        except Exception as error:  # damaged bytes end in many ways
            raise ImageError(
                f"message recorded at {self.logged} ns cannot be decoded as {self.type} "
                f"({type(error).__name__}: {error})"
            ) from error


class BagReader(Closing):
    """One topic of a rosbag2 folder, or of a single mcap or db3 file: by default, its images.

    Without a topic, the only one of ``types`` is taken. Raises SourceError, with the way out, if
    there is no bag, it cannot be read, or the topic is missing or of another type; the message
    names the topics that exist, with their types. A bag that was cut off is read as far as it goes,
    see `CutBag`.
    """

    def __init__(
        self, path: Path | str, topic: str | None = None, types: Collection[str] = IMAGES
    ) -> None:
        self.path = Path(path)
        self.damage = ""
        """Why reading ended before the end of the bag, empty if it did not."""
        self._reader = _open(self.path)
        try:
            self._connections = _choose(self.path, list(self._reader.connections), topic, types)
        except BaseException:
            self.close()
            raise
        self.topic = self._connections[0].topic
        self.type = self._connections[0].msgtype
        self.length = sum(c.msgcount for c in self._connections)

    def __iter__(self) -> Iterator[RecordedMessage]:
        """Yield images in the order of recording; a damaged bag ends early, with a warning."""
        read = 0
        messages = self._reader.messages(self._connections)
        while True:
            try:
                connection, logged, data = next(messages)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001, damaged files end in many ways
                self.damage = (
                    f"{self.path} is damaged after image {read}: {_reason(error)}; {read} messages "
                    f"were read; {remedy(self.path, storage_files(self.path))}"
                )
                _log.warning("%s", self.damage)
                break
            read += 1
            yield RecordedMessage(logged, connection.msgtype, bytes(data))
        if isinstance(self._reader, CutBag):
            self.damage = self._reader.damage(read)
            _log.warning("%s", self.damage)

    def close(self) -> None:
        """Close the files; a second call does nothing."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _open(path: Path) -> Any:
    if not path.exists():
        raise SourceError(f"{path} does not exist; give the folder of a rosbag2, or its mcap file")
    if path.suffix == ".bag":
        raise SourceError(f"{path} is a ROS 1 bag; rosbags-convert makes a rosbag2 of it")
    names = [path] if path.is_file() else [*path.iterdir()]
    if any(p.suffix.lower() in FILMS for p in names) and not storage_files(path):
        raise SourceError(f"{path} is no rosbag2 but a video or images; `re3 track` tracks in them")
    try:
        if has_journal(path):
            return CutBag(path)
        reader = Reader(path)
        reader.open()
    except Exception as error:  # noqa: BLE001, damaged files fail in many ways
        try:
            return CutBag(path)
        except (SourceError, OSError) as nothing:
            raise SourceError(
                f"{path} cannot be read as a rosbag2 (sqlite3 or mcap): {_reason(error)}; what is "
                f"there of it is of no use either: {_reason(nothing)}; give a whole copy"
            ) from error
    return reader


def _choose(
    path: Path, there: list[Connection], topic: str | None, types: Collection[str]
) -> list[Connection]:
    """Return the connections of ``topic``, or of the only topic of one of ``types``."""
    fitting = [c for c in there if c.msgtype in types]
    if topic is None:
        if len({c.topic for c in fitting}) != 1:
            count = "several topics" if fitting else "no topic"
            wanted = f"name one with {_option(types)}:" if fitting else "it has"
            raise SourceError(
                f"{path} has {count} of type {_either(types)}; {wanted} {_listed(fitting or there)}"
            )
        return fitting
    named = [c for c in there if c.topic == topic]
    if not named:
        raise SourceError(f"{path} has no topic {topic}; it has {_listed(there)}")
    chosen = [c for c in named if c in fitting]
    if not chosen:
        raise SourceError(
            f"topic {topic} of {path} is of type {named[0].msgtype}, not {_either(types)}; "
            f"the bag has {_listed(there)}"
        )
    return chosen


def _option(types: Collection[str]) -> str:
    """Return the option of the commands that names a topic of one of these types."""
    return next((o for kind, o in OPTIONS.items() if kind in types), "its option")


def _either(types: Collection[str]) -> str:
    return " or ".join(sorted(types))


def _listed(connections: list[Connection]) -> str:
    topics = sorted({(c.topic, c.msgtype) for c in connections})
    return ", ".join(f"{topic} ({kind})" for topic, kind in topics) or "no topics at all"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
