# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the weights that the authors of Re3 published for TensorFlow and PyTorch.

Those files are GPL-3.0 and are not part of this project; a user's own copy is read. Unlike the
published loaders, which skip what does not fit, this one names every tensor that is missing,
extra or mis-shaped, and reads none of the others.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network import PaperNetwork, Re3Network, build, check_tensors, looks_like

from ._bundle import open_bundle
from ._layouts import LAYOUTS, Layout, options_of, shapes_of

_LEFT_ASIDE = re.compile(r"^test_network/|/Adam(_1)?$|^(global_step|beta[12]_power)$|^$")
"""Variables of training: the optimiser's, and the copy of the network that self-training runs."""


class _Source(NamedTuple):
    """An open file: what it calls its tensors, their shapes, and how one is read."""

    name: str
    shapes: dict[str, tuple[int, ...]]
    read: Callable[[str], Tensor]


def import_published(source: str | Path, layout: str = "auto") -> Re3Network:
    """Return the network that a published file describes, float32, in evaluation mode.

    ``source`` is a TensorFlow checkpoint (its ``.index`` file, the common path of its files, or
    the folder that holds them) or a PyTorch state (a ``.pt`` file, or a folder: its newest one).
    Widths are read off the shapes. Raises WeightsError, naming the files or tensors, if ``source``
    is missing, damaged, of no known layout, or does not fit the layout; ConfigError for a layout
    that is not one of ``tf-large``, ``tf-small``, ``pt-large``, ``pt-small``, ``auto``.
    """
    if layout != "auto" and layout not in LAYOUTS:
        raise ConfigError(f"layout is {layout!r}; choose one of auto, {', '.join(LAYOUTS)}")
    opened = _open(Path(source))
    known = LAYOUTS[_detect(opened)] if layout == "auto" else LAYOUTS[layout]
    found = {name: shape for name, shape in opened.shapes.items() if not _LEFT_ASIDE.search(name)}
    missing_or_extra = {name: found.get(name, ()) for name in known.names}
    check_tensors(missing_or_extra, found, opened.name)
    tensors = {ours: _read(opened, theirs, known) for theirs, ours in known.names.items()}
    network = _empty(known, tensors, opened.name)
    network.load_state_dict(known.assemble(tensors))
    return network.eval()


def detect_layout(source: str | Path) -> str:
    """Return the layout of a published file by the names of its tensors.

    Raises WeightsError if it is missing, damaged, or of no known layout.
    """
    return _detect(_open(Path(source)))


def _detect(source: _Source) -> str:
    for name, layout in LAYOUTS.items():
        if layout.mark in source.shapes:
            return name
    some = ", ".join(sorted(source.shapes)[:5]) or "none"
    raise WeightsError(
        f"{source.name} has none of the published layouts {', '.join(LAYOUTS)}; "
        f"the first of its {len(source.shapes)} tensors: {some}"
    )


def _open(path: Path) -> _Source:
    """Return the source at ``path``, whichever of its files was named."""
    if path.is_dir() or path.name == "checkpoint":
        path = _newest(path if path.is_dir() else path.parent)
    prefix = path.with_name(re.sub(r"\.(index|data-\d{5}-of-\d{5}|meta)$", "", path.name))
    if prefix != path or prefix.with_name(prefix.name + ".index").is_file():
        bundle = open_bundle(prefix)
        shapes = {name: entry.shape for name, entry in bundle.entries.items()}
        return _Source(str(prefix), shapes, lambda name: torch.from_numpy(bundle.read(name)))
    state = _load_state(path)
    return _Source(str(path), {k: tuple(v.shape) for k, v in state.items()}, state.__getitem__)


def _newest(folder: Path) -> Path:
    """Return the checkpoint a folder means: as its ``checkpoint`` file says, or the newest."""
    pointer = folder / "checkpoint"
    if pointer.is_file():
        text = pointer.read_text(encoding="utf-8", errors="replace")
        named = re.search(r'^model_checkpoint_path:\s*"(.+)"', text, re.MULTILINE)
        if named:  # an absolute path is that of the machine it was written on
            return folder / f"{Path(named.group(1)).name}.index"
    files = [*folder.glob("*.index"), *folder.glob("*.pt"), *folder.glob("*.pth")]
    if not files:
        raise WeightsError(
            f"{folder} holds no published weights; expected a TensorFlow checkpoint (.index and "
            ".data files) or a PyTorch state (.pt)"
        )
    return max(files, key=lambda file: (file.stat().st_mtime, file.name))


def _load_state(path: Path) -> Mapping[str, Tensor]:
    """Return a PyTorch state; nothing in the file is executed."""
    if not path.is_file():
        raise WeightsError(f"no published weights at {path}; give a file or folder that exists")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError) as error:
        # Of what torch says the first sentence is about the file, the rest is advice on its use.
        reason = looks_like(path) or str(error).partition("\n")[0].partition(". ")[0]
        raise WeightsError(f"{path} is not a readable PyTorch state: {reason}") from error
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{path} holds no state of a network: expected tensors by name")
    return state


def _read(source: _Source, name: str, layout: Layout) -> Tensor:
    """Return a tensor in common terms."""
    tensor = source.read(name).float()
    if not tensor.isfinite().all():
        raise WeightsError(f"{source.name}: {name} holds values that are not finite")
    if layout.transposed and tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1)
    return tensor.t() if layout.transposed and tensor.ndim == 2 else tensor


def _empty(layout: Layout, tensors: dict[str, Tensor], source: str) -> PaperNetwork:
    """Return a new network of the widths that ``tensors`` have, checking all their shapes."""
    options = options_of(layout, tensors)
    try:
        network = build(layout.preset, **options)
    except ConfigError as error:
        raise WeightsError(f"{source} has widths that no network has: {error}") from error
    assert isinstance(network, PaperNetwork)
    expected = shapes_of(layout, options, network.trunk.taps, network.features)
    theirs = {ours: name for name, ours in layout.names.items()}
    check_tensors(
        {theirs[k]: _stored(shape, layout) for k, shape in expected.items()},
        {theirs[k]: _stored(tuple(t.shape), layout) for k, t in tensors.items()},
        source,
    )
    return network


def _stored(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """Return a shape in common terms as the file has it, for messages about that file."""
    if layout.transposed and len(shape) in {2, 4}:
        return (*shape[2:], shape[1], shape[0])
    return shape
