# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 train``: run a configuration, or look at what it would show the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import _pack, _preview
from ._options import TrainingConfigArgument, TrainingDataOption, training_data


class _RunByDefault(TyperGroup):
    """``re3 train CONFIG`` means ``re3 train run CONFIG``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` before arguments that begin with no command's name."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add ``re3 train [run]``, ``re3 train pack`` and ``re3 train preview`` to ``app``."""
    commands = typer.Typer(
        cls=_RunByDefault,
        help="Train a network: re3 train CONFIG --output FOLDER; look at its tracks first.",
        no_args_is_help=True,
    )
    commands.command()(run)
    _pack.register(commands)
    _preview.register(commands)
    app.add_typer(commands, name="train")


def run(
    config: TrainingConfigArgument,
    output: Annotated[Path, typer.Option(help="Folder of the run; goes on if one is there.")],
    data: TrainingDataOption = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="End after so many, annealed; without it after the steps of all stages."
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write event files into the folder too.")
    ] = False,
) -> None:
    """Train a network, or go on with a run that was interrupted.

    The word run may be left out: re3 train CONFIG --output FOLDER. On several GPUs:
    torchrun --nproc-per-node 4 -m re3_ros.cli train CONFIG --output FOLDER --device cuda
    """
    from re3_ros.tracking import pick_device
    from re3_ros.training import Deadline, read_config, run_summary, train

    deadline = None if minutes is None else Deadline.after(minutes)
    root = training_data(data)
    settings, chosen = read_config(config), pick_device(device)
    weights = train(settings, root, output, chosen, tensorboard=tensorboard, deadline=deadline)
    if os.environ.get("RANK", "0") == "0":
        typer.echo(f"{run_summary(output)}\naveraged weights: {weights}")
