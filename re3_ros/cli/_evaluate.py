# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 evaluate``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from re3_ros.errors import ConfigError

from ._options import (
    CacheOption,
    DeviceOption,
    OnnxOption,
    ReportOption,
    RuntimeOption,
    VitOption,
    WeightsOption,
)
from ._outputs import OverwriteOption, claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from re3_ros.evaluation import (
        ComparisonOptions,
        Protocol,
        Reinitialised,
        ReportTable,
        SequenceResult,
    )
    from re3_ros.evaluation.trackers import TrackerSpec

PROTOCOLS = ("ope", "reinit", "occluded", "vot")
DEFAULT_TRACKERS = "re3,re3-procedure,mosse,kcf,medianflow,csrt"
NANO_BACKBONE = "nanotrack_backbone_sim.onnx"
NANO_HEAD = "nanotrack_head_sim.onnx"
PARTLY = 1
"""Exit code where the report is written and a sequence or a tracker failed."""
SMALL = 40
"""Sequences up to which a table of all of them is printed."""

DataOption = Annotated[
    Path | None,
    typer.Option(help="Folder of the data set; default: data/bench in RE3_SHARED or ../shared."),
]
LayoutOption = Annotated[
    str, typer.Option(help="How it lies on disk: auto, otb, vot, got10k, lasot, ...")
]
SplitOption = Annotated[str, typer.Option(help="Part of the data set: val, test, ...")]
OnlyOption = Annotated[str, typer.Option("--sequences", help="Names, with commas; default: all.")]
TrackersOption = Annotated[
    list[str] | None,
    typer.Option(
        help="With commas: re3, re3-procedure, mosse, kcf, medianflow, csrt, mil, nano, vit, "
        "re3@FILE for other weights, MODULE:CLASS for your own; LABEL=... to name one. "
        f"trax:COMMAND needs an option of its own. Default: {DEFAULT_TRACKERS}.",
    ),
]
ProtocolOption = Annotated[
    str, typer.Option(help=f"With commas, of {', '.join(PROTOCOLS)}. See docs/evaluation.md.")
]
StrideOption = Annotated[
    int, typer.Option(min=1, help="Show the first of every so many frames: a slower camera.")
]
JobsOption = Annotated[
    int, typer.Option(min=0, help="Processes; 1 where speed matters, 0 for a debugger.")
]
ThreadsOption = Annotated[int, typer.Option(min=1, help="Threads of each process.")]
TimeoutOption = Annotated[
    float, typer.Option(min=0.1, help="Seconds for a frame, after which a tracker hangs.")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Track anew what is finished.")]
StateOption = Annotated[
    str | None,
    typer.Option(
        help="Sequences, with commas, for which the path of the recurrent state is drawn; "
        'default: the one tracked best; "": none.'
    ),
]
VotOption = Annotated[
    str | None, typer.Option(help="Python of the environment with vot-toolkit; default: this one.")
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(evaluate)


def evaluate(
    data: DataOption = None,
    layout: LayoutOption = "auto",
    split: SplitOption = "",
    sequences: OnlyOption = "",
    trackers: TrackersOption = None,
    protocol: ProtocolOption = "ope",
    stride: StrideOption = 1,
    weights: WeightsOption = None,
    output: ReportOption = Path("output/evaluation"),
    cache: CacheOption = None,
    jobs: JobsOption = 1,
    threads: ThreadsOption = 1,
    timeout: TimeoutOption = 120,
    device: DeviceOption = "cpu",
    runtime: RuntimeOption = "auto",
    fresh: FreshOption = False,
    nano_backbone: OnnxOption = None,
    nano_head: OnnxOption = None,
    vit_model: VitOption = None,
    vot: VotOption = None,
    state: StateOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Measure trackers on sequences with true boxes: success, precision, robustness, speed."""
    from re3_ros.datasets import default_data_folder
    from re3_ros.evaluation import ComparisonOptions
    from re3_ros.evaluation.trackers import TrackerSpec, parse_specs
    from re3_ros.tracking import pick_device

    claim(overwrite, output)
    models = default_data_folder() / "peers" / "nanotrack_v2"
    common = TrackerSpec(
        "re3",
        weights,
        pick_device(device),
        nano_backbone or models / NANO_BACKBONE,
        nano_head or models / NANO_HEAD,
        vit_model,
        runtime,
    )
    run = _Run(
        specs=parse_specs(trackers or [DEFAULT_TRACKERS], common),
        data=data or default_data_folder() / "data" / "bench",
        cache=cache or output / "cache",
        output=output,
        options=ComparisonOptions(
            jobs, threads, timeout, fresh, layout, split, tuple(_words(sequences)), stride
        ),
        vot=vot,
        state=None if state is None else _words(state),
    )
    wanted = _words(protocol)
    if unknown := [name for name in wanted if name not in PROTOCOLS]:
        raise ConfigError(f"no protocol {', '.join(unknown)}; known are {', '.join(PROTOCOLS)}")
    for path in run.write(wanted or ["ope"]):
        typer.echo(f"wrote {path}")
    if run.failed:
        typer.echo(f"{run.failed} of the runs failed, see above; they count as zero", err=True)
        raise typer.Exit(PARTLY)


class _Run:
    """One call of the command."""

    def __init__(
        self,
        specs: list[TrackerSpec],
        data: Path,
        cache: Path,
        output: Path,
        options: ComparisonOptions,
        vot: str | None,
        state: list[str] | None,
    ) -> None:
        self.specs, self.data, self.cache, self.output = specs, data, cache, output
        self.options, self.vot, self.state = options, vot, state
        self.tables: list[ReportTable] = []
        self.failed = 0

    def write(self, protocols: list[str]) -> list[Path]:
        """Run the protocols, print their tables, and write the report."""
        from re3_ros.evaluation.report import (
            Extras,
            reinit_plots,
            state_plots,
            write_report,
            write_tables,
        )

        one_pass = {"ope", "occluded"} & set(protocols)
        results = self._one_pass(protocols) if one_pass else {}
        runs = self._reinit() if "reinit" in protocols else {}
        if "vot" in protocols:
            self._vot()
        extras = Extras(tuple(self.tables), reinit_plots(runs, results) if runs else ())
        if not results:
            labels = [spec.label for spec in self.specs]
            title, lede = "Tracker evaluation", f"{len(labels)} trackers on {self.data.name}"
            return write_tables(self.output, title, lede, labels, self._about(), extras)
        paths = state_plots(self.specs, results, self.cache, self.state)
        return write_report(self.output, results, self._about(), replace(extras, paths=paths))

    def _one_pass(self, protocols: list[str]) -> dict[str, list[SequenceResult]]:
        from re3_ros.evaluation import (
            OnePass,
            attribute_table,
            occluded_table,
            occlusion_table,
        )
        from re3_ros.evaluation.report import failures, sequence_table, summary_table

        results = self._measure(OnePass())
        if len(next(iter(results.values()))) <= SMALL:
            _show(sequence_table(results))
        _show(summary_table(results))
        _show(occlusion_table(results))  # the report has it anyhow
        self._add(attribute_table(results))
        if "occluded" in protocols:
            self._add(occluded_table(results))
        for line in failures(results):
            self._fail(line)
        return results

    def _reinit(self) -> dict[str, list[Reinitialised]]:
        from re3_ros.evaluation import Reinitialisation, reinit_sequence_table, reinit_table

        runs = self._measure(Reinitialisation())
        self._add(reinit_table(runs), reinit_sequence_table(runs))
        for tracker, each in runs.items():
            for run in each:
                if run.failure is not None:
                    self._fail(f"{tracker}, {run.sequence}: {run.failure}")
        return runs

    def _vot(self) -> None:
        from re3_ros.evaluation import readable_sequences, vot_table
        from re3_ros.evaluation.trackers import VotOptions, fully_labelled, run_vot

        found, broken = readable_sequences(self.data, self.options)
        chosen = fully_labelled(found)
        for line in broken:
            self._fail(line)
        if len(chosen) < len(found):
            typer.echo(f"{len(found) - len(chosen)} sequences left out: target absent somewhere")
        seconds = max(1, round(self.options.timeout or VotOptions.timeout))
        options = VotOptions(threads=self.options.threads, timeout=seconds)
        options = options if self.vot is None else replace(options, python=self.vot)
        typer.echo(f"running the VOT toolkit on {len(chosen)} sequences", err=True)
        figures = run_vot(self.specs, chosen, self.output / "vot", options)
        self._add(vot_table(figures))
        for figure in figures:
            if figure.failure is not None:
                self._fail(f"{figure.tracker}: {figure.failure}")

    def _measure(self, protocol: Protocol[Any]) -> dict[str, list[Any]]:
        from re3_ros.evaluation import measure

        with _bars(self.specs) as (begin, advance):
            options = replace(self.options, begin=begin, done=advance)
            return measure(protocol, self.specs, self.data, self.cache, options)

    def _fail(self, line: str) -> None:
        """Print what failed, and count it."""
        from rich.console import Console

        self.failed += 1
        Console().print(f"failed: {line}", style="red", markup=False, soft_wrap=True)

    def _add(self, *tables: ReportTable) -> None:
        """Print tables and put them into the report, those that have rows."""
        for table in tables:
            if table.rows:
                self.tables.append(table)
                _show(table)

    def _about(self) -> dict[str, Any]:
        hashes = {f"weights of {s.label}": h for s in self.specs if (h := s.weights_hash())}
        options = self.options
        return {
            "data": self.data.name,
            "device": self.specs[0].device,
            "runtime": {s.label: r for s in self.specs if (r := s.runs_on())},
            "jobs": options.jobs,
            "threads": options.threads,
            "stride": options.stride,
            "sha256": hashes,
        }


@contextmanager
def _bars(
    specs: list[TrackerSpec],
) -> Iterator[tuple[Callable[[int], None], Callable[[TrackerSpec, Any], None]]]:
    """Show a progress bar for each tracker; yield what sets their length and what moves one."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = ("{task.description:14}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns)
    bars = {spec.label: progress.add_task(spec.label, total=None) for spec in specs}

    def begin(total: int) -> None:
        progress.start()  # here and not before, so that an early error stands alone
        for bar in bars.values():
            progress.update(bar, total=total)

    try:
        yield begin, lambda spec, _: progress.advance(bars[spec.label])
    finally:
        if progress.live.is_started:
            progress.stop()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _show(table: ReportTable) -> None:
    from re3_ros.evaluation.report import print_table

    if table.rows:
        print_table(table)
