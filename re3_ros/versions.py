# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The oldest versions of other packages that do, and a clear word where an older one is installed.

It imports nothing but Python's own library, as it is there to be asked before all else.
"""

from __future__ import annotations

import importlib
import re
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path

from re3_ros.errors import ConfigError

NEEDS = {
    "jinja2": "3.0",
    "matplotlib": "3.5",
    "numpy": "1.21",
    "opencv-python": "4.5.4",
    "pillow": "9.0",
    "pydantic": "2.0",
    "pyyaml": "5.4",
    "rich": "12.3",
    "rosbags": "0.11.7",
    "safetensors": "0.3.0",
    "torch": "1.13",
    "typer": "0.12.5",
    "typing-extensions": "4.0",
}
"""The oldest version of each requirement, as in setup.cfg; the command ``re3`` needs them all."""
NODE = {
    name: NEEDS[name]
    for name in (
        "numpy",
        "opencv-python",
        "pillow",
        "pyyaml",
        "safetensors",
        "torch",
        "typing-extensions",
    )
}
"""Those without which no node starts."""
RUNTIMES = {
    "openvino": {"openvino": "2025.2", "torch": "2.5"},
    "onnx": {"onnx": "1.23", "onnxruntime": "1.23", "onnxscript": "0.7", "torch": "2.13"},
}
"""What runtimes need beside, by their name up to the dash, as in the extras of setup.cfg."""
WEB = {"aiohttp": "3.8"}
"""What the page in a browser needs beside, as in the extra of setup.cfg."""

_MODULES = {
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "typing-extensions": "typing_extensions",
}
_BUILDS = {
    "opencv-python": (
        "opencv-contrib-python",
        "opencv-python-headless",
        "opencv-contrib-python-headless",
    )
}
"""Other packages with the same module."""


def found(package: str) -> str | None:
    """Return the version that is installed: None without any, empty if it cannot be told.

    What is not known to Python's packaging, such as Debian's OpenCV, is asked itself.
    """
    for name in (package, *_BUILDS.get(package, ())):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    module = _MODULES.get(package, package)
    if util.find_spec(module) is None:
        return None
    with suppress(ImportError):  # whoever needs it will say why
        return str(getattr(importlib.import_module(module), "__version__", ""))
    return ""


def problem(needs: Mapping[str, str]) -> str:
    """Return in a line what is too old or missing, and what installs it; nothing, if all is well.

    ``needs`` holds the oldest version of each package.
    """
    here = {name: found(name) for name in needs}
    bad = [name for name, version in here.items() if not _suffices(version, needs[name])]
    if not bad:
        return ""
    told = ", ".join(
        f"{name} {needs[name]} or newer (here is {here[name] or 'none'})" for name in bad
    )
    wanted = " ".join(f"'{name}>={needs[name]}'" for name in bad)
    return f"needs {told}; install: {_pip()} {wanted}"


def require(who: str, needs: Mapping[str, str]) -> None:
    """Raise a ConfigError of one line if a package that ``who`` needs is too old or missing."""
    if text := problem(needs):
        raise ConfigError(f"{who} {text}")


def _suffices(version: str | None, lowest: str) -> bool:
    if version is None:
        return False
    numbers = _numbers(version)
    return not numbers or numbers >= _numbers(lowest)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release's numbers without zeros at the end: of 1.13.0+cpu 1 and 13."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _pip() -> str:
    """Return the command that installs for this Python.

    Distributions that keep their Python to themselves (PEP 668) want to be told that it is meant.
    """
    marker = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    meant = sys.prefix == sys.base_prefix and marker.is_file()
    return f"{sys.executable} -m pip install{' --break-system-packages' if meant else ''}"
