# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 train pack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._options import output_option
from ._outputs import OverwriteOption, claim


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(pack)


def pack(
    data: Annotated[Path, typer.Argument(help="Folder of stills or clips, or of such folders.")],
    output: Annotated[Path, output_option("Folder for the shards")],
    megabytes: Annotated[
        float, typer.Option(min=0.01, help="That a shard holds at most, in millions of bytes.")
    ] = 60.0,
    side: Annotated[
        int | None,
        typer.Option(min=16, help="Make pictures smaller: pixels of the longer side at most."),
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Encode pictures anew, as JPEG of so much.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Pack training data into few files, which configurations name in place of folders."""
    from re3_ros.training import PackOptions
    from re3_ros.training import pack as write

    claim(overwrite, output)
    made = write(data, output, PackOptions(megabytes, side, quality))
    size = sum(path.stat().st_size for path in made)
    typer.echo(f"{len(made)} shards of {size / 1e6:.1f} MB in all: {output}")
