# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Converted graphs, kept between processes: converting takes seconds, reading them back does not.

They lie in ``re3_ros/graphs`` below ``$XDG_CACHE_HOME`` (``~/.cache``), each in a folder named by a
hash of all that it was made from: weights, source code of the networks, versions of torch and of
the converter. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from ._traceable import Graph, is_ours

KEPT = 24
"""Graphs that are kept, the last used ones: three for each network."""
LARGEST = 50_000_000
"""Parameters up to which a network's graphs are kept: beyond, they fill disks."""
_SUM, _UNFINISHED = "sha256", "unfinished-"
_log = logging.getLogger(__name__)

T = TypeVar("T")


def converted(
    graph: Graph,
    converter: str,
    suffix: str,
    write: Callable[[Graph, Path], None],
    read: Callable[[Path], T],
) -> T:
    """Return what ``read`` makes of the file that ``write`` makes of a graph, now or earlier.

    ``converter`` names what writes, with its version. A network of a class from elsewhere, whose
    code may change unseen, is always converted anew, as is any where nothing can be kept.
    """
    folder = _folder() if _may_be_kept(graph) else None
    entry = folder / _key(graph, converter) if folder else None
    if entry and _is_whole(entry):
        try:
            os.utime(entry)
            return read(entry / f"graph{suffix}")
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, make it anew
            _log.debug("cannot use %s: %s", entry, error)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        path = made / f"graph{suffix}"
        write(graph, path)
        answer = read(path)
        if entry:
            _keep(made, entry)
        return answer
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _may_be_kept(graph: Graph) -> bool:
    return is_ours(graph.network) and sum(p.numel() for p in graph.network.parameters()) <= LARGEST


def _folder() -> Path | None:
    """Return the folder of kept graphs, or None where it cannot be written to."""
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home) / "re3_ros" / "graphs"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, full, or a user without a home
        return None
    return folder if os.access(folder, os.W_OK) else None


def _keep(made: Path, entry: Path) -> None:
    """Give a finished folder its name, and remove what has not been used for longest."""
    try:
        (made / _SUM).write_text(_sum(made))
        shutil.rmtree(entry, ignore_errors=True)
        made.rename(entry)
        for old in _superfluous(entry.parent):
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:  # a full disk, or another process was faster
        _log.debug("cannot keep %s: %s", entry, error)


def _superfluous(folder: Path) -> Iterator[Path]:
    """Yield all but the newest `KEPT` graphs, and what an ended process left unfinished."""
    ages = {path: path.stat().st_mtime for path in folder.iterdir()}
    unfinished = [path for path in ages if path.name.startswith(_UNFINISHED)]
    yield from (path for path in unfinished if ages[path] < time.time() - 3600)
    finished = sorted(ages.keys() - set(unfinished), key=lambda path: ages[path])
    yield from finished[:-KEPT]


def _is_whole(entry: Path) -> bool:
    """Return whether the files are as they were written: a power cut may leave zeros behind."""
    try:
        return (entry / _SUM).read_text() == _sum(entry)
    except OSError:
        return False


def _sum(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name != _SUM:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(graph: Graph, converter: str) -> str:
    """Return a hash of all that the converted graph depends on."""
    digest = hashlib.sha256()
    network = graph.network
    names = (converter, torch.__version__, _source(), graph.name, type(network).__name__)
    for text in (*names, repr(network.options), *graph.inputs, *graph.outputs):
        digest.update(f"{text}\n".encode())
    tensors: dict[str, Tensor] = dict(network.named_parameters())
    for name, tensor in sorted((tensors | dict(network.named_buffers())).items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().numpy().tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _source() -> str:
    """Return a hash of the code that networks and their graphs are made of."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
