# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Options and arguments that several commands have: one name and one meaning for each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer


def output_option(text: str) -> Any:
    """Return the option for where to write."""
    return typer.Option("--output", "-o", help=text)


def topic_option(text: str) -> Any:
    """Return an option that takes the name of a topic."""
    return typer.Option(metavar="TOPIC", help=text)


_BAG = typer.Argument(help="Folder of a rosbag2 (sqlite3 or mcap), or its mcap file.")
BagArgument = Annotated[Path, _BAG]
BagsOrNoneArgument = Annotated[
    list[Path] | None, typer.Argument(help="Folders of rosbag2 (sqlite3 or mcap), or mcap files.")
]
ImageTopicOption = Annotated[
    str | None,
    topic_option("Topic of Image or CompressedImage. Default: the only one in the bag."),
]
WeightsOption = Annotated[
    Path | None, typer.Option(help="Weights, NAME.safetensors. Default: those that come with re3.")
]
DeviceOption = Annotated[
    str, typer.Option(help="Where the network runs: auto, cpu, cuda, cuda:1, ...")
]
RuntimeOption = Annotated[
    str,
    typer.Option(help="What runs the network: auto, torch, openvino, onnx, see docs/runtimes.md."),
]
TimeJumpOption = Annotated[
    str,
    typer.Option(
        metavar="POLICY",
        help="When the time of the images jumps back, as in a bag of several runs: reject older "
        "images, clear the targets, or continue.",
    ),
]
VideoOption = Annotated[Path | None, typer.Option(help="Annotated video to write, NAME.mp4.")]
TableOption = Annotated[Path | None, typer.Option(help="Table of boxes to write, NAME.csv.")]
BoxOption = Annotated[
    list[str] | None,
    typer.Option(
        "--box",
        metavar="[NAME=]X,Y,W,H",
        help="Object in the first frame: left, top, width, height in pixels. May be repeated. "
        "Without it, draw the box by mouse.",
    ),
]
OnnxOption = Annotated[Path | None, typer.Option(help="ONNX file, for nano.")]
VitOption = Annotated[Path | None, typer.Option(help="ONNX file, for vit.")]
ReportOption = Annotated[Path, typer.Option(help="Folder of the report.")]
CacheOption = Annotated[
    Path | None, typer.Option(help="Folder of finished tracks; default: cache in the output.")
]
TrainingConfigArgument = Annotated[Path, typer.Argument(help="YAML file, see config/training/.")]
TrainingDataOption = Annotated[
    Path | None, typer.Option(help="Data folder; default: RE3_SHARED, or ../shared.")
]


def training_data(given: Path | None) -> Path:
    """Return the folder that `TrainingDataOption` means."""
    return given or Path(os.environ.get("RE3_SHARED", "../shared"))
