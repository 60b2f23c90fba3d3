# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 score``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._options import CacheOption, ReportOption, RuntimeOption
from ._outputs import OverwriteOption, claim

if TYPE_CHECKING:
    from re3_ros.evaluation import IdentityRow, SequenceResult
    from re3_ros.evaluation.trackers import TrackerSpec
    from re3_ros.training import HeldOutVideos, Video


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(score)


def score(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of sequences; default: data/bench in RE3_SHARED or ../shared."),
    ] = None,
    training_data: Annotated[
        Path | None,
        typer.Option(help="Data folder of the training run; default: data/train in the same."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The run's YAML file, where the weights do not tell it.")
    ] = None,
    tracker: Annotated[str, typer.Option(help="re3 or re3-procedure.")] = "re3",
    weights: Annotated[Path | None, typer.Option(help="Weights of re3; default: ours.")] = None,
    output: ReportOption = Path("output/score"),
    cache: CacheOption = None,
    videos: Annotated[int, typer.Option(min=0, help="Videos to simulate.")] = 60,
    frames: Annotated[int, typer.Option(min=2, help="Frames of each.")] = 100,
    peers: Annotated[
        str, typer.Option(help="Trackers of OpenCV, with commas, beside it among rivals.")
    ] = "",
    device: Annotated[str, typer.Option(help="Device of re3: cpu, cuda, ...")] = "cpu",
    runtime: RuntimeOption = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Processes for the sequences.")] = 1,
    overwrite: OverwriteOption = False,
) -> None:
    """Measure what the scores are worth: on sequences, and on what training held back."""
    from re3_ros.datasets import default_data_folder
    from re3_ros.errors import ConfigError
    from re3_ros.evaluation import score_quality, scored_frames
    from re3_ros.evaluation.report import identity_table, print_table, score_table, write_score
    from re3_ros.evaluation.trackers import OUR_TRACKERS, TrackerSpec, parse_specs
    from re3_ros.tracking import pick_device
    from re3_ros.training import held_out_videos, read_run_config, run_data_folder
    from re3_ros.weights import default_weights

    claim(overwrite, output)
    file = weights or default_weights()
    spec = TrackerSpec(tracker, file, pick_device(device), runtime=runtime)
    if tracker not in OUR_TRACKERS:
        raise ConfigError(
            f"tracker is {tracker!r}; expected {' or '.join(OUR_TRACKERS)}, which give scores"
        )
    others = {o.label: o.create for o in (parse_specs(peers.split(",")) if peers else [])}
    run = read_run_config(file, config)
    held = held_out_videos(run, training_data or run_data_folder(run), videos, frames)
    folder = data or default_data_folder() / "data" / "bench"
    results = {
        "sequences": _run_sequences(spec, folder, cache or output / "cache", jobs),
        "simulated videos": _run_videos(spec.create, held.simulated, "simulated videos"),
        "held clips": _run_videos(spec.create, held.clips, "held clips"),
    }
    qualities = {n: score_quality(*scored_frames(rs)) for n, rs in results.items() if rs}
    print_table(score_table(qualities))
    kept = _keep({tracker: spec.create, **others}, held, {tracker: results["held clips"]})
    print_table(identity_table(kept))
    for path in write_score(output, qualities, _about(spec, folder), kept):
        typer.echo(f"wrote {path}")


def _about(spec: TrackerSpec, data: Path) -> dict[str, Any]:
    """Return what the figures are of."""
    facts = {"tracker": spec.name, "runtime": spec.runs_on(), "data": data.name}
    return {**facts, "weights_sha256": spec.weights_hash()}


def _keep(
    makers: Mapping[str, Callable[[], Any]],
    held: HeldOutVideos,
    clips: Mapping[str, list[SequenceResult]],
) -> dict[str, IdentityRow]:
    """Return how well each tracker keeps its target among rivals; ``clips`` are there already."""
    from re3_ros.evaluation import identity_row

    return {
        name: identity_row(
            held.rivals,
            _run_videos(make, held.rivals, f"{name} among rivals"),
            clips[name] if name in clips else _run_videos(make, held.clips, f"{name}, clips"),
        )
        for name, make in makers.items()
    }


def _run_sequences(spec: TrackerSpec, data: Path, cache: Path, jobs: int) -> list[SequenceResult]:
    """Return the results on a data set, finished ones from the cache."""
    from rich.progress import Progress

    from re3_ros.datasets import find_sequences
    from re3_ros.evaluation import compare

    with Progress(transient=True) as progress:
        bar = progress.add_task("sequences", total=len(find_sequences(data)))
        results = compare([spec], data, cache, jobs, done=lambda *_: progress.advance(bar))
    return results[spec.label]


def _run_videos(
    make: Callable[[], Any], videos: Sequence[Video], title: str
) -> list[SequenceResult]:
    """Return a tracker's results on videos that were held back, with a progress bar."""
    from rich.progress import track

    from re3_ros.evaluation import run_video

    return [run_video(make(), video) for video in track(videos, title, transient=True)]
