# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From what a user names to a source of frames."""

from __future__ import annotations

import glob
import re
from pathlib import Path

import cv2

from re3_ros.errors import SourceError
from re3_ros.images import PICTURE_SUFFIXES, count_pictures

from ._capture import PATIENCE, STREAM_PATIENCE, VideoSource
from ._source import DEFAULT_FPS, ImageSource, PictureSource, Source

BAG_SUFFIXES = frozenset({".mcap", ".db3", ".bag"})
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PASSWORD = re.compile(r"(//[^/@:]*):[^/@]*@")


def open_source(spec: str, fps: float = DEFAULT_FPS) -> Source:
    """Open a video file, a folder of images, a glob pattern, a camera, or the URL of a stream.

    A camera is given by index or device. A TIFF of several pages and an animated GIF, PNG or WebP
    are videos. ``fps`` is assumed for images. Files of a folder or pattern are taken in the order
    that their numbers give (``frame2`` before ``frame10``), hidden ones left out. Raises
    SourceError naming ``spec`` and a way out.
    """
    path = Path(spec)
    if path.exists() and _is_bag(path):
        raise SourceError(f"{path} is a ROS bag; `re3 bag` tracks in it, `re3 record` into a table")
    if path.is_dir():
        return _open_folder(path, fps)
    if path.is_file():
        return _open_file(path, fps)
    if spec.isdecimal() or spec.startswith("/dev/video"):
        return _open_camera(spec)
    if _URL.match(spec):
        return _open_url(spec)
    if any(c in spec for c in "*?["):
        return _open_pattern(spec, fps)
    raise SourceError(
        f"{spec} does not exist; give a video file, a folder of images, a quoted pattern such as "
        "'img/*.jpg', the index of a camera, or a URL such as rtsp://camera/stream"
    )


def _is_bag(path: Path) -> bool:
    inside = path.iterdir() if path.is_dir() else [path]
    return any(p.name == "metadata.yaml" or p.suffix in BAG_SUFFIXES for p in inside)


def _open_folder(path: Path, fps: float) -> Source:
    files = [f for f in path.iterdir() if f.suffix.lower() in PICTURE_SUFFIXES]
    files = _in_order(files)
    if not files:
        raise SourceError(
            f"folder {path} holds no image; expected files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    return ImageSource(str(path), files, fps)


def _open_pattern(spec: str, fps: float) -> Source:
    path = Path(spec)
    # A folder of that very name is no pattern, whatever brackets it has.
    folder = next(parent for parent in path.parents if parent.is_dir())
    rest = str(path.relative_to(folder))
    names = glob.glob(rest, root_dir=folder, recursive=True)  # noqa: PTH207
    found = [folder / name for name in names]
    files = _in_order([f for f in found if f.is_file()])
    if not files:
        raise SourceError(f"no file matches {spec}; quote the pattern and check the folder")
    return ImageSource(spec, files, fps)


def _open_file(path: Path, fps: float) -> Source:
    if path.suffix.lower() in PICTURE_SUFFIXES:
        if count_pictures(path) > 1:
            return PictureSource(path, fps)
        return ImageSource(str(path), [path], fps)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise SourceError(
            f"{path} ({path.stat().st_size} bytes) is not a readable video; "
            "is it complete? ffmpeg -i shows what is in it"
        )
    return VideoSource(str(path), capture, [path], PATIENCE)


def _open_camera(spec: str) -> Source:
    capture = cv2.VideoCapture(int(spec) if spec.isdecimal() else spec)
    if not capture.isOpened():
        raise SourceError(
            f"camera {spec} cannot be opened; `ls /dev/video*` shows the cameras there are"
        )
    return VideoSource(f"camera {spec}", capture)


def _open_url(spec: str) -> Source:
    name = _PASSWORD.sub(r"\1:***@", spec)
    capture = cv2.VideoCapture(spec, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise SourceError(
            f"{name} cannot be opened; is its server up and its address right? `ffplay` of the "
            "same address shows what FFmpeg has against it"
        )
    return VideoSource(name, capture, patience=STREAM_PATIENCE)


def _in_order(files: list[Path]) -> list[Path]:
    """Return files by the numbers in their names; a Mac packs a hidden ``._name`` beside each."""
    return sorted((f for f in files if not f.name.startswith(".")), key=_natural)


def _natural(path: Path) -> tuple[str, list[tuple[int, int, str]]]:
    """Sort key by which numbers in names count as numbers."""
    parts = re.split(r"(\d+)", path.name)
    return str(path.parent), [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
