# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The one place where errors become a line and an exit code, those of missing packages first."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from re3_ros.errors import Re3Error
from re3_ros.versions import NEEDS, problem

FAILED = 2
"""Exit code for what the caller can put right, as for a mistyped option."""
QUIET = {
    "OPENCV_LOG_LEVEL": "FATAL",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "QT_LOGGING_RULES": "*=false",
}
"""OpenCV reports what it cannot open, and its windows which fonts they lack, in their own words;
ours name the file and the way out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``re3`` and return its exit code.

    0; 1 where a part of an evaluation failed; 2 for bad input, and for packages that are missing or
    too old; 130 for an interrupted run.
    """
    if text := problem(NEEDS):
        print(f"Error: the command re3 {text}", file=sys.stderr)
        return FAILED
    from ._app import app  # imports typer

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
