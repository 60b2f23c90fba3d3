# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One command a module, and one place where errors become a line and an exit code."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from re3_ros import __version__
from re3_ros.errors import Re3Error

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

FAILED = 2
"""Exit code for what the caller can put right, as for a mistyped option."""
QUIET = {
    "OPENCV_LOG_LEVEL": "FATAL",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "QT_LOGGING_RULES": "*=false",
}
"""OpenCV reports what it cannot open, and its windows which fonts they lack, in their own words;
ours name the file and the way out."""

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``re3`` and return its exit code.

    0; 1 where a part of an evaluation failed; 2 for bad input; 130 for an interrupted run.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        app(args=None if arguments is None else list(arguments), prog_name="re3")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except Re3Error as error:
        return _fail(str(error))
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return _fail(f"{named}{error.strerror or error}")
    return 0


def _fail(message: str) -> int:
    """Print an error in one line."""
    from rich.console import Console

    line = " ".join(message.split())
    console = Console(stderr=True, highlight=False)
    console.print("[bold red]Error:[/]", end=" ")
    console.print(line, markup=False, soft_wrap=True)
    return FAILED


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
