# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One rule for what commands write: missing folders are made, nothing is replaced unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from re3_ros.errors import ConfigError

OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace what is there under the name of an output.")
]
KEPT = frozenset({"cache"})
"""Entries of a folder of results that are no results."""


def claim(overwrite: bool, *outputs: Path | None) -> None:
    """Refuse outputs that are there, unless ``overwrite``, and those that cannot be.

    A folder is there if it holds something other than KEPT. To be called before anything that
    takes time; what writes an output makes its folder. Raises ConfigError, naming the output.
    """
    for path in (p for p in outputs if p is not None):
        if not overwrite and _is_there(path):
            raise ConfigError(
                f"{path} exists already; give another output, or --overwrite to replace it"
            )
        above = next(p for p in path.absolute().parents if p.exists())
        if not above.is_dir():
            raise ConfigError(f"cannot write {path}: {above} is no folder; give another output")


def _is_there(path: Path) -> bool:
    if path.is_dir():
        return any(entry.name not in KEPT for entry in path.iterdir())
    return path.exists() or path.is_symlink()
