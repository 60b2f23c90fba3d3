# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which runtime a network gets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import pairwise

import torch

from re3_ros import versions
from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network, pick_device

from ._device import DeviceRuntime
from ._torch import Runtime, TorchRuntime
from ._traceable import is_ours

RUNTIMES = (
    "auto",
    "torch",
    "openvino",
    "openvino-float32",
    "openvino-bfloat16",
    "openvino-int8",
    "onnx",
    "cuda",
    "cuda-float32",
    "cuda-bfloat16",
    "cuda-float16",
    "cuda-compiled",
)
"""Names that `make_runtime` takes."""
_FASTEST_FIRST = ("openvino", "onnx")
"""On a CPU, by the rule that measurements gave."""
LONGEST = 300
"""Characters that are told of what a library raised."""
_log = logging.getLogger(__name__)


def make_runtime(
    network: Re3Network,
    name: str = "auto",
    device: str | torch.device = "cpu",
    threads: int | None = None,
) -> Runtime:
    """Return what runs ``network`` on ``device`` with so many threads (None: torch's number).

    ``auto`` tries `candidates` in turn, and says in a warning of one line why one of them cannot be
    had; ``openvino`` picks the fastest precision that keeps the accuracy, see `docs/runtimes.md`,
    ``cuda`` bfloat16. Other runtimes than torch hold a copy of the weights as they are now. Raises
    ConfigError for an unknown name, a runtime that is not installed or too old, or one that does
    not run on the device, or for a device that there is not.
    """
    if name not in RUNTIMES:
        raise ConfigError(f"runtime is {name!r}; choose one of {', '.join(RUNTIMES)}")
    if str(device) == "auto":
        device = pick_device(device)
    count = threads or torch.get_num_threads()
    if name == "auto":
        return _first_that_works(network, device, count)
    return _make(network, name, device, count)


def candidates(network: Re3Network, device: str | torch.device = "cpu") -> tuple[str, ...]:
    """Return the names of the runtimes that ``auto`` tries here, the fastest first, torch last.

    On a GPU that is torch, until ``cuda`` has been measured; on a CPU OpenVINO and ONNX Runtime
    come before it where they are installed. A network of another kind than this package's presets
    is always run by torch: it may branch on its input, or be written anew between two calls, and
    what was converted would not follow.
    """
    there = pick_device(device) if str(device) == "auto" else device
    if _type_of(there) != "cpu" or not is_ours(network):
        return ("torch",)
    return (*filter(_is_there, _FASTEST_FIRST), "torch")


def is_installed(kind: str) -> bool:
    """Return whether what a runtime needs is installed, in versions that do.

    ``kind`` is the runtime's name up to the dash.
    """
    return not versions.problem(versions.RUNTIMES.get(kind, {}))


def _is_there(kind: str) -> bool:
    """Return whether a runtime's packages are installed, in whatever versions."""
    return all(versions.found(package) is not None for package in versions.RUNTIMES[kind])


def _first_that_works(network: Re3Network, device: str | torch.device, threads: int) -> Runtime:
    names = candidates(network, device)
    for name, following in pairwise(names):
        try:
            return _make(network, name, device, threads)
        except Exception as error:  # noqa: BLE001, whatever a library raises, another may do
            reason = _in_a_line(error)
            _log.warning("runtime %s cannot be had, %s is tried: %s", name, following, reason)
            _log.debug("what became of runtime %s", name, exc_info=True)
    return _make(network, names[-1], device, threads)


def _in_a_line(error: Exception) -> str:
    """Return what is raised in one line: our own errors in full, of others the beginning."""
    text = " ".join(str(error).split())
    if isinstance(error, ConfigError):
        return text
    return f"{type(error).__name__}: {text[:LONGEST]}"


def _make(network: Re3Network, name: str, device: str | torch.device, threads: int) -> Runtime:
    if name == "torch":
        return TorchRuntime(network, device)
    kind, _, precision = name.partition("-")
    _check(kind, device)
    if kind == "cuda":
        if precision == "compiled":
            return DeviceRuntime(network, device, compiled=True)
        return DeviceRuntime(network, device, precision or "bfloat16")
    return _MAKERS[kind](network, precision, threads)


def _type_of(device: str | torch.device) -> str:
    return str(device).partition(":")[0]


def _check(kind: str, device: str | torch.device) -> None:
    if kind == "cuda":
        if _type_of(device) != "cuda":
            raise ConfigError(
                f"runtime cuda runs on a GPU, and device is {device}; choose device cuda, or "
                "another runtime"
            )
        return
    if _type_of(device) != "cpu":
        raise ConfigError(
            f"runtime {kind} runs on the CPU only, and device is {device}; choose runtime torch"
        )
    if problem := versions.problem(versions.RUNTIMES[kind]):
        raise ConfigError(f"runtime {kind} {problem}; or choose runtime torch")


def _openvino(network: Re3Network, precision: str, threads: int) -> Runtime:
    from ._openvino import OpenVINORuntime

    return OpenVINORuntime(network, precision or "int8", threads)


def _onnx(network: Re3Network, precision: str, threads: int) -> Runtime:
    from ._onnx import ONNXRuntime

    del precision  # there is only one
    return ONNXRuntime(network, threads)


_MAKERS: dict[str, Callable[[Re3Network, str, int], Runtime]] = {
    "openvino": _openvino,
    "onnx": _onnx,
}
