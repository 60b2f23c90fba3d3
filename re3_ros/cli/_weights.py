# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 weights`: import published weights, calibrate scores, show what a weights file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._options import output_option
from ._outputs import OverwriteOption, claim

if TYPE_CHECKING:
    from re3_ros.network import WeightsInfo

RANGES = "activation_ranges"
_LAYOUTS = "auto, tf-large, tf-small, pt-large or pt-small"


def register(app: typer.Typer) -> None:
    """Add `re3 weights` with its commands to ``app``."""
    commands = typer.Typer(
        help="Import published weights, average, calibrate scores, show what a file is.",
        no_args_is_help=True,
    )
    commands.command("import")(import_weights)
    commands.command("calibrate")(calibrate)
    commands.command("average")(average)
    commands.command("show")(show)
    app.add_typer(commands, name="weights")


def import_weights(
    source: Annotated[
        Path,
        typer.Argument(help="TensorFlow checkpoint (.index) or PyTorch state (.pt), or its folder"),
    ],
    output: Annotated[Path, output_option("File to write, NAME.safetensors")],
    layout: Annotated[str, typer.Option(help=f"Layout of SOURCE: {_LAYOUTS}")] = "auto",
    half: Annotated[
        bool, typer.Option("--half", help="Store 16-bit numbers: half the size")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Convert weights that the authors of Re3 published to a file that re3_ros reads.

    Your copy of those weights is GPL-3.0, and so is what this command writes.
    """
    import torch

    from re3_ros.network import describe, save
    from re3_ros.network.published import detect_layout, import_published

    claim(overwrite, output)
    name = detect_layout(source) if layout == "auto" else layout
    network = import_published(source, name)
    metadata = {"source": source.resolve().name, "layout": name, "licence": "GPL-3.0"}
    save(network, output, metadata, torch.float16 if half else torch.float32)
    typer.echo(f"{source} has the layout {name}; wrote {output}")
    _print_info(describe(output))


def average(
    files: Annotated[list[Path], typer.Argument(help="Weights of equal networks, two or more")],
    output: Annotated[Path, output_option("File to write, NAME.safetensors")],
    overwrite: OverwriteOption = False,
) -> None:
    """Write the arithmetic mean of weights, such as those a run kept on its way."""
    import torch

    from re3_ros.network import describe, save
    from re3_ros.training import average_weights

    claim(overwrite, output)
    network, metadata = average_weights(files)
    save(network, output, metadata, torch.float16)
    _print_info(describe(output))


def calibrate(
    source: Annotated[Path, typer.Argument(help="Weights, NAME.safetensors")],
    output: Annotated[Path, typer.Argument(help="File to write, NAME.safetensors")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Data folder of the run that trained SOURCE; default: data/train in RE3_SHARED or "
            "../shared"
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The run's YAML file, where SOURCE does not tell it")
    ] = None,
    videos: Annotated[int, typer.Option(min=0, help="Videos to simulate")] = 60,
    frames: Annotated[int, typer.Option(min=2, help="Frames of each")] = 100,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    overwrite: OverwriteOption = False,
) -> None:
    """Make the score the probability that the box overlaps the object by half.

    It is fitted on what the training run held back, and put into the network's last layer. What
    convolutions are given on the way is noted for processors that are best at int8.
    """
    from rich.progress import track

    from re3_ros.network import describe, load
    from re3_ros.training import calibrate as run
    from re3_ros.training import held_out_videos, read_run_config, run_data_folder, save_calibrated

    claim(overwrite, output)
    trained = read_run_config(source, config)
    held = held_out_videos(trained, data or run_data_folder(trained), videos, frames)
    network = load(source, device)
    shown = track([*held.simulated, *held.clips], "tracking", transient=True)
    result = run(network, shown, device)
    save_calibrated(network.cpu(), result, source, output)
    typer.echo(f"{result}\nwrote {output}")
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
    ranges = info.metadata.get(RANGES, "").count("[")  # a pair each
    lines = {
        **info.metadata,
        "int8": f"ranges of {ranges} convolutions",
        "parameters": f"{info.parameters:,} in {info.tensors} tensors, {', '.join(info.dtypes)}",
        "size": f"{info.size / 1e6:.1f} MB",
        "sha256": f"{info.sha256} ({kept[info.intact]})",
    }
    order = ("architecture", "options", "parameters", "size", "sha256", "int8")
    for key in (*order, *sorted(set(lines) - set(order) - {"format", RANGES})):
        typer.echo(f"{key:16}{lines[key]}")
