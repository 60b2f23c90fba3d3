# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The targets of one camera: what a session adds to a tracker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from re3_ros.boxes import Boxes, clip
from re3_ros.images import Image

from ._config import SessionConfig
from ._memory import Estimate, Snapshot, held
from ._search import search_box
from ._sizes import Size, fits, keeps_aspect, similar, size_of
from ._states import Evidence, Health, judge
from ._together import Memory, StepPlan, prepare_together, track_together
from ._tracker import Tracker
from ._types import TargetResult, TargetState

Matches: TypeAlias = dict[str, list[Estimate]]
"""By target, its estimate at each box."""


@dataclass
class Target:
    """One target, beside what the tracker remembers of it."""

    last_good: Snapshot
    """As it was when it was last SEEN while TRACKING: where a search starts from."""
    health: Health = field(default_factory=Health)
    score: float = 1.0
    frames: int = 0
    """Frames since it was initialised."""
    attempts: int = 0
    """Steps of the present search."""
    drifted: Health | None = None
    """Health of the memory with which it was lost, LOST until it sees it; None without one."""
    settled: bool = False
    """Whether the last step saw it while TRACKING: that memory, once prepared, is ``last_good``."""

    @property
    def lost(self) -> bool:
        """Whether it is LOST."""
        return self.health.state is TargetState.LOST

    @property
    def searching(self) -> bool:
        """Whether it is LOST and the last step did not see it either."""
        return self.lost and self.health.streak == 0

    @property
    def guessed(self) -> bool:
        """Whether the memory with which it was lost is the best guess where it is."""
        return self.searching and self.drifted is not None


class TargetGroup:
    """Tracks the targets of one camera together and judges how each is doing.

    **Loss.** A target that is LOST goes back to the memory it had when it was last SEEN while
    TRACKING, before the trouble began, and one step a frame is taken from that memory, see
    `_search`. A step that does not see it leaves no trace. One that does is followed: the next step
    is around the box found, and after ``found_frames`` of them in a row the target is TRACKING as
    soon as one is sure (``found_threshold``).

    The memory with which it was lost is followed as well, as the paper's procedure would: what
    passed for lost may only have looked unlike itself. If that sees it for ``found_frames`` in a
    row, about as large as it was (`similar`), and is sure before the search is, the target goes on
    from there. Until the search sees something, that is also the best guess, and what is reported.
    """

    def __init__(self, tracker: Tracker, config: SessionConfig) -> None:
        self._tracker = tracker
        self._config = config
        self._targets: dict[str, Target] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the targets, in the order in which they were first started."""
        return tuple(self._targets)

    def step(self, image: Image) -> None:
        """Take one step with every target. Nothing changes if the network raises."""
        step_together([(self, image, ())])

    def plan(self, image: Image, skip: Collection[str] = ()) -> StepPlan:
        """Return where in the image the targets not in ``skip`` are to be looked for."""
        width, height = size_of(image)
        ids = [name for name in self._targets if name not in skip]
        for name in ids:
            self._fit(name, (width, height))
        boxes = {
            name: search_box(t.last_good.box, t.attempts, width, height, self._config.retry_reach)
            for name in ids
            if (t := self._targets[name]).searching
        }
        drifted = [_drifted(name) for name in ids if self._targets[name].drifted is not None]
        return self._tracker.plan(image, [*ids, *drifted], boxes)

    def judge(self, estimates: Mapping[str, Estimate], width: int, height: int) -> None:
        """Draw the conclusions from a step."""
        for name in [name for name in estimates if name in self._targets]:
            self._judge(name, estimates[name], width, height)
            if (other := estimates.get(_drifted(name))) is not None:
                self._judge_drifted(name, other, width, height)

    def prepare(self) -> None:
        """Do between two frames what the next would wait for; see `Tracker.prepare`."""
        prepare_groups([self])

    @property
    def memory(self) -> Memory:
        """What the tracker keeps of the targets."""
        return self._tracker.memory

    def settle(self) -> None:
        """Keep the prepared memories of those that the last step saw while TRACKING."""
        for name, target in self._targets.items():
            if target.settled:
                target.last_good = self._tracker.snapshot(name)

    def match_lost(self, image: Image, boxes: Mapping[str, Sequence[Boxes]]) -> Matches:
        """Return the estimates of LOST targets, as they were when last seen, at boxes in an image.

        Of the targets in ``boxes``, those that are not LOST are left out. Nothing changes.
        """
        lost = {n: p for n, p in boxes.items() if n in self._targets and self._targets[n].lost}
        pairs = [(self._targets[n].last_good, box) for n, there in lost.items() for box in there]
        answers = iter(self._tracker.match(image, pairs))
        return {name: [next(answers) for _ in there] for name, there in lost.items()}

    def started(
        self, image: Image, boxes: Mapping[str, Boxes], later: Sequence[Image]
    ) -> TargetGroup:
        """Return a group of new targets, started on ``image`` and taken through ``later``."""
        old = self._tracker
        tracker = Tracker(old.runtime, reset_interval=old.reset_interval)
        tracker.start(image, boxes)
        group = TargetGroup(tracker, self._config)
        group._targets = {name: Target(tracker.snapshot(name)) for name in tracker.ids}
        for newer in later:
            group.step(newer)
        group.prepare()
        return group

    def adopt(self, other: TargetGroup) -> None:
        """Take over the targets of another group; those of the same name are replaced."""
        for name, target in other._targets.items():
            if name in self._targets:
                self._give_up(name)
            if target.drifted is not None:
                self._tracker.restore(_drifted(name), other._tracker.snapshot(_drifted(name)))
            self._tracker.restore(name, other._tracker.snapshot(name))
            self._targets[name] = target

    def drop(self, name: str) -> None:
        """Forget a target."""
        self._give_up(name)
        self._tracker.drop(name)
        del self._targets[name]

    def results(self, camera: str, width: int, height: int) -> tuple[TargetResult, ...]:
        """Return all targets as they are, boxes clipped to the image."""
        return tuple(self._result(camera, name, width, height) for name in self._targets)

    def nbytes(self) -> int:
        """Return the bytes held for all targets between frames."""
        self.prepare()
        snapshots = [self._tracker.snapshot(name) for name in self._tracker.ids]
        snapshots += [t.last_good for t in self._targets.values()]
        boxes = sum(s.box.nbytes for s in snapshots)
        return boxes + held([tensor for s in snapshots for tensor in s.tensors])

    def _fit(self, name: str, frame_size: Size) -> None:
        """Bring a target into the pixels of the next image.

        One that may show another view tells nothing of where the target is: a search begins, from
        the same part of the image.
        """
        target = self._targets[name]
        old, target.last_good = target.last_good, target.last_good.in_frame(frame_size)
        if keeps_aspect(old.frame_size, frame_size) or target.lost:
            return
        self._tracker.restore(_drifted(name), self._tracker.snapshot(name))
        self._tracker.restore(name, target.last_good)
        target.health = Health(TargetState.LOST, frames=-1)  # as of the step to come
        target.attempts, target.drifted = 0, Health(TargetState.LOST)

    def _judge(self, name: str, estimate: Estimate, width: int, height: int) -> None:
        target = self._targets[name]
        evidence = self._kind(estimate, width, height)
        was_lost = target.lost
        target.health = target.health.after(evidence, self._config)
        target.score = _score(estimate, evidence)
        target.frames += 1
        target.settled = target.health.state is TargetState.TRACKING and evidence.seen
        if target.lost and not was_lost and evidence is not Evidence.FAILED:
            self._tracker.restore(_drifted(name), self._tracker.snapshot(name))
            target.drifted = Health(TargetState.LOST)
        if not target.lost:
            self._give_up(name)
        if target.searching:
            self._tracker.restore(name, target.last_good)
            target.attempts = target.attempts + 1 if was_lost else 0

    def _judge_drifted(self, name: str, estimate: Estimate, width: int, height: int) -> None:
        target = self._targets[name]
        if target.drifted is None:  # the search was successful
            return
        evidence = self._kind(estimate, width, height)
        if evidence.seen and not similar(estimate.box, target.last_good.box):
            evidence = Evidence.UNCLEAR
        target.drifted = target.drifted.after(evidence, self._config)
        if target.drifted.state is TargetState.TRACKING:
            self._tracker.restore(name, self._tracker.snapshot(_drifted(name)))
            target.health = target.drifted
            target.score = _score(estimate, evidence)
            target.settled = True
        if evidence is Evidence.FAILED or not target.lost:
            self._give_up(name)
        if target.guessed:
            target.score = _score(estimate, evidence)

    def _kind(self, estimate: Estimate, width: int, height: int) -> Evidence:
        believable = fits(estimate.box, width, height, self._config.max_side)
        return judge(estimate.score, estimate.valid and believable, self._config)

    def _give_up(self, name: str) -> None:
        """Forget the memory with which a target was lost, if there is one."""
        target = self._targets[name]
        if target.drifted is not None:
            self._tracker.drop(_drifted(name))
            target.drifted = None

    def _result(self, camera: str, name: str, width: int, height: int) -> TargetResult:
        target = self._targets[name]
        box = self._tracker.box(_drifted(name) if target.guessed else name)
        return TargetResult(
            id=name,
            camera=camera,
            state=target.health.state,
            box=clip(box, width, height),
            whole=box,
            score=min(target.score, self._config.found_threshold if target.lost else 1.0),
            frames_since_init=target.frames,
            frames_since_reset=self._tracker.frames_since_reset(name),
            frames_in_state=target.health.frames,
        )


def _drifted(name: str) -> str:
    """Return what the tracker calls the memory with which a target was lost."""
    return f"{name}\0astray"


def _score(estimate: Estimate, evidence: Evidence) -> float:
    """Return what a step says of its box: nothing, where that is of no use."""
    return 0.0 if evidence is Evidence.FAILED else estimate.score


def step_together(steps: Sequence[tuple[TargetGroup, Image, Collection[str]]]) -> None:
    """Take one step with the targets of several groups, each in its own image, but for some (skip).

    The groups share a runtime, which is run once. Nothing changes if it raises.
    """
    prepare_groups([group for group, _, _ in steps])
    plans = [group.plan(image, skip) for group, image, skip in steps]
    for (group, image, _), found in zip(steps, track_together(plans), strict=True):
        group.judge(found, image.shape[1], image.shape[0])


def prepare_groups(groups: Sequence[TargetGroup]) -> None:
    """Do `TargetGroup.prepare` for groups that share a runtime, which is run once."""
    prepare_together([group.memory for group in groups])
    for group in groups:
        group.settle()
