# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many trackers over many sequences, in parallel processes, cached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from re3_ros.datasets import Entry, Sequence, list_entries
from re3_ros.errors import ConfigError, SourceError
from re3_ros.evaluation.trackers import TrackerSpec

from ._cache import Arrays, TrackCache
from ._metrics import Curve, success_rate
from ._protocols import OnePass, Protocol, Reinitialisation
from ._reinit import Reinitialised
from ._runner import SequenceResult, mean_auc
from ._subprocess import Beat, Lost, run_apart

T = TypeVar("T")
Done = Callable[[TrackerSpec, Any], None]


@dataclass(frozen=True, eq=False)
class Summary:
    """Means over sequences for one tracker; its speed over all frames of all sequences."""

    tracker: str
    auc: float
    precision: float
    normalised_precision: float
    mean_iou: float
    ms: float
    """Median milliseconds a frame, reading from disk excluded."""
    ms_99: float
    """99th percentile."""
    frames: int
    failures: int
    success: Curve
    """Mean success curve (21,)."""
    precision_curve: Curve
    """Mean precision curve (51,)."""
    average_overlap: float = float("nan")
    """AO, mean over all frames of all sequences but the first of each (GOT-10k)."""
    success_50: float = float("nan")
    """SR.5, share of those frames with IoU above 0.5."""
    success_75: float = float("nan")
    """SR.75, likewise."""


@dataclass(frozen=True)
class ComparisonOptions:
    """How a comparison is run."""

    jobs: int = 1
    """Processes; 0: in this one, where a tracker that hangs or dies takes the run with it."""
    threads: int = 1
    """Threads of each process."""
    timeout: float | None = None
    """Seconds without a finished frame after which a tracker counts as hung; None: never."""
    fresh: bool = False
    """Track anew what is kept."""
    layout: str = "auto"
    """One of `re3_ros.datasets.LAYOUTS`, or auto."""
    split: str = ""
    """Part of the data set (val, test, ...), "" for all."""
    only: tuple[str, ...] = ()
    """Names of sequences, empty for all."""
    stride: int = 1
    """Of how many frames one is shown, as by a camera of a lower rate."""
    begin: Callable[[int], None] | None = None
    """Hears how many sequences there are."""
    done: Done | None = None
    """Hears of each result as it comes."""


@dataclass(frozen=True)
class _Broken:
    """Stands for the sequences of an entry that cannot be read."""

    name: str
    reason: str


@dataclass(frozen=True)
class _Task(Generic[T]):
    protocol: Protocol[T]
    spec: TrackerSpec
    sequence: Sequence
    number: int
    path: Path


def compare(
    specs: Iterable[TrackerSpec],
    data: Path | str,
    cache: Path | str,
    jobs: int = 1,
    threads: int = 1,
    fresh: bool = False,
    done: Done | None = None,
) -> dict[str, list[SequenceResult]]:
    """Run every tracker over every sequence in ``data`` once: `measure` with `OnePass`."""
    options = ComparisonOptions(jobs=jobs, threads=threads, fresh=fresh, done=done)
    return measure(OnePass(), specs, data, cache, options)


def compare_reinitialised(
    specs: Iterable[TrackerSpec],
    data: Path | str,
    cache: Path | str,
    options: ComparisonOptions | None = None,
) -> dict[str, list[Reinitialised]]:
    """Run every tracker over every sequence with `Reinitialisation`."""
    return measure(Reinitialisation(), specs, data, cache, options)


def measure(
    protocol: Protocol[T],
    specs: Iterable[TrackerSpec],
    data: Path | str,
    cache: Path | str,
    options: ComparisonOptions | None = None,
) -> dict[str, list[T]]:
    """Run every tracker over every sequence in ``data``; return results by tracker, in order.

    Tracks are kept in ``cache`` and not computed anew unless fresh. A sequence that cannot be
    read, and a tracker that fails, crashes or hangs, count as zero overlap with a reason, and the
    others go on.

    Raises SourceError where ``data`` holds no sequence, ConfigError or WeightsError for a tracker
    that cannot be made.
    """
    specs, options = list(specs), options or ComparisonOptions()
    items = _items(data, options)
    for spec in specs:
        spec.check()
    if options.begin is not None:
        options.begin(len(items))
    results: dict[tuple[str, int], T] = {}
    for spec, number, result in _results(protocol, specs, items, TrackCache(Path(cache)), options):
        results[spec.label, number] = result
        if options.done is not None:
            options.done(spec, result)
    return {s.label: [results[s.label, n] for n in range(len(items))] for s in specs}


def readable_sequences(
    data: Path | str, options: ComparisonOptions
) -> tuple[list[Sequence], list[str]]:
    """Return the sequences that a comparison with these options is about, and for each that
    cannot be read, its name and the reason. Raises SourceError where there are none at all."""
    items = _items(data, options)
    broken = [f"{item.name}: {item.reason}" for item in items if isinstance(item, _Broken)]
    return [item for item in items if isinstance(item, Sequence)], broken


def summarise(results: Mapping[str, list[SequenceResult]]) -> list[Summary]:
    """Return a summary for each tracker, the best mean AUC first."""
    return sorted((_summary(*item) for item in results.items()), key=lambda s: -s.auc)


def _summary(tracker: str, results: list[SequenceResult]) -> Summary:
    seconds = np.concatenate([r.trajectory.seconds[1:] for r in results])
    spent = seconds[seconds > 0] * 1e3
    later = np.concatenate([r.overlaps[1:] for r in results])
    later = later[~np.isnan(later)]
    return Summary(
        tracker=tracker,
        auc=mean_auc(results),
        precision=float(np.mean([r.precision for r in results])),
        normalised_precision=float(np.mean([r.normalised_precision for r in results])),
        mean_iou=float(np.mean([r.mean_iou for r in results])),
        ms=float(np.percentile(spent, 50)) if len(spent) else float("nan"),
        ms_99=float(np.percentile(spent, 99)) if len(spent) else float("nan"),
        frames=sum(len(r.truth) for r in results),
        failures=sum(r.failure is not None for r in results),
        success=np.mean([r.success for r in results], axis=0),
        precision_curve=np.mean([r.precision_curve for r in results], axis=0),
        average_overlap=float(later.mean()) if len(later) else float("nan"),
        success_50=success_rate(later, 0.5),
        success_75=success_rate(later, 0.75),
    )


def _items(data: Path | str, options: ComparisonOptions) -> list[Sequence | _Broken]:
    entries = _chosen(list_entries(data, options.layout, options.split), options.only)
    items = [item for entry in entries for item in _read(entry, options.stride)]
    if not items:
        raise SourceError(
            f"{data} has {len(entries)} videos without a labelled target; give labels"
        )
    return items


def _chosen(entries: list[Entry], only: tuple[str, ...]) -> list[Entry]:
    names = {entry.name for entry in entries}
    if unknown := [name for name in only if name not in names]:
        raise ConfigError(f"no sequence {', '.join(unknown)}; there are {', '.join(sorted(names))}")
    return [entry for entry in entries if not only or entry.name in only]


def _read(entry: Entry, stride: int) -> list[Sequence | _Broken]:
    try:
        return [sequence.every(stride) for sequence in entry.read()]
    except SourceError as error:
        return [_Broken(entry.name, str(error))]


def _results(
    protocol: Protocol[T],
    specs: list[TrackerSpec],
    items: list[Sequence | _Broken],
    store: TrackCache,
    options: ComparisonOptions,
) -> Iterator[tuple[TrackerSpec, int, T]]:
    """Yield what is broken, then what is kept, then what has to be run, as it is finished."""
    missing: list[_Task[T]] = []
    for spec in specs:
        folder = spec.folder()
        for number, item in enumerate(items):
            if isinstance(item, _Broken):
                yield spec, number, protocol.fail(item.name, None, item.reason)
                continue
            path = store.path(folder, item, protocol.kind + _pace(options))
            kept = None if options.fresh else store.load(path)
            result = None if kept is None else _revive(protocol, item, kept)
            if result is None:
                missing.append(_Task(protocol, spec, item, number, path))
            else:
                yield spec, number, result
    answers = run_apart(_work, missing, options.jobs, options.threads, options.timeout)
    for task, answer in answers:
        kept, reason = ({}, answer.reason) if isinstance(answer, Lost) else answer
        if reason is None:
            store.store(task.path, kept)
            yield task.spec, task.number, protocol.read(task.sequence, kept)
        else:  # not kept: what failed is to be tried again
            failure = protocol.fail(task.sequence.name, task.sequence, reason)
            yield task.spec, task.number, failure


def _pace(options: ComparisonOptions) -> str:
    """Return what keeps speeds of different numbers of threads apart, "" for one thread."""
    return f".threads{options.threads}" if options.threads > 1 else ""


def _revive(protocol: Protocol[T], sequence: Sequence, kept: Arrays) -> T | None:
    """Return the result in a file, None if the file holds something else."""
    with suppress(KeyError, ValueError):
        return protocol.read(sequence, kept)
    return None


def _work(task: _Task[Any], beat: Beat) -> tuple[Arrays, str | None]:
    return task.protocol.run(task.spec, task.sequence, beat)
