# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 bag``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._boxes import boxes_for, parse_boxes
from ._options import (
    BagArgument,
    BoxOption,
    DeviceOption,
    ImageTopicOption,
    RuntimeOption,
    TableOption,
    TimeJumpOption,
    VideoOption,
    WeightsOption,
    output_option,
)
from ._outputs import OverwriteOption, claim
from ._running import Interruption, advice, conclude, interruptible, open_session, progress

if TYPE_CHECKING:
    from re3_ros.bags import BagSummary, RecordSummary
    from re3_ros.images import Image
    from re3_ros.tracking import FrameResult


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(bag)


def bag(
    source: BagArgument,
    output: Annotated[Path, output_option("Folder of the bag to write.")],
    image: ImageTopicOption = None,
    box: BoxOption = None,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = "auto",
    time_jump: TimeJumpOption = "reject",
    storage: Annotated[str, typer.Option(help="Storage of the output: mcap or sqlite3.")] = "mcap",
    copy_images: Annotated[
        bool, typer.Option("--copy-images", help="Write the images into the output as well.")
    ] = False,
    overwrite: OverwriteOption = False,
    video: VideoOption = None,
    boxes: TableOption = None,
) -> None:
    """Track objects through a ROS 2 bag; write detections and status as the node publishes them.

    With annotations beside them, which Foxglove draws over the images.

    Ctrl-C ends the run and keeps what is done.
    """
    parse_boxes(box or [])
    claim(overwrite, output, video, boxes)
    topic, total = topic_of(source, image)
    session, path = open_session(weights, device, runtime, time_jump)
    chosen = boxes_for(box or [], lambda: first_image(source, topic))
    options = {"storage": storage, "overwrite": overwrite, "copy_images": copy_images}
    with interruptible() as wish:
        summary = _run(
            total,
            wish,
            (video, boxes),
            source,
            output,
            chosen,
            session,
            topic,
            weights=path.name,
            **options,
        )
    report_images(summary, wish)
    conclude(wish, output, video, boxes)


def topic_of(
    source: Path, topic: str | None, types: Collection[str] | None = None
) -> tuple[str, int]:
    """Return the topic with the images, or messages of ``types``, and how many there are."""
    from re3_ros.bags import COMPRESSED, IMAGE, BagReader

    with BagReader(source, topic, types or {IMAGE, COMPRESSED}) as reader:
        return reader.topic, reader.length


def _run(
    total: int,
    wish: Interruption,
    files: tuple[Path | None, Path | None],
    *args: Any,
    **options: Any,
) -> BagSummary:
    """Call `run_bag` with a progress bar, video and table."""
    from re3_ros.bags import run_bag
    from re3_ros.media import ResultFiles

    with ResultFiles(*files) as results, progress("tracking", total) as advance:

        def on_frame(pixels: Image, result: FrameResult) -> None:
            results.add(pixels, result)
            advance()

        return run_bag(*args, on_frame=on_frame, stop=wish, **options)


def first_image(source: Path, topic: str) -> Image:
    """Return the first readable image of a topic. Raises SourceError if there is none."""
    from re3_ros.bags import BagReader
    from re3_ros.errors import ImageError, SourceError
    from re3_ros.images import read_message

    with BagReader(source, topic) as reader:
        for recorded in reader:
            try:
                return read_message(recorded.message())
            except ImageError:
                continue
    raise SourceError(f"topic {topic} of {source} has no usable image")


def report_images(summary: BagSummary | RecordSummary, wish: Interruption, also: str = "") -> None:
    """Say what became of the images of a bag, and what else came of them."""
    rate = summary.processed / summary.seconds if summary.seconds else 0.0
    typer.echo(
        f"{wish.ended}{summary.processed} of {summary.images} images of {summary.topic}, "
        f"{rate:.1f} tracked a second{also}"
    )
    for kind, text in zip(summary.rejected, summary.skipped(), strict=True):
        what = "no 3D positions: " if kind.startswith("depth ") else "skipped "
        way_out = advice(summary.settings.get(kind, ""))
        typer.echo(f"{what}{text}, first: {summary.reasons[kind]}{way_out}")
