# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The command as typer sees it, one module a command."""

from __future__ import annotations

from typing import Annotated

import typer

from re3_ros import __version__

from . import (
    _bag,
    _bench,
    _demo,
    _evaluate,
    _export,
    _plot,
    _record,
    _score,
    _track,
    _train,
    _trax,
    _weights,
)

app = typer.Typer(
    name="re3",
    help="Track any object from one box: in videos, cameras and ROS 2 bags, without ROS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    _track,
    _bag,
    _record,
    _plot,
    _demo,
    _evaluate,
    _score,
    _trax,
    _bench,
    _train,
    _weights,
    _export,
)
for module in COMMANDS:
    module.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"re3_ros {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Track any object from one box: in videos, cameras and ROS 2 bags, without ROS."""
