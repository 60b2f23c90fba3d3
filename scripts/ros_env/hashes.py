# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Turn a pylock.toml into a requirements file with the hashes of Linux x86_64 wheels alone.

Python 3.11 or newer. Part of scripts/pin.
"""

import re
import sys
from pathlib import Path
from typing import Any

import tomllib

LINUX = re.compile(
    r"-(?:py2\.)?(?:py3|cp31[0-4]|cp3\d?)"  # a Python of ours, or the oldest one of an abi3 wheel
    r"-(?:none|abi3|cp31[0-4])"  # no free-threaded builds
    r"-(?:any|\S*manylinux\S*_x86_64|linux_x86_64)\.whl$"
)


def hashes(package: dict[str, Any]) -> list[str]:
    """Return the hashes to accept: fitting wheels, or the source where there is no wheel at all."""
    wheels = package.get("wheels", [])
    files = [w for w in wheels if LINUX.search(w["url"])] if wheels else [package["sdist"]]
    return sorted(f["hashes"]["sha256"] for f in files)


for package in tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["packages"]:
    marker = package.get("marker", "")
    if "win32" in marker or "os_name == 'nt'" in marker:  # Windows
        continue
    found = hashes(package)
    if not found:
        sys.exit(f"{package['name']} {package['version']} has no wheel for Linux on x86_64")
    line = f"{package['name']}=={package['version']}" + (f" ; {marker}" if marker else "")
    print(" \\\n    ".join([line, *(f"--hash=sha256:{h}" for h in found)]))
