# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._options import BagArgument, output_option, topic_option
from ._outputs import OverwriteOption, claim


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(plot)


def plot(
    source: BagArgument,
    output: Annotated[Path, output_option("Picture to write, NAME.png or NAME.svg.")],
    status: Annotated[
        str | None, topic_option("TrackerStatus. Default: the only one in the bag.")
    ] = None,
    command: Annotated[
        str | None, topic_option("Twist. Default: the only one in the bag, if any.")
    ] = None,
    truth: Annotated[
        str | None, topic_option("Detection2D of the truth, as re3_yard publishes it.")
    ] = None,
    image: Annotated[
        str | None,
        topic_option("Image or CompressedImage. Default: the only one in the bag, if any."),
    ] = None,
    target: Annotated[str, typer.Option(help="Id of the target. Default: the first.")] = "",
    overwrite: OverwriteOption = False,
) -> None:
    """Draw a recorded run: states and score of a target, the commands given, images of it."""
    from re3_ros.bags import RunTopics, plot_run

    claim(overwrite, output)
    run = plot_run(source, output, RunTopics(status, command, truth, image), target)
    seconds, count = run.times[-1] - run.times[0], len(run.times)
    typer.echo(f"{count} images of {run.target!r} in {seconds:.1f} s, {len(run.commands)} commands")
    typer.echo(f"wrote {output}")
