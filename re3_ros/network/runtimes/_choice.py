# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which runtime a network gets."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import torch

from re3_ros.errors import ConfigError
from re3_ros.network import Compact, PaperNetwork, Re3Network, pick_device

from ._device import DeviceRuntime
from ._torch import Runtime, TorchRuntime

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
)
"""Names that `make_runtime` takes."""
_EXTRAS = {"openvino": ("openvino",), "onnx": ("onnxruntime", "onnx", "onnxscript")}


def make_runtime(
    network: Re3Network,
    name: str = "auto",
    device: str | torch.device = "cpu",
    threads: int | None = None,
) -> Runtime:
    """Return what runs ``network`` on ``device`` with so many threads (None: torch's number).

    ``auto`` is `choose`; ``openvino`` picks the fastest precision that keeps the accuracy, see
    `docs/runtimes.md`, ``cuda`` bfloat16. Other runtimes than torch hold a copy of the weights as
    they are now. Raises ConfigError for an unknown name, a runtime that is not installed, or one
    that does not run on the device, or for a device that there is not.
    """
    if name not in RUNTIMES:
        raise ConfigError(f"runtime is {name!r}; choose one of {', '.join(RUNTIMES)}")
    if str(device) == "auto":
        device = pick_device(device)
    chosen = choose(network, device) if name == "auto" else name
    if chosen == "torch":
        return TorchRuntime(network, device)
    kind, _, precision = chosen.partition("-")
    _check(kind, device)
    count = threads or torch.get_num_threads()
    if kind == "cuda":
        return DeviceRuntime(network, device, precision or "bfloat16")
    return _MAKERS[kind](network, precision, count)


def choose(network: Re3Network, device: str | torch.device = "cpu") -> str:
    """Return the name of the fastest runtime here, by the rule that measurements gave.

    On a GPU torch, until ``cuda`` has been measured; on a CPU OpenVINO where it is installed, else
    ONNX Runtime where that is, else torch. A network of another kind than this package's presets
    is always run by torch: graphs are traced, and a forward pass that branches on its input would
    be traced wrongly.
    """
    traceable = type(network) in (Compact, PaperNetwork)
    there = pick_device(device) if str(device) == "auto" else device
    if _type_of(there) != "cpu" or not traceable:
        return "torch"
    return next((kind for kind in _EXTRAS if is_installed(kind)), "torch")


def is_installed(kind: str) -> bool:
    """Return whether what a runtime needs is installed; ``kind`` is its name up to the dash."""
    return all(importlib.util.find_spec(module) for module in _EXTRAS.get(kind, ()))


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
    if not is_installed(kind):
        raise ConfigError(
            f"runtime {kind} is not installed; pip install 're3_ros[{kind}]', or choose torch"
        )


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
