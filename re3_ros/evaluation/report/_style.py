# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One look for each tracker in all figures, and figures that follow the page's light or dark.

Figures are drawn in the colours of the light page. On its way into HTML each of these becomes a
CSS variable of that name, so that the page decides; a PNG keeps the light ones.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from re3_ros.errors import writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FINISHED = "what was tracked is in the cache, and the same command goes on from there"
"""What is kept where a report cannot be written."""
LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b1d21",
    "soft": "#5b6069",
    "rule": "#d9dce1",
    "c0": "#1f5fbf",
    "c1": "#c24a18",
    "c2": "#19784a",
    "c3": "#8a3ab9",
    "c4": "#bd2f6b",
    "c5": "#86690a",
    "c6": "#0d7685",
    "c7": "#6a6d73",
}
"""Colours on a light page: background, text, minor text, rules, trackers."""
DARK = {
    "paper": "#15171b",
    "ink": "#e8eaee",
    "soft": "#a3a9b4",
    "rule": "#383c44",
    "c0": "#74abff",
    "c1": "#ff9468",
    "c2": "#52cc8e",
    "c3": "#c996ee",
    "c4": "#ff80b3",
    "c5": "#dfba42",
    "c6": "#48c9d9",
    "c7": "#abafb7",
}
"""The same names on a dark page."""
COLOURS = 8
WIDTH = 5.6
"""Of a figure in inches: small, so that its text can be read on a phone."""
MARKERS = "osD^vPX*"
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


@dataclass(frozen=True)
class Style:
    """How a tracker is drawn, everywhere."""

    number: int
    main: bool
    """Whether it is the tracker that the report is about."""

    @property
    def name(self) -> str:
        """Name of its colour on the page."""
        return f"c{self.number % COLOURS}"

    @property
    def colour(self) -> str:
        """Its colour on a light page."""
        return LIGHT[self.name]

    @property
    def marker(self) -> str:
        """Its mark in figures of points."""
        return MARKERS[self._turned % len(MARKERS)]

    @property
    def dash(self) -> str | tuple[int, tuple[float, ...]]:
        """Its line: unbroken for the main tracker, as colour alone does not reach everybody."""
        return DASHES[0] if self.main else DASHES[self._turned % len(DASHES)]

    @property
    def width(self) -> float:
        """Width of its line in points."""
        return 2.6 if self.main else 1.5

    @property
    def _turned(self) -> int:
        """A number that differs where the colours begin anew."""
        return self.number + self.number // COLOURS


def pick_main(trackers: Iterable[str]) -> str:
    """Return the tracker that a report is about: the first of ours, else the first."""
    names = list(trackers)
    return next((name for name in names if name.startswith("re3")), names[0])


def styles(trackers: Iterable[str], main: str | None = None) -> dict[str, Style]:
    """Return each tracker's style: the main one's first, the others' in their order."""
    names = list(trackers)
    main = main or pick_main(names)
    ordered = [main, *(name for name in names if name != main)]
    return {name: Style(i, name == main) for i, name in enumerate(ordered)}


@contextmanager
def drawn(height: float) -> Iterator[Figure]:
    """Give a figure of this height in inches, in our colours; text stays text in its SVG."""
    import matplotlib as mpl  # half a second, and only reports need it
    from matplotlib.figure import Figure

    with mpl.rc_context(_settings()):
        yield Figure(figsize=(WIDTH, height), layout="constrained")


def add_legend(figure: Figure) -> None:
    """Write the legend below the figure, in as many columns as its names leave room for."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    columns = max(1, min(4, 78 // (max(map(len, labels)) + 7)))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as it looks on a light page."""
    with writing(path, FINISHED):
        figure.savefig(path, dpi=120, facecolor=LIGHT["paper"])


def to_svg(figure: Figure, name: str, title: str) -> str:
    """Return a figure as an element for HTML: themed, scalable, with a title for screen readers.

    ``name`` keeps its ids apart from those of the page's other figures.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = text.replace("<svg ", f'<svg role="img" aria-label="{_attribute(title)}" ', 1)
    return themed(text)


def themed(svg: str) -> str:
    """Replace the colours of the light page by the page's variables."""
    for name, colour in LIGHT.items():
        svg = re.sub(rf"{colour}\b", f"var(--{name})", svg, flags=re.IGNORECASE)
    return svg


def css_variables(colours: Mapping[str, str]) -> str:
    """Return declarations of the page's variables."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _settings() -> dict[Any, Any]:
    return {
        "font.family": "sans-serif",
        "font.size": 9.5,
        "svg.fonttype": "none",
        "text.parse_math": False,  # a dollar in a name is a dollar
        "text.color": LIGHT["ink"],
        "axes.labelcolor": LIGHT["ink"],
        "axes.edgecolor": LIGHT["soft"],
        "axes.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titleweight": "bold",
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": LIGHT["rule"],
        "grid.linewidth": 0.8,
        "xtick.color": LIGHT["soft"],
        "ytick.color": LIGHT["soft"],
        "xtick.labelcolor": LIGHT["ink"],
        "ytick.labelcolor": LIGHT["ink"],
        "figure.facecolor": "none",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
    }
