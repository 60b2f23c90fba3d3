# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML file that needs no other: figures and pictures are inside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ._filmstrip import LOST_BELOW
from ._page import Page
from ._plots import Plot
from ._style import DARK, LIGHT, css_variables, to_svg

HERE = Path(__file__).parent


class Drawing(NamedTuple):
    """A plot as an element of the page."""

    name: str
    title: str
    caption: str
    svg: str


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
        by_sequence=_draw([page.by_sequence] if page.by_sequence else []),
        paths=_draw(page.paths),
        dark=DARK,
        lost_below=LOST_BELOW,
        light_variables=css_variables(LIGHT),
        dark_variables=css_variables(DARK),
        css=css,
    )


def _sections(page: Page) -> list[tuple[str, str]]:
    """Return anchors and titles of what there is, in the order of the page."""
    found = [
        (page.overview, "trackers", "Trackers"),
        (page.plots, "curves", "Curves and figures"),
        (page.sequences, "each", "Sequence by sequence"),
        *((table, f"section-{table.name}", table.title) for table in page.tables),
        (page.strips, "failures", f"Worst failures of {page.main}"),
        (page.paths, "states", "Recurrent state"),
        (page.failures, "failed", "Not tracked to the end"),
        (page.facts, "measured", "How it was measured"),
    ]
    return [(anchor, title) for there, anchor, title in found if there]


def _draw(plots: Iterable[Plot]) -> list[Drawing]:
    return [Drawing(p.name, p.title, p.caption, to_svg(p.figure, p.name, p.alt)) for p in plots]
