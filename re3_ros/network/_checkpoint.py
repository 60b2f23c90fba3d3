# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Networks on disk: safetensors with a metadata header that says how to build the network."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from re3_ros.errors import ConfigError, OutputError, WeightsError, writing

from ._base import ActivationRange, Re3Network
from ._device import pick_device
from ._file import hash_path, read_header, verify_hash, write_hash
from ._presets import build

FORMAT = "re3_ros"
FORMAT_VERSION = "1"
RANGES = "activation_ranges"
_ALWAYS = ("format", "format_version", "architecture", "options")
_OWN_KEYS = (*_ALWAYS, RANGES)


def save(
    network: Re3Network,
    path: str | Path,
    metadata: Mapping[str, str] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write ``network`` to ``path`` (.safetensors) and its sha256 to ``path.sha256``.

    ``dtype`` is float32 or float16; it is that of the file, `load` always gives float32.
    ``metadata`` are free texts, such as the training data. An older file is replaced at once or,
    if anything fails, not at all. Raises ConfigError for metadata that are not text or take one
    of the format's own keys, WeightsError for values that do not fit the dtype.
    """
    target = Path(path)
    tensors = {name: _stored(name, t, dtype) for name, t in network.state_dict().items()}
    header = _metadata(network, metadata or {})
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with writing(target, "what was there before is intact", (SafetensorError,)):
            save_file(tensors, partial, header)
    except OutputError:
        partial.unlink(missing_ok=True)
        raise
    partial.chmod(0o644)  # safetensors writes files that only their owner can read
    hash_path(target).unlink(missing_ok=True)
    os.replace(partial, target)  # noqa: PTH105  (names the atomic call)
    write_hash(target)


def read_free_metadata(path: str | Path) -> dict[str, str]:
    """Return the free texts that `save` was given. Raises WeightsError as `read_metadata`."""
    return {key: text for key, text in read_metadata(path).items() if key not in _OWN_KEYS}


def _metadata(network: Re3Network, free: Mapping[str, str]) -> dict[str, str]:
    for key, value in free.items():
        if key in _OWN_KEYS or not all(isinstance(text, str) for text in (key, value)):
            raise ConfigError(
                f"metadata {key!r}: {value!r} cannot be stored; keys and values are text, and "
                f"{', '.join(_OWN_KEYS)} are the format's own"
            )
    own = (FORMAT, FORMAT_VERSION, network.architecture, json.dumps(network.options))
    ranges = {RANGES: json.dumps(network.activation_ranges)} if network.activation_ranges else {}
    return {**dict(zip(_ALWAYS, own, strict=True)), **ranges, **free}


def _stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    if not tensor.is_floating_point():
        return tensor.detach().cpu().contiguous()
    stored = tensor.detach().to("cpu", dtype).contiguous()
    if not stored.isfinite().all():
        raise WeightsError(
            f"tensor {name} holds values that are not finite in {dtype}; "
            "train on, or save in float32"
        )
    return stored


def read_metadata(path: str | Path) -> dict[str, str]:
    """Return the metadata of a weights file without reading its tensors.

    ``architecture`` names the preset, ``options`` is JSON; the rest is what `save` was given.
    Raises WeightsError if the file is missing, truncated, or was not written by `save`.
    """
    metadata: dict[str, str] = read_header(Path(path)).get("__metadata__", {})
    if metadata.get("format") != FORMAT:
        raise WeightsError(
            f"{path} is a safetensors file of another program: its metadata do not say which "
            "network it is; give weights written by `re3 train` or `re3 weights import`"
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        raise WeightsError(
            f"{path} has format version {metadata.get('format_version')}, this re3_ros reads "
            f"{FORMAT_VERSION}; install the release that wrote it"
        )
    return metadata


def load(
    path: str | Path, device: str | torch.device = "cpu", expect_sha256: str | None = None
) -> Re3Network:
    """Return the network stored at ``path``, float32, on ``device``, in evaluation mode.

    The file is checked against ``expect_sha256`` or else against ``path.sha256`` where that
    exists. Raises WeightsError, naming what is wrong, for a file that is missing, truncated, of
    another kind, or with a wrong hash, for an unknown network, and for tensors that are missing,
    extra or of another shape; ConfigError for a device that there is not.
    """
    device = pick_device(device)
    metadata = read_metadata(path)
    verify_hash(Path(path), expect_sha256)
    network = _build(path, metadata)
    tensors = load_file(path)
    check_tensors(
        {name: tuple(t.shape) for name, t in network.state_dict().items()},
        {name: tuple(t.shape) for name, t in tensors.items()},
        str(path),
    )
    network.load_state_dict(tensors)
    network.activation_ranges = _ranges(path, metadata.get(RANGES, "{}"), network)
    return network.to(device).eval()


def _build(path: str | Path, metadata: Mapping[str, str]) -> Re3Network:
    try:
        options: dict[str, Any] = json.loads(metadata["options"])
        return build(metadata["architecture"], **options)
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise WeightsError(
            f"{path} asks for a network that this re3_ros cannot build: {error}"
        ) from error


def _ranges(path: str | Path, text: str, network: Re3Network) -> dict[str, ActivationRange]:
    """Return the ranges of inputs of the network's convolutions that a file tells."""
    modules = dict(network.named_modules())
    try:
        ranges = {name: ActivationRange(*map(float, r)) for name, r in json.loads(text).items()}
        for name, (low, high) in ranges.items():
            if not isinstance(modules.get(name), nn.Conv2d):
                raise TypeError(f"{name} is no convolution")
            if not -math.inf < low <= high < math.inf:
                raise ValueError(f"{name} has inputs from {low} to {high}")
    except (AttributeError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path} says of its {RANGES} what this re3_ros does not understand ({error}); write "
            "them anew with `re3 weights calibrate`"
        ) from error
    return ranges


def check_tensors(
    expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], source: str
) -> None:
    """Raise WeightsError naming every tensor that is missing, extra or mis-shaped in ``source``."""
    faults = [f"{name} is missing" for name in expected if name not in found]
    faults += [f"{name} does not belong there" for name in found if name not in expected]
    faults += [
        f"{name} has shape {found[name]}, expected {shape}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    if faults:
        raise WeightsError(f"{source} does not fit the network: {'; '.join(faults)}")
