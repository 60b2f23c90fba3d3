# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many trackers over many sequences, in parallel processes, cached."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from re3_ros.errors import Re3Error, SourceError

from ._cache import TrackCache
from ._metrics import Curve
from ._runner import Result, Track, failed, mean_auc, run_sequence
from ._sequence import Sequence, find_sequences, read_sequence
from ._specs import TrackerSpec, limit_threads

Done = Callable[[TrackerSpec, Result], None]


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


@dataclass(frozen=True)
class _Task:
    spec: TrackerSpec
    sequence: Sequence
    path: Path


def compare(
    specs: Iterable[TrackerSpec],
    data: Path | str,
    cache: Path | str,
    jobs: int = 1,
    threads: int = 1,
    fresh: bool = False,
    done: Done | None = None,
) -> dict[str, list[Result]]:
    """Run every tracker over every sequence in ``data``; return results by tracker, in order.

    ``jobs`` processes of ``threads`` threads each. Tracks are kept in ``cache`` and not computed
    anew unless ``fresh``. A sequence that cannot be read, and a tracker that fails, count as zero
    overlap with a reason, and the others go on. ``done`` hears of each result as it comes.

    Raises SourceError where ``data`` holds no sequence, ConfigError or WeightsError for a tracker
    that cannot be made.
    """
    specs, folders, store = list(specs), find_sequences(data), TrackCache(Path(cache))
    for spec in specs:
        spec.create()
    results: dict[tuple[str, str], Result] = {}

    def take(spec: TrackerSpec, result: Result) -> None:
        results[spec.name, result.sequence] = result
        if done is not None:
            done(spec, result)

    sequences = list(_readable(folders, specs, take))
    tasks = [
        _Task(spec, sequence, path)
        for spec in specs
        for sequence, path in zip(sequences, store.paths(spec, sequences), strict=True)
    ]
    missing = []
    for task in tasks:
        kept = None if fresh else store.load(task.path)
        if kept is None:
            missing.append(task)
        else:
            take(task.spec, Result(task.sequence.name, task.sequence.truth, kept))
    for task, track in _run(missing, jobs, threads):
        store.store(task.path, track)
        take(task.spec, Result(task.sequence.name, task.sequence.truth, track))
    return {spec.name: [results[spec.name, f.name] for f in folders] for spec in specs}


def summarise(results: Mapping[str, list[Result]]) -> list[Summary]:
    """Return a summary for each tracker, the best mean AUC first."""
    return sorted((_summary(*item) for item in results.items()), key=lambda s: -s.auc)


def _summary(tracker: str, results: list[Result]) -> Summary:
    seconds = np.concatenate([r.track.seconds[1:] for r in results])
    spent = seconds[seconds > 0] * 1e3
    return Summary(
        tracker=tracker,
        auc=mean_auc(results),
        precision=float(np.mean([r.precision for r in results])),
        normalised_precision=float(np.mean([r.normalised_precision for r in results])),
        mean_iou=float(np.mean([r.mean_iou for r in results])),
        ms=float(np.percentile(spent, 50)) if len(spent) else float("nan"),
        ms_99=float(np.percentile(spent, 99)) if len(spent) else float("nan"),
        frames=sum(len(r.truth) for r in results),
        failures=sum(r.track.failure is not None for r in results),
        success=np.mean([r.success for r in results], axis=0),
        precision_curve=np.mean([r.precision_curve for r in results], axis=0),
    )


def _readable(folders: list[Path], specs: list[TrackerSpec], take: Done) -> Iterator[Sequence]:
    """Return the sequences that can be read; for the others, every tracker fails."""
    for folder in folders:
        try:
            yield read_sequence(folder)
        except SourceError as error:
            for spec in specs:
                take(spec, failed(folder.name, str(error)))


def _run(tasks: list[_Task], jobs: int, threads: int) -> Iterator[tuple[_Task, Track]]:
    if jobs <= 1 or len(tasks) <= 1:
        limit_threads(threads)
        for task in tasks:
            yield task, run_sequence(task.spec.create, task.sequence)
        return
    # Forked processes would inherit torch's thread pool in a state it does not survive.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, limit_threads, (threads,)) as pool:
        futures = {pool.submit(_work, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise Re3Error(
                "a worker process died, for want of memory or by a crash inside a tracker; "
                "what was finished is kept: run again with --jobs 1 to see which"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _work(task: _Task) -> Track:
    return run_sequence(task.spec.create, task.sequence)
