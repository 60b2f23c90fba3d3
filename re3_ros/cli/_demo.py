# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._options import DeviceOption, RuntimeOption, WeightsOption, output_option
from ._outputs import OverwriteOption, claim
from ._running import conclude, interruptible, open_session, progress

if TYPE_CHECKING:
    from re3_ros.worlds import DemoScene


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(demo)


def demo(
    output: Annotated[Path, output_option("Folder to write into.")],
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another scene.")] = 0,
    frames: Annotated[
        int, typer.Option(min=30, max=10_000, help="Length of the scene; a short one is fast.")
    ] = 300,
    overwrite: OverwriteOption = False,
) -> None:
    """Render a scene, track it from bag to bag, and show how well that went.

    A tortoise walks, turns, comes nearer, and is hidden for a while; the folder then holds a video,
    a plot, the figures, and the bags with the images and with the detections.
    """
    from re3_ros.bags import report_scene_bag
    from re3_ros.worlds import DemoScene

    claim(overwrite, output)
    session, path = open_session(weights, device, runtime)
    output.mkdir(parents=True, exist_ok=True)
    typer.echo("preparing the scene ...")
    scene = DemoScene(seed, frames)
    _render(output, scene)
    with interruptible() as wish, progress("tracking", scene.frames) as advance:
        from re3_ros.bags import track_scene_bag

        seconds = track_scene_bag(
            output, scene, session, path.name, lambda _image, _result: advance(), wish
        )
    typer.echo("writing video and plot ...")
    about = {"weights": path.name, "device": session.runs_on}
    typer.echo(report_scene_bag(output, scene, seconds, about).text())
    typer.echo(f"wrote {', '.join(sorted(p.name for p in output.iterdir()))} into {output}")
    conclude(wish)


def _render(output: Path, scene: DemoScene) -> None:
    from re3_ros.bags import write_scene_bag

    with progress("rendering", scene.frames) as advance:
        write_scene_bag(output / "scene", scene, lambda _index: advance())
