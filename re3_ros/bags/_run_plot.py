# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A recorded run as a picture: states and score, commands, and the truth where it is known."""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from re3_ros.errors import ConfigError, InputError, SourceError, writing
from re3_ros.images import Image, read_message
from re3_ros.media import STATE_COLOURS, draw_box
from re3_ros.tracking import TargetState, stamp_of

from ._definitions import COMPRESSED, IMAGE, STATUS
from ._messages import box_of
from ._reader import BagReader
from ._status_check import check_status

_log = logging.getLogger(__name__)

TWIST = "geometry_msgs/msg/Twist"
TRUTH = "vision_msgs/msg/Detection2D"
MOST_IMAGES = 5
"""Images over the curves."""
_INK, _BLUE, _RED = "#1b1d21", "#1f5fbf", "#c24a18"
_SHADES = {TargetState.UNCERTAIN: 0.16, TargetState.LOST: 0.30}


@dataclass
class Run:
    """What a bag tells of one target, and of what was done about it; times in s."""

    target: str
    begin: int
    """Stamp of the first status, in ns."""
    times: list[float] = field(default_factory=list)
    states: list[TargetState] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    commands: list[tuple[float, float, float]] = field(default_factory=list)
    """(time of recording, m/s ahead, rad/s to the left)."""
    truth: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, part of the object that is seen, metres to it)."""


@dataclass(frozen=True)
class RunTopics:
    """Topics of a recorded run; None: the only one of its type in the bag, if there is any."""

    status: str | None = None
    command: str | None = None
    """Of Twist."""
    truth: str | None = None
    """Of Detection2D: the score is the part that is seen, the position that of the object."""
    image: str | None = None


def plot_run(
    bag: Path | str, path: Path | str, topics: RunTopics | None = None, target: str = ""
) -> Run:
    """Draw a recorded run into a PNG or SVG and return it; ``target`` "" takes the first one.

    Raises SourceError for a bag that cannot be read or has no status of such a target, ConfigError
    for a picture of another kind.
    """
    path, topics = Path(path), topics or RunTopics()
    if path.suffix not in {".png", ".svg"}:
        raise ConfigError(f"picture {path} ends in neither .png nor .svg; give it one of them")
    run = read_run(bag, topics, target)
    _draw(run, list(_images(bag, topics.image, run)), path)
    return run


def read_run(bag: Path | str, topics: RunTopics, target: str = "") -> Run:
    """Return what a bag tells of a target. Raises SourceError if that is nothing."""
    run: Run | None = None
    with BagReader(bag, topics.status, types={STATUS}) as reader:
        topic = reader.topic
        for recorded in reader:
            status = recorded.message()
            try:
                check_status(status)
            except InputError as error:
                _log.warning("left out of the picture: %s", error)
                continue
            found = [t for t in status.targets if not target or t.id == target]
            if found and run is None:
                run = Run(found[0].id, stamp_of(status.header))
            for t in [t for t in found if run is not None and t.id == run.target]:
                assert run is not None
                run.times.append((stamp_of(status.header) - run.begin) / 1e9)
                run.states.append(TargetState(t.state))
                run.scores.append(float(t.score))
                run.boxes.append(box_of(t.bbox))
    if run is None:
        name = f"target {target!r}" if target else "target"
        raise SourceError(f"topic {topic} of {bag} tells of no {name}; was a box given?")
    for logged, message in _messages(bag, topics.command, TWIST):
        run.commands.append((_since(run, logged), message.linear.x, message.angular.z))
    for _, message in _messages(bag, topics.truth, TRUTH) if topics.truth else ():
        position = message.results[0].pose.pose.position
        seen = message.results[0].hypothesis.score
        run.truth.append(
            (_since(run, stamp_of(message.header)), seen, float(np.hypot(position.x, position.z)))
        )
    return run


def _since(run: Run, stamp: int) -> float:
    return (stamp - run.begin) / 1e9


def _messages(bag: Path | str, topic: str | None, kind: str) -> Iterator[tuple[int, Any]]:
    """Yield (time of recording, message) of a topic, by default the only one of its type."""
    try:
        reader = BagReader(bag, topic, types={kind})
    except SourceError:
        if topic is not None:
            raise
        return  # a run without it
    with reader:
        for recorded in reader:
            yield recorded.logged, recorded.message()


def _images(bag: Path | str, topic: str | None, run: Run) -> Iterator[tuple[int, Image]]:
    """Yield (index in the run, image with the box) of its key frames, if it has images."""
    try:
        reader = BagReader(bag, topic, types={IMAGE, COMPRESSED})
    except SourceError:
        if topic is not None:
            raise
        return
    wanted = {round(run.times[i] * 1e9) + run.begin: i for i in key_frames(run.states)}
    with reader:
        for recorded in reader:
            message = recorded.message()
            # A float of seconds is off by less than a microsecond.
            near = [s for s in wanted if abs(s - stamp_of(message.header)) < 1000]
            if near:
                index = wanted.pop(near[0])
                image = read_message(message).copy()
                state = run.states[index]
                draw_box(image, run.boxes[index], STATE_COLOURS[state], state == TargetState.LOST)
                yield index, image


def key_frames(states: Sequence[TargetState]) -> list[int]:
    """Return the indices of up to MOST_IMAGES states that tell the story, in order.

    Before the target was first lost, while it was, when it was found again, and the end; evenly
    chosen ones, if it never was.
    """
    last = len(states) - 1
    lost = [i for i, state in enumerate(states) if state == TargetState.LOST]
    if not lost:
        return sorted({round(i) for i in np.linspace(0, last, MOST_IMAGES)})
    found = next((i for i in range(lost[0], last) if states[i] == TargetState.TRACKING), last)
    seen = [i for i in range(lost[0]) if states[i] == TargetState.TRACKING]
    middle = (lost[0] + min(found, lost[-1] + 1)) // 2
    before = seen[-1] if seen else 0
    return sorted(
        {before // 2, before, middle, min(found + 5, last), min((found + last) // 2 + 5, last)}
    )


def _draw(run: Run, images: Sequence[tuple[int, Image]], path: Path) -> None:
    from matplotlib.figure import Figure

    rows = 2 + bool(run.commands) + bool(run.truth)
    figure = Figure(figsize=(10, 1.9 * rows + 0.4), layout="constrained")
    ratios = [1.25 if images else 0.01, *[1.0] * (rows - 1)]
    grid = figure.add_gridspec(rows, 1, height_ratios=ratios)
    _draw_images(figure, grid[0], run, images)
    axes = [figure.add_subplot(grid[1])]
    axes += [figure.add_subplot(grid[i], sharex=axes[0]) for i in range(2, rows)]
    _draw_score(axes[0], run)
    if run.commands:
        _draw_commands(axes[1], run)
    if run.truth:
        _draw_distance(axes[-1], run)
    for part in axes:
        _shade(part, run)
        part.grid(alpha=0.25)
        part.set_xlim(0, run.times[-1])
        part.label_outer()
    axes[-1].set_xlabel("time in s")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)


def _draw_images(figure: Any, cell: Any, run: Run, images: Sequence[tuple[int, Image]]) -> None:
    if not images:
        return
    for (index, image), slot in zip(images, cell.subgridspec(1, len(images)), strict=True):
        axes = figure.add_subplot(slot)
        axes.imshow(image)
        axes.set_title(f"{run.times[index]:.1f} s, {run.states[index].name}", fontsize=9)
        axes.set_axis_off()


def _draw_score(axes: Any, run: Run) -> None:
    if run.truth:
        times, seen, _ = zip(*run.truth, strict=True)
        axes.plot(times, seen, color="#9a9ea6", lw=1.2, ls="--", label="part that is seen (truth)")
    for state, colour in STATE_COLOURS.items():
        chosen = [i for i, s in enumerate(run.states) if s == state]
        shade = tuple(0.8 * c / 255 for c in colour)
        points = [run.times[i] for i in chosen], [run.scores[i] for i in chosen]
        if chosen:
            axes.plot(*points, ".", ms=4, color=shade, label=state.name)
    axes.set(ylabel="score", ylim=(-0.05, 1.08))
    axes.legend(fontsize=8, ncols=5, loc="center left")


def _draw_commands(axes: Any, run: Run) -> None:
    times, forward, turn = zip(*run.commands, strict=True)
    axes.step(times, forward, where="post", color=_BLUE, lw=1.6, label="forward, m/s")
    axes.step(times, turn, where="post", color=_RED, lw=1.2, label="turn to the left, rad/s")
    axes.axhline(0, color=_INK, lw=0.6)
    axes.set(ylabel="command")
    axes.legend(fontsize=8, loc="upper left", ncols=2)


def _draw_distance(axes: Any, run: Run) -> None:
    times, _, distance = zip(*run.truth, strict=True)
    axes.plot(times, distance, color=_INK, lw=1.4)
    axes.set_ylabel(textwrap.fill("distance to the object, m", 18))


def _shade(axes: Any, run: Run) -> None:
    """Shade the times at which the target was not seen."""
    ends = [*run.times[1:], run.times[-1]]
    for begin, end, state in zip(run.times, ends, run.states, strict=True):
        if state in _SHADES:
            axes.axvspan(begin, end, color="#c24a18", alpha=_SHADES[state], lw=0)
