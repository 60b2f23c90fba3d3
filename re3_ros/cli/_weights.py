# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 weights`: import published weights, show what a weights file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from re3_ros.network import WeightsInfo

_LAYOUTS = "auto, tf-large, tf-small, pt-large or pt-small"


def register(app: typer.Typer) -> None:
    """Add `re3 weights import` and `re3 weights show` to ``app``."""
    commands = typer.Typer(
        help="Import published weights, show what a file is.", no_args_is_help=True
    )
    commands.command("import")(import_weights)
    commands.command("show")(show)
    app.add_typer(commands, name="weights")


def import_weights(
    source: Annotated[
        Path,
        typer.Argument(help="TensorFlow checkpoint (.index) or PyTorch state (.pt), or its folder"),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, NAME.safetensors")],
    layout: Annotated[str, typer.Option(help=f"Layout of SOURCE: {_LAYOUTS}")] = "auto",
    half: Annotated[
        bool, typer.Option("--half", help="Store 16-bit numbers: half the size")
    ] = False,
) -> None:
    """Convert weights that the authors of Re3 published to a file that re3_ros reads.

    Your copy of those weights is GPL-3.0, and so is what this command writes.
    """
    import torch

    from re3_ros.network import describe, detect_layout, import_published, save

    name = detect_layout(source) if layout == "auto" else layout
    network = import_published(source, name)
    metadata = {"source": source.resolve().name, "layout": name, "licence": "GPL-3.0"}
    save(network, output, metadata, torch.float16 if half else torch.float32)
    typer.echo(f"{source} has the layout {name}; wrote {output}")
    _print_info(describe(output))


def show(
    file: Annotated[Path, typer.Argument(help="Weights, NAME.safetensors")],
) -> None:
    """Print which network a weights file holds, where it is from, and whether it is intact."""
    from re3_ros.network import describe

    _print_info(describe(file))


def _print_info(info: WeightsInfo) -> None:
    """Print one line for each thing known of a file."""
    kept = {
        True: "matches the .sha256 beside it",
        False: "DIFFERS from the .sha256 beside it",
        None: "no .sha256 beside it",
    }
    lines = {
        **info.metadata,
        "parameters": f"{info.parameters:,} in {info.tensors} tensors, {', '.join(info.dtypes)}",
        "size": f"{info.size / 1e6:.1f} MB",
        "sha256": f"{info.sha256} ({kept[info.intact]})",
    }
    order = ("architecture", "options", "parameters", "size", "sha256")
    for key in (*order, *sorted(set(lines) - set(order) - {"format"})):
        typer.echo(f"{key:16}{lines[key]}")
