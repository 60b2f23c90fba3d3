# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The path of the recurrent state through a sequence (the paper's Fig. 2).

The state is all that the tracker knows of the object. Drawn in two dimensions, frames lie close
together in which it knows nearly the same: a smooth path is an appearance that changes slowly, a
return to an earlier place one that has come back.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.crops import crop
from re3_ros.datasets import Sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation import Curve, SequenceResult, TrackCache, overlaps
from re3_ros.evaluation.trackers import OUR_TRACKERS, TrackerSpec
from re3_ros.images import Image
from re3_ros.network import Re3Network, load
from re3_ros.tracking import Tracker
from re3_ros.weights import default_weights

from ._filmstrip import LOST_BELOW
from ._plots import Plot
from ._style import LIGHT, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TARGET = "target"
LEAST_FRAMES = 10
MOST_FRAMES = 1000
"""Frames of a sequence that are tracked at most: t-SNE grows with their square."""
MOST_THUMBNAILS = 12
THUMBNAIL_SIZE = 56
COMPONENTS = 30
"""Dimensions that t-SNE starts from, by principal components."""
GRADIENT = ("#3b7dd8", "#b04fc0", "#d0700c")
"""First to last frame, in colours that stand out from a light and from a dark page."""


@dataclass(frozen=True, eq=False)
class StatePath:
    """Where the recurrent state was after each of the first n frames of a sequence."""

    sequence: Sequence
    points: NDArray[np.float64]
    """(n, 2)"""
    method: str
    """How they were found: t-SNE or PCA."""
    boxes: Boxes
    """(n, 4) where the tracker saw the object."""
    resets: NDArray[np.int64]
    """Frames, from 0, after which the state was set back to that of the first frame."""

    @property
    def overlaps(self) -> Curve:
        """IoU (n,), NaN where the target is absent."""
        return overlaps(self.sequence.truth[: len(self.boxes)], self.boxes)


def state_plots(
    specs: Iterable[TrackerSpec],
    results: Mapping[str, list[SequenceResult]],
    cache: Path | str,
    names: Iterable[str] | None = None,
) -> tuple[Plot, ...]:
    """Return the paths of the first tracker of ours on the sequences called ``names``, None for
    the one that it tracked best; nothing where no tracker is ours.

    Raises ConfigError for a name that is none of the sequences'.
    """
    ours = next((spec for spec in specs if spec.name in OUR_TRACKERS), None)
    if ours is None:
        return ()
    found = {r.sequence: r for r in results[ours.label] if r.source is not None}
    chosen = _best(found.values()) if names is None else list(names)
    if unknown := [name for name in chosen if name not in found]:
        raise ConfigError(f"no sequence {', '.join(unknown)}; there are {', '.join(sorted(found))}")
    sources = [source for name in chosen if (source := found[name].source)]
    return tuple(state_plot(state_path(ours, source, cache)) for source in sources)


def state_path(spec: TrackerSpec, sequence: Sequence, cache: Path | str) -> StatePath:
    """Return the path of a tracker of ours, from ``cache`` where it is known.

    Raises ConfigError for a tracker that is none of ours, and what `record_states` raises.
    """
    if spec.name not in OUR_TRACKERS:
        raise ConfigError(
            f"{spec.name} has no recurrent state to draw; trackers that have: "
            f"{', '.join(OUR_TRACKERS)}"
        )
    store, method = TrackCache(Path(cache)), embedding_method()
    file = store.path(spec.folder(), sequence, f".state-{method}")
    kept = store.load(file)
    if kept is None or not {"points", "boxes", "resets"} <= set(kept):
        network = load(spec.weights or default_weights(), spec.device)
        states, boxes, resets = record_states(network, sequence, spec.device)
        kept = {"points": embed(states, method), "boxes": boxes, "resets": resets}
        store.store(file, kept)
    return StatePath(sequence, kept["points"], method, kept["boxes"], kept["resets"])


def record_states(
    network: Re3Network, sequence: Sequence, device: str | torch.device = "cpu"
) -> tuple[NDArray[np.float32], Boxes, NDArray[np.int64]]:
    """Track up to `MOST_FRAMES` frames by the paper's procedure; return the states (n, D) after
    each, hidden and cell values of both LSTM layers side by side, boxes (n, 4), and resets.

    Raises ConfigError for a sequence of less than `LEAST_FRAMES` frames, SourceError for a frame
    that cannot be read.
    """
    n = min(len(sequence), MOST_FRAMES)
    if n < LEAST_FRAMES:
        raise ConfigError(
            f"{sequence.name} has {n} frames; the path of the state needs {LEAST_FRAMES} or more"
        )
    tracker = Tracker(network, device)
    tracker.start(sequence.read(0), {TARGET: sequence.truth[0]})
    states, boxes, resets = [_state(tracker)], [sequence.truth[0]], []
    for index in range(1, n):
        tracker.track(sequence.read(index))
        states.append(_state(tracker))
        boxes.append(tracker.box(TARGET))
        if tracker.frames_since_reset(TARGET) == 0:
            resets.append(index)
    return np.stack(states), np.stack(boxes), np.array(resets, np.int64)


def embedding_method() -> str:
    """Return ``t-SNE`` where scikit-learn is installed (the extra ``report``), else ``PCA``."""
    return "t-SNE" if importlib.util.find_spec("sklearn") else "PCA"


def embed(states: NDArray[np.float32], method: str) -> NDArray[np.float64]:
    """Return points (n, 2) for states (n, D); the same states give the same points."""
    components = _principal(states, COMPONENTS)
    if method == "PCA":
        return components[:, :2]
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(states) - 1) / 3)
    reduced = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(components)
    return np.asarray(reduced, np.float64)


def state_plot(path: StatePath) -> Plot:
    """Return the path with thumbnails of the object along it."""
    points, method = path.points, path.method
    name, n = path.sequence.name, len(points)
    with drawn(5.2) as figure:
        axes = figure.subplots()
        _draw_path(axes, points, path)
        _draw_thumbnails(axes, points, path)
        axes.set_axis_off()
    advice = "" if method == "t-SNE" else " (pip install re3_ros[report] draws t-SNE)"
    return Plot(
        f"state_{re.sub(r'[^A-Za-z0-9_-]+', '_', name)}",
        f"Recurrent state on {name}",
        f"Hidden and cell values of both LSTM layers after each of {n} frames, in two dimensions "
        f"by {method}{advice}: from blue (first) to orange (last). Circles: resets of the state; "
        f"crosses: frames with IoU below {LOST_BELOW}.",
        f"Path of the recurrent state through {n} frames of {name}, by {method}, with pictures of "
        f"the object along it; {len(path.resets)} resets.",
        figure,
    )


def _best(results: Iterable[SequenceResult]) -> list[str]:
    """Return the sequence with the highest AUC that is long enough, if there is one."""
    whole = [r for r in results if r.failure is None and len(r.truth) >= LEAST_FRAMES]
    return [max(whole, key=lambda r: r.auc).sequence] if whole else []


def _state(tracker: Tracker) -> NDArray[np.float32]:
    state: NDArray[np.float32] = tracker.state(TARGET).float().cpu().numpy().ravel()
    return state


def _principal(states: NDArray[np.float32], most: int) -> NDArray[np.float64]:
    """Return the states in their principal components, signs fixed by the first state."""
    centred = np.asarray(states, np.float64) - np.mean(states, axis=0, dtype=np.float64)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    components: NDArray[np.float64] = (u * s)[:, :most]
    return components * np.where(components[0] < 0, -1, 1)


def _draw_path(axes: Axes, points: NDArray[np.float64], path: StatePath) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap

    time = np.linspace(0, 1, len(points))
    gradient = LinearSegmentedColormap.from_list("time", GRADIENT)
    pieces = np.stack([points[:-1], points[1:]], axis=1)
    whole = ~np.isin(np.arange(1, len(points)), path.resets)  # a reset is a leap, not a step
    line = LineCollection(list(pieces[whole]), array=time[1:][whole], cmap=gradient, linewidths=1.2)
    line.set_clim(0, 1)
    axes.add_collection(line)
    lost = path.overlaps < LOST_BELOW
    marks: Any = {"cmap": gradient, "vmin": 0, "vmax": 1, "zorder": 3}
    axes.scatter(points[~lost, 0], points[~lost, 1], 9, time[~lost], **marks)
    axes.scatter(points[lost, 0], points[lost, 1], 20, time[lost], marker="x", **marks)
    rings: Any = {"facecolors": "none", "edgecolors": LIGHT["ink"], "linewidths": 0.9}
    axes.scatter(points[path.resets, 0], points[path.resets, 1], 42, zorder=4, **rings)


def _draw_thumbnails(axes: Axes, points: NDArray[np.float64], path: StatePath) -> None:
    """Put thumbnails on a ring around the path, each at about the side where its frame lies."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = np.maximum(np.ptp(points, axis=0) / 2, 1e-9)
    shown = np.unique(np.linspace(0, len(points) - 1, MOST_THUMBNAILS).round().astype(int))
    for index, angle in zip(*_ring((points[shown] - middle) / reach, shown), strict=True):
        place = middle + 1.5 * reach * (np.cos(angle), np.sin(angle))
        thumbnail = OffsetImage(_thumbnail(path, int(index)), zoom=0.75)
        line = {"arrowstyle": "-", "color": LIGHT["soft"], "linewidth": 0.7}
        frame = {"edgecolor": LIGHT["soft"], "linewidth": 0.8, "boxstyle": "square,pad=0"}
        box = AnnotationBbox(
            thumbnail, tuple(points[index]), tuple(place), pad=0, arrowprops=line, bboxprops=frame
        )
        axes.add_artist(box)
        axes.annotate(
            str(index + 1),
            tuple(place),
            (0, -25),
            textcoords="offset points",
            ha="center",
            va="top",
        )
    axes.set_xlim(middle[0] - 1.75 * reach[0], middle[0] + 1.75 * reach[0])
    axes.set_ylim(middle[1] - 1.85 * reach[1], middle[1] + 1.75 * reach[1])


def _ring(
    offsets: NDArray[np.float64], shown: NDArray[np.int64]
) -> tuple[Iterable[int], NDArray[np.float64]]:
    """Return frames and their angles on the ring: evenly spread, in the order of the offsets'
    own angles, turned so that the lines to them are short."""
    own = np.arctan2(offsets[:, 1], offsets[:, 0])
    order = np.argsort(own)
    even = np.linspace(-np.pi, np.pi, len(order), endpoint=False)
    turn = np.angle(np.mean(np.exp(1j * (own[order] - even))))
    return shown[order].tolist(), even + turn


def _thumbnail(path: StatePath, index: int) -> Image:
    return crop(path.sequence.read(index), path.boxes[index], THUMBNAIL_SIZE, context=1.3)
