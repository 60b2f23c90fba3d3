# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 train preview``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._options import TrainingConfigArgument, TrainingDataOption, output_option, training_data
from ._outputs import OverwriteOption, claim


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(preview)


def preview(
    config: TrainingConfigArgument,
    output: Annotated[Path, output_option("Picture to write, .png")],
    tracks: Annotated[int, typer.Option(min=1, max=64, help="Rows of the sheet.")] = 8,
    frames: Annotated[int, typer.Option(min=1, max=64, help="Steps of each track.")] = 8,
    seed: Annotated[int | None, typer.Option(help="Default: the configuration's.")] = None,
    data: TrainingDataOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw what a network would see in training: crop pairs, the true box, what is visible."""
    from re3_ros.training import preview as draw
    from re3_ros.training import read_config

    claim(overwrite, output)
    root = training_data(data)
    settings = read_config(config)
    chosen = settings if seed is None else settings.model_copy(update={"seed": seed})
    draw(chosen, root, output, tracks, frames)
    typer.echo(f"{tracks} tracks of {frames} steps: {output}")
