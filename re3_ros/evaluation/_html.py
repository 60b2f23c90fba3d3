# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML file that needs no other: figures and pictures are inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ._filmstrip import LOST_BELOW, Filmstrip
from ._plots import Plot
from ._style import DARK, LIGHT, Style, css_variables, to_svg
from ._tables import ReportTable

HERE = Path(__file__).parent


class Drawing(NamedTuple):
    """A plot as an element of the page."""

    name: str
    title: str
    caption: str
    svg: str


@dataclass(frozen=True, eq=False)
class Page:
    """All that a report says."""

    title: str
    lede: str
    main: str
    looks: Mapping[str, Style]
    overview: ReportTable
    sequences: ReportTable
    plots: tuple[Plot, ...]
    by_sequence: Plot
    tables: tuple[ReportTable, ...] = ()
    strips: tuple[Filmstrip, ...] = ()
    paths: tuple[Plot, ...] = ()
    failures: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def render(page: Page) -> str:
    """Return the page as HTML; whatever is not ours (names, reasons of failures) is escaped."""
    import jinja2  # only reports need it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (HERE / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(
        page=page,
        looks=page.looks,
        sections=_sections(page),
        plots=_draw(page.plots),
        by_sequence=_draw((page.by_sequence,))[0],
        paths=_draw(page.paths),
        dark=DARK,
        lost_below=LOST_BELOW,
        light_variables=css_variables(LIGHT),
        dark_variables=css_variables(DARK),
        css=css,
    )


def _sections(page: Page) -> list[tuple[str, str]]:
    """Return anchors and titles, in the order of the page."""
    more = [(f"section-{t.name}", t.title) for t in page.tables]
    last = [("failures", "Worst failures")] if page.strips else []
    last += [("states", "Recurrent state")] if page.paths else []
    last += [("failed", "Not tracked to the end")] if page.failures else []
    first = [("trackers", "Trackers"), ("curves", "Curves"), ("each", "Sequences")]
    return [*first, *more, *last, ("measured", "How it was measured")]


def _draw(plots: tuple[Plot, ...]) -> list[Drawing]:
    return [Drawing(p.name, p.title, p.caption, to_svg(p.figure, p.name, p.alt)) for p in plots]
