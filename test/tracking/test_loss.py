# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A red rectangle that is hidden, moves on meanwhile, comes back; and a network that sees it."""

import numpy as np
import pytest

from re3_ros.boxes import iou
from re3_ros.tracking import TargetState

BOX = (100, 80, 140, 110)
NEW, TRACKING, UNCERTAIN, LOST = TargetState


@pytest.fixture
def show(scene, frame):
    """Return a function that shows a session boxes, None for a hidden one, frame by frame."""
    count = iter(range(10**6))

    def run(session, boxes, **size):
        results = [session.process(frame(next(count), scene(b, **size))) for b in boxes]
        return [r.targets[0] for r in results if r.targets]

    return run


@pytest.fixture
def tracked(blob, session, show):
    """Return a maker of sessions in which the target was tracked for three frames."""

    def make(**settings):
        it = session(blob, **{"uncertain_frames": 2, "lost_frames": 3} | settings)
        it.initialise("camera", "a", BOX)
        assert show(it, [BOX] * 4)[-1].state is TRACKING
        return it

    return make


def states(targets):
    return [t.state for t in targets]


def moved(box, x, y=0):
    return tuple(np.add(box, (x, y, x, y)))


def test_the_network_of_this_test_follows_what_is_red(tracked, show):
    path = [moved(BOX, 5 * k, 3 * k) for k in range(15)]
    last = show(tracked(), path)[-1]
    assert iou(last.box, path[-1]) > 0.9


def test_hidden_and_seen_again(tracked, show):
    it = tracked()
    hidden = show(it, [None] * 20)
    assert states(hidden) == [TRACKING, UNCERTAIN, UNCERTAIN, UNCERTAIN, *[LOST] * 16]
    assert [t.frames_in_state for t in hidden[4:]] == list(range(16))
    assert all(t.score < 0.1 for t in hidden)
    back = show(it, [BOX] * 4)
    assert states(back)[-1] is TRACKING
    assert iou(back[-1].box, BOX) > 0.9
    assert back[-1].score > 0.9


def good_box(session):
    return session._cameras["camera"].targets._targets["a"].last_good.box


def test_the_box_of_a_lost_target_is_where_the_network_went_on_to(tracked, show):
    """It was at BOX when last seen, and that is where it is looked for."""
    it = tracked()
    it.runtime.network.corners = (3.5, 2.5, 8.5, 7.5)
    drifting = show(it, [None] * 14)
    assert states(drifting)[4:] == [LOST] * 10
    went = [t.box[0] - BOX[0] for t in drifting]
    assert went == pytest.approx([8 * k for k in range(1, 15)], abs=2)
    assert iou(good_box(it), BOX) > 0.9


def test_where_the_network_broke_down_the_last_good_box_is_left(tracked, show):
    it = tracked()
    wander(it, show)
    it.runtime.network.corners = (float("nan"), 2.5, 8.5, 7.5)
    broken = show(it, [None] * 5)
    assert states(broken) == [LOST] * 5
    assert all(iou(t.box, BOX) > 0.9 for t in broken)


def test_found_takes_several_looks_in_a_row(tracked, show):
    it = tracked(found_frames=3)
    show(it, [None] * 8)
    assert states(show(it, [BOX, None, BOX, BOX, None])) == [LOST] * 5
    assert TRACKING in states(show(it, [BOX] * 6))


def test_a_glimpse_leaves_no_trace(tracked, show):
    it = tracked()
    show(it, [None] * 8)
    before, there = good_box(it), moved(BOX, 12)
    glimpse = show(it, [None, None, there, None])
    assert states(glimpse) == [LOST] * 4
    assert iou(glimpse[2].box, there) > 0.9
    assert (good_box(it) == before).all()
    assert iou(show(it, [BOX] * 6)[-1].box, BOX) > 0.9


@pytest.mark.parametrize("way", [(85, 0), (-85, 0), (0, 65), (0, -65), (75, 55)])
def test_found_beside_the_place_where_it_was_lost(tracked, show, way):
    """The search window of the last box shows nothing of it: the offsets are needed."""
    it = tracked(retry_reach=2.0)
    show(it, [None] * 8)
    there = moved(BOX, *way)
    targets = show(it, [there] * 80)
    assert states(targets)[-1] is TRACKING
    assert iou(targets[-1].box, there) > 0.9


def test_without_reach_it_is_not_found_there(tracked, show):
    it = tracked(retry_reach=0.0)
    show(it, [None] * 8)
    assert set(states(show(it, [moved(BOX, 100)] * 80))) == {LOST}


def test_a_lost_target_costs_two_looks(tracked, show, monkeypatch):
    it = tracked()
    show(it, [None] * 8)
    it.prepare()
    embed, embedded = it.runtime.network.embed, []
    monkeypatch.setattr(it.runtime.network, "embed", lambda c: embedded.append(len(c)) or embed(c))
    for _ in range(10):
        show(it, [None])
        it.prepare()
    assert embedded == [2, 1] * 10, "one at the last good place, one further on, one kept"


def wander(it, show):
    """Lose the target at BOX while the network goes on to the right; return where it is then."""
    it.runtime.network.corners = (3.5, 2.5, 8.5, 7.5)
    assert states(show(it, [None] * 14))[-1] is LOST
    return moved(BOX, 14 * 8)


def test_what_only_passed_for_lost_goes_on_where_it_is(tracked, show):
    it = tracked(found_frames=2)
    there = wander(it, show)
    first, second = show(it, [there] * 2)
    assert (first.state, second.state) == (LOST, TRACKING)
    assert iou(first.box, there) > 0.9, "the box of a lost target is the best guess"
    assert iou(second.box, there) > 0.9
    assert second.score > 0.9
    path = [moved(there, 3 * k) for k in range(5)]
    after = show(it, path)
    assert states(after) == [TRACKING] * 5
    assert iou(after[-1].box, path[-1]) > 0.9


def test_what_passed_for_lost_must_be_sure_too(tracked, show):
    """Nothing of it is in the windows of the search."""
    it = tracked(found_frames=2)
    there = wander(it, show)
    it.runtime.network.logit = 1.0
    unsure = show(it, [there] * 8)
    assert states(unsure) == [LOST] * 8
    assert unsure[-1].score == pytest.approx(0.73, abs=0.01)
    it.runtime.network.logit = 4.0
    assert states(show(it, [there])) == [TRACKING]


@pytest.mark.parametrize(("by", "found"), [(0.8, True), (0.6, False), (1.3, True), (1.6, False)])
def test_what_passed_for_lost_is_about_as_large_as_it_was(tracked, show, by, found):
    """Sides times ``by``; nothing of it is in the windows of the search."""
    it = tracked(found_frames=2)
    x1, y1, x2, y2 = wander(it, show)
    dx, dy = round((x2 - x1) * (by - 1) / 2), round((y2 - y1) * (by - 1) / 2)
    it.runtime.network.corners = (2.5, 2.5, 7.5, 7.5)
    targets = show(it, [(x1 - dx, y1 - dy, x2 + dx, y2 + dy)] * 6)
    assert (states(targets)[-1] is TRACKING) is found


def test_what_is_found_by_the_search_is_not_followed_elsewhere(tracked, show):
    it = tracked(found_frames=2)
    there = wander(it, show)
    assert TRACKING in states(show(it, [BOX] * 4))
    assert it._cameras["camera"].targets._tracker.ids == ("a",)
    assert LOST in states(show(it, [there] * 8)), "it is not there any more"


def test_the_search_follows_what_it_is_not_sure_of(tracked, show):
    it = tracked()
    wander(it, show)
    it.runtime.network.logit = 1.0
    show(it, [BOX])  # a look of the search may be elsewhere
    path = [moved(BOX, 6 * k) for k in range(12)]
    unsure = show(it, path)
    assert states(unsure) == [LOST] * 12
    assert iou(unsure[-1].box, path[-1]) > 0.9
    assert unsure[-1].score == pytest.approx(0.73, abs=0.01)
    it.runtime.network.logit = 4.0
    assert states(show(it, path[-1:])) == [TRACKING]


@pytest.mark.parametrize("how", ["drop", "begin anew"])
def test_what_was_lost_leaves_nothing_behind(tracked, show, how):
    it = tracked()
    wander(it, show)
    tracker = it._cameras["camera"].targets._tracker
    assert len(tracker.ids) == 2
    if how == "drop":
        it.drop("camera", "a")
        assert show(it, [BOX]) == []
        assert tracker.ids == ()
    else:
        it.initialise("camera", "a", BOX)
        assert states(show(it, [BOX] * 2))[-1] is TRACKING
        assert tracker.ids == ("a",)


def test_output_that_fails_the_guards_loses_the_target_at_once(told, session, show):
    it = session(told)
    it.initialise("camera", "a", BOX)
    show(it, [BOX] * 3)
    told.corners = (float("nan"), 2.5, 7.5, 7.5)
    lost = show(it, [BOX] * 3)
    assert states(lost) == [LOST] * 3
    assert all((t.box == BOX).all() and t.score == 0 for t in lost)
    told.corners = (2.5, 2.5, 7.5, 7.5)
    assert states(show(it, [BOX] * 4))[-1] is TRACKING


def test_a_box_that_swallows_the_scene_is_not_believed(told, session, show):
    it = session(told)
    it.initialise("camera", "a", BOX)
    show(it, [BOX] * 2)
    told.corners = (0.0, 0.0, 10.0, 10.0)  # doubles with every frame
    targets = show(it, [BOX] * 12)
    assert TRACKING in states(targets)
    assert LOST in states(targets)
    sides = np.array([t.box[2:] - t.box[:2] for t in targets if t.state is not LOST])
    assert (sides <= [320, 240]).all()


def test_networks_without_a_visibility_output(told, session, show):
    told.logit = None
    it = session(told)
    it.initialise("camera", "a", BOX)
    assert states(show(it, [BOX] * 3)) == [NEW, TRACKING, TRACKING]
    told.corners = (7.5, 2.5, 2.5, 7.5)
    assert states(show(it, [BOX] * 2)) == [LOST, LOST]
    told.corners = (2.5, 2.5, 7.5, 7.5)
    assert states(show(it, [BOX] * 4))[-1] is TRACKING


def test_never_seen_at_all(blob, session, show):
    it = session(blob, uncertain_frames=2, lost_frames=3)
    it.initialise("camera", "a", BOX)
    assert states(show(it, [None] * 8)) == [NEW, NEW, *[UNCERTAIN] * 3, *[LOST] * 3]
    assert states(show(it, [BOX] * 4))[-1] is TRACKING


def test_a_target_lost_in_small_images_is_found_in_large_ones(tracked, show):
    it = tracked()
    small = show(it, [None] * 8, width=64, height=48)
    assert states(small)[-1] is LOST
    assert all(0 <= v <= 64 for t in small for v in t.box)
    assert it.counters["size_changes"] == 1
    assert states(show(it, [BOX] * 12))[-1] is TRACKING


def test_memory_of_a_session_is_bounded(tracked, show):
    it = tracked()
    sizes = set()
    for boxes in ([BOX] * 3, [None] * 12, [BOX] * 6) * 3:
        show(it, boxes)
        sizes.add(it.nbytes("camera"))
    it.prepare()
    one = it._cameras["camera"].targets._tracker.nbytes("a")
    assert all(one <= size <= 3 * one for size in sizes)
