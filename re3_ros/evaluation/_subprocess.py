# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Work in processes that may crash or hang without taking the run with them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, Generic, TypeVar

from re3_ros.errors import Re3Error
from re3_ros.evaluation.trackers import limit_threads

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Beat = Callable[[], None]
Work = Callable[[Task, Beat], Answer]
"""What is to be done with a task; calls its second argument as a sign of life."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What tells the programs that a tracker starts how many threads they may take."""
READY = "ready"
POLL = 0.2
"""Seconds between two looks at workers that say nothing."""


@dataclass(frozen=True)
class Lost:
    """What is left of a task whose process died or hung."""

    reason: str


def run_apart(
    work: Work[Task, Answer],
    tasks: Iterable[Task],
    jobs: int,
    threads: int = 1,
    timeout: float | None = None,
) -> Iterator[tuple[Task, Answer | Lost]]:
    """Do every task, in ``jobs`` processes of ``threads`` threads; yield them as they finish.

    A process that dies, or gives no sign of life for ``timeout`` seconds, is replaced and its
    task yields `Lost`. ``jobs = 0`` works in this process: good for a debugger, with no such net.
    Errors of ours that ``work`` raises end the run; those it has to deal with itself.
    """
    if jobs <= 0:
        limit_threads(threads)
        for task in tasks:
            yield task, work(task, _silent)
        return
    waiting, workers = deque(tasks), list[_Worker[Task, Answer]]()
    try:
        while waiting or workers:
            missing = min(jobs - len(workers), len(waiting))
            fresh = [_Worker(work, threads, timeout) for _ in range(missing)]
            workers += fresh
            for worker in fresh:
                worker.give(waiting.popleft())
            for worker in _finished(workers):
                yield worker.task, worker.take()
                if waiting and worker.alive:
                    worker.give(waiting.popleft())
                else:
                    worker.end()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()


def _finished(workers: list[_Worker[Task, Answer]]) -> list[_Worker[Task, Answer]]:
    """Wait a little; return the workers that answered, died or hang."""
    spoken = connection.wait([worker.line for worker in workers], POLL)
    return [w for w in workers if w.line in spoken or w.hangs()]


class _Worker(Generic[Task, Answer]):
    """A process at work, seen from outside."""

    def __init__(self, work: Work[Task, Answer], threads: int, timeout: float | None) -> None:
        # Forked processes would inherit torch's thread pool in a state it does not survive.
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self._beats: Any = context.Value("Q", 0, lock=False)
        self._timeout, self._seen, self._since = timeout, 0, time.monotonic()
        arguments = theirs, self._beats, work, threads
        self._process = context.Process(target=_serve, args=arguments, daemon=False)
        self._process.start()
        theirs.close()  # so that the line ends when the process does
        self.alive, self._started = True, False

    def _await_start(self) -> None:
        with suppress(EOFError, OSError):
            self._started = self.line.recv() == READY
        if self._started:
            return
        self._process.join()
        raise Re3Error(
            f"a worker process ended while it started (exit code {self._process.exitcode}); "
            'a script of your own must call this under if __name__ == "__main__", or give jobs=0'
        )

    def give(self, task: Task) -> None:
        """Set the process to work. Raises Re3Error if it did not even start."""
        if not self._started:
            self._await_start()
        self.task, self._since = task, time.monotonic()
        with suppress(OSError):  # died meanwhile: `take` will tell
            self.line.send(task)

    def take(self) -> Answer | Lost:
        """Return the answer, or why there is none. Raises the error of ours that came instead."""
        answer: Any = None
        if self.line.poll():
            try:
                answer = self.line.recv()
            except (EOFError, OSError):
                answer = self._obituary()
        else:
            answer = Lost(f"hung: no frame was finished within {self._timeout:g} s (see --timeout)")
            self.alive = False
        if isinstance(answer, Re3Error):
            raise answer
        taken: Answer | Lost = answer
        return taken

    def hangs(self) -> bool:
        """Return whether the last sign of life is too long ago."""
        now, beats = time.monotonic(), self._beats.value
        if beats != self._seen:
            self._seen, self._since = beats, now
        return self._timeout is not None and now - self._since > self._timeout

    def end(self) -> None:
        """End the process and all it has started."""
        if self.line.closed:
            return
        self.alive = False
        if self._started and self._process.pid is not None:
            # Not joined yet, so this number is still its own, even if it is dead.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self.line.close()

    def _obituary(self) -> Lost:
        self.end()
        code = self._process.exitcode or 0
        if code >= 0:
            return Lost(f"crashed: its process ended with exit code {code}")
        name = signal.Signals(-code).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return Lost(f"crashed: its process died by {name}{hint}")


def _serve(line: connection.Connection, beats: Any, work: Work[Any, Any], threads: int) -> None:
    """Be a worker: answer tasks until there are no more."""
    os.setsid()  # what a tracker starts ends with this process
    threading.Thread(target=_follow_parent, daemon=True).start()
    limit_threads(threads)
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    line.send(READY)

    def beat() -> None:
        beats.value += 1

    with suppress(EOFError, BrokenPipeError):
        while True:
            task = line.recv()
            try:
                answer = work(task, beat)
            except Re3Error as error:
                answer = error
            except BaseException as error:  # noqa: BLE001  a tracker may call sys.exit, too
                answer = Lost(f"crashed: {type(error).__name__}: {error}")
            line.send(answer)


def _follow_parent() -> None:
    """End with the parent, also if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def _silent() -> None:
    """Give no sign of life: nobody looks."""
