# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 train``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(train)


def train(
    config: Annotated[Path, typer.Argument(help="YAML file, see config/training/.")],
    output: Annotated[Path, typer.Option(help="Folder of the run; goes on if one is there.")],
    data: Annotated[
        Path | None, typer.Option(help="Data folder; default: RE3_SHARED, or ../shared.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
) -> None:
    """Train a network, or go on with a run that was interrupted."""
    from re3_ros.tracking import pick_device
    from re3_ros.training import read_config
    from re3_ros.training import train as run

    root = data or Path(os.environ.get("RE3_SHARED", "../shared"))
    weights = run(read_config(config), root, output, pick_device(device))
    typer.echo(f"averaged weights: {weights}")
