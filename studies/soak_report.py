# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Plots and tables of long runs: for `soak.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from soak_memory import LATENCY, MEMORY, SHARE, columns, plot_line, slope, whole

MB = 1e6


def plot_session(run: dict[str, Any], path: Path) -> None:
    """Draw memory over frames."""
    data = columns(run["samples"])
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    x, python = data["frames"] / 1e6, python_column(data)
    for axes, (name, divisor, unit), label, colour in (
        (top, ("anonymous", MB, "MB"), "memory of the\nprocess, MB", MEMORY),
        (bottom, python, f"Python objects,\n{python[2]}", LATENCY),
    ):
        fit = slope(x, data[name] / divisor)
        plot_line(axes, x, data[name] / divisor, fit, label, colour)
        axes.set_title(fit.text(f"{unit} per million frames"), fontsize=9)
    bottom.set_xlabel("million frames")
    figure.suptitle(f"TrackingSession, {run['network']} ({run['runs_on']})", fontsize=10)
    figure.savefig(path, dpi=110)


def python_column(data: dict[str, Any]) -> tuple[str, float, str]:
    """Return what tells how much Python objects take: column, divisor, unit."""
    return ("python", 1e3, "kB") if "python" in data else ("blocks", 1.0, "blocks of memory")


def plot_node(run: dict[str, Any], path: Path) -> None:
    """Draw memory, age of the answers, and how many images are answered, over time."""
    data = columns(run["samples"])
    figure, axes = plt.subplots(4, 1, figsize=(8, 8), sharex=True, layout="constrained")
    x = data["seconds"] / 60
    fit = slope(x, data["anonymous"] / MB)
    plot_line(axes[0], x, data["anonymous"] / MB, fit, "memory of the\nnode, MB", MEMORY)
    axes[0].set_title(slope(x / 60, data["anonymous"] / MB).text("MB per hour"), fontsize=9)
    plot_line(axes[1], x, data["age_p99"] * 1e3, None, "stamp to subscriber,\nms", LATENCY)
    axes[1].plot(x, data["age_p50"] * 1e3, color=MEMORY, linewidth=0.8)
    axes[1].legend(["99 %", "median"], fontsize=8, loc="upper right")
    _from_zero(axes[1])
    plot_line(axes[2], x, data["answered_rate"], None, "answered images\na second", SHARE)
    _from_zero(axes[2])
    plot_line(axes[3], x, data["threads"], None, "threads and\nopen files", MEMORY)
    axes[3].plot(x, data["files"], color=LATENCY, linewidth=0.8)
    axes[3].legend(["threads", "files"], fontsize=8, loc="center right")
    _from_zero(axes[3])
    axes[3].set_xlabel("minutes")
    title = f"re3_tracker, camera at {run['rate']:g} Hz, 640 x 480 ({run['runs_on']})"
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=110)


def _from_zero(axes: Axes) -> None:
    """Show a plot from zero, with room above its highest line."""
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])


def session_row(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is said of a run of the session."""
    data = columns(run["samples"])
    x, counted = data["frames"] / 1e6, run["counters"]
    column, divisor, unit = python_column(data)
    return [
        ("network", f"{run['network']}, {run['runs_on']}"),
        ("frames", f"{run['frames']:,} in {run['minutes']:.0f} minutes"),
        (
            "memory of the process",
            (
                f"{data['anonymous'][0] / MB:.1f} MB at first, "
                f"{data['anonymous'][-1] / MB:.1f} MB at last"
            ),
        ),
        ("its slope", slope(x, data["anonymous"] / MB).text("MB per million frames")),
        (
            "Python objects, slope",
            slope(x, data[column] / divisor).text(f"{unit} per million frames"),
        ),
        (
            "threads, files",
            (
                f"{whole(data['threads'].min(), data['threads'].max())}, "
                f"{whole(data['files'].min(), data['files'].max())}"
            ),
        ),
        ("bad input refused", f"{run['refused']:,}"),
        ("states seen", ", ".join(f"{k} {v:,}" for k, v in run["states"].items())),
        (
            "frames processed, failed",
            f"{counted['frames_processed']:,}, {counted['frames_failed']:,}",
        ),
    ]


def node_row(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is said of a run of the node."""
    data = columns(run["samples"])
    hours, last = data["seconds"] / 3600, run["last"]
    fifth = len(hours) // 5

    def age(name: str, part: slice) -> float:
        return 1e3 * float(np.nanmedian(data[name][part]))

    return [
        ("network", f"shipped weights, {run['runs_on']}"),
        (
            "time",
            (
                f"{data['seconds'][-1] / 60:.1f} minutes at {run['rate']:g} Hz, load "
                f"{run['load']:.1f} on {run['cores']} cores"
            ),
        ),
        ("images sent by the camera", run["camera"]),
        (
            "images received",
            (
                f"{last['received']:,}: {last['processed']:,} answered, "
                f"{last['dropped']:,} replaced by a newer one, {last['rejected']:,} rejected"
            ),
        ),
        (
            "memory of the process",
            (
                f"{data['anonymous'][0] / MB:.1f} MB at first, "
                f"{data['anonymous'][-1] / MB:.1f} MB at last"
            ),
        ),
        ("its slope", slope(hours, data["anonymous"] / MB).text("MB per hour")),
        (
            "threads, files",
            (
                f"{whole(data['threads'].min(), data['threads'].max())}, "
                f"{whole(data['files'].min(), data['files'].max())}"
            ),
        ),
        (
            "stamp to subscriber, first fifth",
            (
                f"median {age('age_p50', slice(fifth)):.1f} ms, "
                f"99 % {age('age_p99', slice(fifth)):.1f} ms"
            ),
        ),
        (
            "stamp to subscriber, last fifth",
            (
                f"median {age('age_p50', slice(-fifth, None)):.1f} ms, "
                f"99 % {age('age_p99', slice(-fifth, None)):.1f} ms"
            ),
        ),
    ]


def table(run: dict[str, Any]) -> str:
    """Return a run as a table in Markdown."""
    rows = node_row(run) if run["kind"] == "node" else session_row(run)
    lines = [f"| {name} | {text} |" for name, text in rows]
    return "\n".join([f"| `{run['kind']}` | |", "|---|---|", *lines, ""])


def plot(run: dict[str, Any], path: Path) -> None:
    """Draw a run into a PNG file."""
    draw: Callable[[dict[str, Any], Path], None]
    draw = plot_node if run["kind"] == "node" else plot_session
    draw(run, path)
