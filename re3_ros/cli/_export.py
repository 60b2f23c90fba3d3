# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._options import output_option
from ._outputs import OverwriteOption, claim


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(export)


def export(
    output: Annotated[Path, output_option("Folder to write.")],
    form: Annotated[
        str, typer.Option("--format", help="onnx (also for TensorRT), torch-export or openvino.")
    ] = "onnx",
    weights: Annotated[
        Path | None, typer.Option(help="Weights, NAME.safetensors. Default: the shipped ones.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the network as files that run without re3_ros, and check them against it.

    Two graphs: `look` for a new image, `remember` for the time between images; the recurrent
    state goes in and comes out. docs/runtimes.md tells how to run them from C++.
    """
    from re3_ros.network import describe, load
    from re3_ros.network.runtimes import export as write
    from re3_ros.weights import default_weights

    claim(overwrite, output)
    path = weights or default_weights()
    about = {"weights": path.name, "sha256": describe(path).sha256}
    found = write(load(path), output, form, about)
    for file in found.files:
        typer.echo(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"corners deviate from torch by at most {found.deviation:.1g} pixels")
