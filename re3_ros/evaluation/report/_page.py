# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a report says, put together from results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from re3_ros.errors import SourceError
from re3_ros.evaluation import (
    ReportTable,
    SequenceResult,
    occluded_frames,
    occlusion,
    occlusion_table,
    summarise,
)

from ._filmstrip import Failure, Filmstrip, filmstrip, worst_failures
from ._plots import (
    Plot,
    normalised_plot,
    occlusion_plot,
    precision_plot,
    sequence_plot,
    success_plot,
)
from ._scatter import speed_plot
from ._style import Style, pick_main, styles
from ._tables import failures, sequence_table, summary_table

PACKAGE, MACHINE = "re3_ros", "machine"


@dataclass(frozen=True)
class Extras:
    """What a report may hold beside what follows from its results."""

    tables: tuple[ReportTable, ...] = ()
    """Each becomes a CSV file, a section of the HTML and an entry of the JSON."""
    plots: tuple[Plot, ...] = ()
    """Each becomes a PNG file, and a figure among the others in the HTML."""
    paths: tuple[Plot, ...] = ()
    """Paths of the recurrent state."""
    main: str | None = None
    """The tracker that the report is about; None: the first of ours, else the first."""


@dataclass(frozen=True, eq=False)
class Page:
    """All that a report says."""

    title: str
    lede: str
    main: str
    looks: Mapping[str, Style]
    facts: tuple[tuple[str, str], ...]
    overview: ReportTable | None = None
    """The table at the top."""
    plots: tuple[Plot, ...] = ()
    sequences: ReportTable | None = None
    by_sequence: Plot | None = None
    """The figure above that table."""
    tables: tuple[ReportTable, ...] = ()
    strips: tuple[Filmstrip, ...] = ()
    paths: tuple[Plot, ...] = ()
    failures: tuple[str, ...] = ()


def page_of_results(
    results: Mapping[str, list[SequenceResult]], facts: Mapping[str, Any], extras: Extras
) -> Page:
    """Return the page of a one-pass evaluation."""
    main = extras.main or pick_main(results)
    looks, summaries = styles(results, main), summarise(results)
    under_occlusion = occlusion(results)
    plots = [
        success_plot(summaries, looks),
        precision_plot(summaries, looks),
        normalised_plot(results, looks),
        speed_plot(summaries, looks),
        occlusion_plot(under_occlusion, looks),
        *extras.plots,
    ]
    first = next(iter(results.values()))
    tables = {t.name: t for t in extras.tables}
    if under_occlusion:
        tables = {"occlusion": occlusion_table(results), **tables}
    return Page(
        title="Tracker evaluation",
        lede=lede(len(results), len(first), sum(len(r.truth) for r in first), facts),
        main=main,
        looks=looks,
        facts=tuple(flatten(facts)),
        overview=summary_table(results),
        plots=tuple(plot for plot in plots if plot is not None),
        sequences=sequence_table(results),
        by_sequence=sequence_plot(results, looks),
        tables=tuple(tables.values()),
        strips=tuple(_strips(results, main)),
        paths=extras.paths,
        failures=tuple(failures(results)),
    )


def page_of_tables(
    title: str, text: str, trackers: Iterable[str], facts: Mapping[str, Any], extras: Extras
) -> Page:
    """Return a page of tables and figures that were made elsewhere."""
    names = list(trackers)
    main = extras.main or pick_main(names)
    return Page(
        title=title,
        lede=text,
        main=main,
        looks=styles(names, main),
        facts=tuple(flatten(facts)),
        plots=extras.plots,
        tables=extras.tables,
        paths=extras.paths,
    )


def lede(trackers: int, sequences: int, frames: int, facts: Mapping[str, Any]) -> str:
    """Return what was measured on what, in a line."""
    data = f" of {facts['data']}" if facts.get("data") else ""
    counted = _count(trackers, "tracker"), _count(sequences, "sequence"), _count(frames, "frame")
    return f"{counted[0]} on {counted[1]}{data}, {counted[2]}"


def flatten(facts: Mapping[str, Any], inside: str = "") -> Iterable[tuple[str, str]]:
    """Yield names and values for the reader, those of mappings inside one by one."""
    for name, value in facts.items():
        said = name if inside or name == PACKAGE else name.replace("_", " ")
        if isinstance(value, Mapping):
            yield from flatten(value, "" if name == MACHINE else f"{said}, ")
        elif value is not None:
            yield inside + said, str(value)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _strips(results: Mapping[str, list[SequenceResult]], main: str) -> Iterable[Filmstrip]:
    """Yield filmstrips of the main tracker's worst failures, as far as there are frames."""
    for failure in worst_failures(results[main]):
        # A frame that cannot be read is no reason to lose the report; the tables are whole.
        with contextlib.suppress(SourceError):
            yield from _strip(failure, _of_sequence(results, failure.sequence), main)


def _strip(
    failure: Failure, results: Mapping[str, SequenceResult], main: str
) -> Iterable[Filmstrip]:
    source = results[main].source
    if source is not None:
        yield filmstrip(failure, source, results, main, occluded_frames(source))


def _of_sequence(
    results: Mapping[str, list[SequenceResult]], sequence: str
) -> dict[str, SequenceResult]:
    """Return each tracker's result on one sequence."""
    return {name: r for name, rs in results.items() for r in rs if r.sequence == sequence}
