# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The processor's instructions: as they are, or limited to those that most robots have.

The libraries read their limits when they are loaded, so that a limit needs a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import torch

OWN = "own"
INSTRUCTIONS: Mapping[str, Mapping[str, str]] = {
    OWN: {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",  # convolutions and products of OpenVINO and torch
        "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # torch's products
        "OPENCV_CPU_DISABLE": "AVX512F,AVX512-SKX,AVX512-ICL",  # crops, and OpenCV's trackers
    },
}
"""Variables of the environment by the name of a limit. ONNX Runtime has none of that kind."""
_KNOWN = re.compile(r"avx512_amx|avx512|avx2_vnni|avx2|avx|sse\w*|mlas")


def has_more_than_avx2() -> bool:
    """Return whether this process may use more than AVX2, on a processor that has more."""
    # torch before 2.1 does not tell.
    tell = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", lambda: "unknown")
    return tell() not in ("DEFAULT", "NO AVX", "AVX2")


def multiplies_int8() -> bool:
    """Return whether this process may use instructions for products of int8, or AMX."""
    return has_more_than_avx2() and bool(_features() & {"avx512_vnni", "avx_vnni", "amx_tile"})


def beyond_limit() -> tuple[str, ...]:
    """Return the runtimes that a limit of this process does not hold for."""
    return ("onnx",) if "avx512f" in _features() and not has_more_than_avx2() else ()


def describe_instructions(primitives: Iterable[str] = ()) -> dict[str, str]:
    """Return what is used here, by library.

    ``primitives`` are the names that OpenVINO gives to what it compiled, if that is known.
    """
    found = {
        "torch": "more than AVX2" if has_more_than_avx2() else "at most AVX2",
        "opencv": "more than AVX2" if _opencv_has_avx512() else "at most AVX2",
    }
    found |= dict.fromkeys(beyond_limit(), "more than AVX2")
    kinds = Counter(m[0] for m in map(_KNOWN.search, primitives) if m is not None)
    if kinds:
        found["openvino"] = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return found


def run_limited(name: str, arguments: Sequence[str]) -> Iterator[str]:
    """Run ``re3`` with some arguments in a process under a limit, and yield the lines it prints.

    Raises SystemExit with its exit code, if that is not 0.
    """
    command = [sys.executable, "-m", "re3_ros.cli", *arguments]
    environment = {**os.environ, **INSTRUCTIONS[name]}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.rstrip("\n")
    if process.returncode:
        raise SystemExit(process.returncode)


def _features() -> set[str]:
    info = Path("/proc/cpuinfo")
    return set(info.read_text().split()) if info.is_file() else set()


def _opencv_has_avx512() -> bool:
    """Return whether OpenCV may use AVX-512; its line marks with ``?`` what it may not."""
    words = cv2.getCPUFeaturesLine().split()
    return any("AVX512" in word and not word.endswith("?") for word in words)
