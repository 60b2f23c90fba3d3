# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The layouts of data sets that are known, by name, and how one is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from re3_ros.errors import ConfigError, SourceError

from . import (
    _alov,
    _got10k,
    _imagenet,
    _lasot,
    _nfs,
    _otb,
    _simple,
    _trackingnet,
    _uav123,
    _vos,
    _vot,
)
from ._entry import Entry
from ._sequence import Sequence


@dataclass(frozen=True)
class Layout:
    """How a data set of videos lies on disk."""

    title: str
    """Name of the data set."""
    expected: str
    """What its folder holds, for error messages."""
    fits: Callable[[Path], bool]
    """Says whether a folder looks like it."""
    entries: Callable[[Path, str], list[Entry]]
    """Lists the videos below a folder, of one split or ("") all."""


LAYOUTS: dict[str, Layout] = {
    "got10k": Layout(
        "GOT-10k",
        "train/, val/, test/ or GOT-10k_* folders with 00000001.jpg and groundtruth.txt",
        _got10k.fits,
        _got10k.entries,
    ),
    "lasot": Layout(
        "LaSOT",
        "<class>/<class>-<n>/ with img/, groundtruth.txt, full_occlusion.txt, out_of_view.txt",
        _lasot.fits,
        _lasot.entries,
    ),
    "otb": Layout(
        "OTB-2013, OTB-2015",
        "a folder per sequence with img/ and groundtruth_rect.txt",
        _otb.fits,
        _otb.entries,
    ),
    "uav123": Layout(
        "UAV123, UAV20L",
        "data_seq/UAV123/<folder>/000001.jpg and anno/UAV123/<sequence>.txt",
        _uav123.fits,
        _uav123.entries,
    ),
    "trackingnet": Layout(
        "TrackingNet",
        "TRAIN_<n>/ or TEST/ with frames/<sequence>/0.jpg and anno/<sequence>.txt",
        _trackingnet.fits,
        _trackingnet.entries,
    ),
    "nfs": Layout(
        "NfS (Need for Speed)",
        "<sequence>/30/<sequence>/00001.jpg and <sequence>/30/<sequence>.txt",
        _nfs.fits,
        _nfs.entries,
    ),
    "imagenet_vid": Layout(
        "ImageNet VID",
        "Data/VID/<split>/ and Annotations/VID/<split>/ with 000000.JPEG and 000000.xml",
        _imagenet.fits,
        _imagenet.entries,
    ),
    "alov": Layout(
        "ALOV300++",
        "imagedata++/<aspect>/<video>/ and alov300++_rectangleAnnotation_full/<aspect>/<video>.ann",
        _alov.fits,
        _alov.entries,
    ),
    "youtube_vos": Layout(
        "YouTube-VOS",
        "train/ with meta.json, JPEGImages/<video>/ and Annotations/<video>/",
        _vos.fits_youtube,
        _vos.youtube,
    ),
    "davis": Layout(
        "DAVIS 2016, 2017",
        "JPEGImages/480p/<video>/ and Annotations/480p/<video>/",
        _vos.fits_davis,
        _vos.davis,
    ),
    "simple": Layout(
        "re3_ros",
        "a folder per sequence with img/ and groundtruth.txt",
        _simple.fits,
        _simple.entries,
    ),
    "vot": Layout(
        "VOT 2013 to 2022",
        "a folder per sequence with groundtruth.txt, frames beside it or in color/",
        _vot.fits,
        _vot.entries,
    ),
}
"""Name -> layout, in the order in which ``auto`` tries them."""


def list_entries(folder: Path | str, layout: str = "auto", split: str = "") -> list[Entry]:
    """Return the videos of a data set, by name, their labels not yet read.

    ``layout`` is one of `LAYOUTS` or ``auto``: the first that fits. ``split`` is a part
    that the data set itself names (val, test, ...), "" for all that lies in the folder.

    Raises ConfigError for an unknown layout, SourceError where the folder holds no such data set.
    """
    root = Path(folder)
    if layout != "auto" and layout not in LAYOUTS:
        raise ConfigError(f"layout {layout!r} is unknown; give auto or one of {', '.join(LAYOUTS)}")
    if not root.is_dir():
        raise SourceError(f"{root} is not a folder; give the folder that holds the data set")
    fitting = [kind for kind in LAYOUTS.values() if kind.fits(root)]
    kinds = fitting[:1] if layout == "auto" else [LAYOUTS[layout]]
    found = [entry for kind in kinds for entry in kind.entries(root, split)]
    if not found:
        raise SourceError(_nothing_found(root, layout, split))
    return found


def read_sequences(folder: Path | str, layout: str = "auto", split: str = "") -> list[Sequence]:
    """Read every sequence in ``folder``; raises SourceError for the first that is broken."""
    return [s for entry in list_entries(folder, layout, split) for s in entry.read()]


def _nothing_found(root: Path, layout: str, split: str) -> str:
    names = sorted(p.name + "/" * p.is_dir() for p in root.iterdir())
    there = ", ".join(names[:6]) + ", ..." * (len(names) > 6) or "nothing"
    part = f" of split {split!r}" if split else ""
    if layout != "auto":
        wanted = LAYOUTS[layout].expected
        return f"{root} holds no sequence{part} in layout {layout} ({wanted}), but {there}"
    known = "; ".join(f"{name}: {kind.expected}" for name, kind in LAYOUTS.items())
    return f"{root} holds no sequence{part} of a known layout, but {there}. Known are {known}"
