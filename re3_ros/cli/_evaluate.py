# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from re3_ros.evaluation import Result, TrackerSpec

NANO_BACKBONE = "nanotrack_backbone_sim.onnx"
NANO_HEAD = "nanotrack_head_sim.onnx"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(evaluate)


def evaluate(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of sequences; default: data/bench in RE3_SHARED or ../shared."),
    ] = None,
    trackers: Annotated[
        str,
        typer.Option(help="Of re3, re3-procedure, mosse, kcf, medianflow, csrt, mil, nano."),
    ] = "re3,mosse,kcf,medianflow,csrt",
    weights: Annotated[Path | None, typer.Option(help="Weights of re3; default: ours.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("output/evaluation"),
    cache: Annotated[
        Path | None, typer.Option(help="Folder of finished tracks; default: cache in the output.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; 1 where speed matters.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    device: Annotated[str, typer.Option(help="Device of re3: cpu, cuda, ...")] = "cpu",
    fresh: Annotated[bool, typer.Option("--fresh", help="Track anew what is finished.")] = False,
    nano_backbone: Annotated[Path | None, typer.Option(help="ONNX file, for nano.")] = None,
    nano_head: Annotated[Path | None, typer.Option(help="ONNX file, for nano.")] = None,
) -> None:
    """Measure trackers on sequences with true boxes: success, precision, speed."""
    from re3_ros.evaluation import TrackerSpec, shared_folder, write_report

    models = shared_folder() / "peers" / "nanotrack_v2"
    backbone, head = nano_backbone or models / NANO_BACKBONE, nano_head or models / NANO_HEAD
    names = [name.strip() for name in trackers.split(",") if name.strip()]
    specs = [TrackerSpec(name, weights, device, backbone, head) for name in dict.fromkeys(names)]
    folder = data or shared_folder() / "data" / "bench"
    results = _compare(specs, folder, cache or output / "cache", jobs, threads, fresh)
    about: dict[str, Any] = {
        "data": folder.name,
        "device": device,
        "jobs": jobs,
        "threads": threads,
    }
    about["weights_sha256"] = next((h for h in (s.weights_hash() for s in specs) if h), None)
    _show(results)
    for path in write_report(output, results, about):
        typer.echo(f"wrote {path}")


def _compare(
    specs: list[TrackerSpec], data: Path, cache: Path, jobs: int, threads: int, fresh: bool
) -> dict[str, list[Result]]:
    """Return results by tracker, with a progress bar for each."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    from re3_ros.evaluation import compare, find_sequences

    total = len(find_sequences(data))
    columns = ("{task.description:14}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        bars = {spec.name: progress.add_task(spec.name, total=total) for spec in specs}
        return compare(
            specs, data, cache, jobs, threads, fresh, lambda s, _: progress.advance(bars[s.name])
        )


def _show(results: dict[str, list[Result]]) -> None:
    from rich.console import Console

    from re3_ros.evaluation import failures, sequence_table, summary_table

    console = Console()
    console.print(sequence_table(results))
    console.print(summary_table(results))
    for line in failures(results):
        console.print(f"failed: {line}", style="red", markup=False)
