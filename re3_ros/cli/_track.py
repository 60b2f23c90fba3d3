# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 track``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from re3_ros.errors import ConfigError

from ._boxes import boxes_for, parse_boxes
from ._options import (
    BoxOption,
    DeviceOption,
    RuntimeOption,
    TableOption,
    TimeJumpOption,
    WeightsOption,
    output_option,
)
from ._outputs import OverwriteOption, claim
from ._running import Interruption, advice, conclude, interruptible, open_session, progress
from ._web import WEB_SETTINGS, Page, need_web, open_page

if TYPE_CHECKING:
    from re3_ros.boxes import Boxes
    from re3_ros.images import Image
    from re3_ros.media import ResultFiles, RunSummary, Source
    from re3_ros.tracking import Frame, FrameResult, TrackingSession


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(track)


def track(
    source: Annotated[
        str,
        typer.Argument(
            help="Video file, folder of images, quoted pattern such as 'img/*.jpg', index of a "
            "camera, or URL of a stream.",
        ),
    ],
    box: BoxOption = None,
    output: Annotated[Path | None, output_option("Annotated video to write, NAME.mp4.")] = None,
    boxes: TableOption = None,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = "auto",
    time_jump: TimeJumpOption = "reject",
    fps: Annotated[
        float, typer.Option(min=0.1, max=1000, help="Frames a second of images.")
    ] = 30.0,
    show: Annotated[
        bool, typer.Option("--show", help="Show the result in a window; q ends.")
    ] = False,
    web: Annotated[
        bool,
        typer.Option(
            "--web", help="Serve a page for browsers: draw boxes, see targets; docs/web.md."
        ),
    ] = False,
    listen: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", help="Where --web is served; 0.0.0.0:8080: everywhere."),
    ] = "127.0.0.1:8080",
    overwrite: OverwriteOption = False,
) -> None:
    """Track objects through a video, images, or a camera.

    Ctrl-C ends the run and keeps what is done.
    """
    from re3_ros.media import ResultFiles, open_source

    given = box or []
    parse_boxes(given)
    _check_inputs(source, output, boxes)
    claim(overwrite, output, boxes)
    show = _check_outputs(output, boxes, show, web)
    if web:
        need_web()
    with open_source(source, fps) as opened, ExitStack() as stack:
        frames = _Frames(opened)
        session, _ = open_session(
            weights, device, runtime, time_jump, **(WEB_SETTINGS if web else {})
        )
        chosen = parse_boxes(given) if web else boxes_for(given, frames.first_image)
        wish = stack.enter_context(interruptible())
        page = stack.enter_context(open_page(session, opened, listen, wish)) if web else None
        files = stack.enter_context(ResultFiles(output, boxes, opened.fps, opened.files))
        summary = _run(opened, frames, chosen, session, files, wish, show, page)
    _report(summary, wish, opened)
    conclude(wish, output, boxes)


def _check_outputs(output: Path | None, boxes: Path | None, show: bool, web: bool) -> bool:
    """Return whether to show the result: without a display only what is written is made."""
    if output is None and boxes is None and not show and not web:
        raise ConfigError(
            "nothing to write: give --output VIDEO.mp4, --boxes TABLE.csv, --show for a window, or "
            "--web for a browser"
        )
    if not show:
        return False
    from ._window import need_display

    try:
        need_display("leave out --show and give --output VIDEO.mp4")
    except ConfigError as error:
        if output is None and boxes is None and not web:
            raise
        typer.echo(f"going on without --show: {error}", err=True)
        return False
    return True


def _check_inputs(source: str, *outputs: Path | None) -> None:
    read = Path(source).resolve()
    for path in (p for p in outputs if p is not None):
        if path.resolve() == read:
            raise ConfigError(f"output {path} would replace what is read; give another")


class _Frames:
    """The frames of a source, the first of which may be looked at beforehand."""

    def __init__(self, source: Source) -> None:
        self._rest = iter(source)
        self._first: list[Frame] = []

    def first_image(self) -> Image:
        self._first = self._first or [next(self._rest)]
        return self._first[0].image

    def __iter__(self) -> Iterator[Frame]:
        return chain(self._first, self._rest)


def _run(
    source: Source,
    frames: _Frames,
    boxes: dict[str, Boxes],
    session: TrackingSession,
    files: ResultFiles,
    wish: Interruption,
    show: bool,
    page: Page | None,
) -> RunSummary:
    from re3_ros.media import draw_results, run_frames

    from ._window import show as show_image

    with progress("tracking", source.length) as advance:

        def on_frame(image: Image, result: FrameResult) -> None:
            files.add(image, result)
            advance()
            if page:
                page.show(image, result)
            if show and show_image(draw_results(image, result.targets, files.status(result))):
                wish.asked = True

        taken = page.frames(frames, begun=bool(boxes)) if page else frames
        return run_frames(taken, boxes, session, on_frame, wish, page.say if page else None)


def _report(summary: RunSummary, wish: Interruption, source: Source) -> None:
    left_out = f", {source.skipped} unreadable ones left out" if source.skipped else ""
    if source.missing:
        left_out += f", {source.missing} of {source.length} missing at the end"
    rate = f"{summary.fps:.1f} tracked a second"
    typer.echo(f"{wish.ended}{summary.frames} frames, {rate}{left_out}")
    if summary.rejected:
        text = f"{len(summary.rejected)} frames, first: {summary.rejected[0]}"
        typer.echo(f"skipped {text}{advice(summary.rejected[0].setting)}")
