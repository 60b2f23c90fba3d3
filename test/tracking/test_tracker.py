# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import gc
from collections import Counter

import numpy as np
import pytest
import torch

from re3_ros.errors import BoxError, ConfigError, ImageError, TargetError
from re3_ros.tracking import Tracker

BOX = (50.0, 40.0, 90.0, 80.0)
DEGENERATE = {
    "nan": (float("nan"), 2.5, 7.5, 7.5),
    "infinite": (2.5, 2.5, float("inf"), 7.5),
    "inverted": (7.5, 2.5, 2.5, 7.5),
    "empty": (2.5, 2.5, 2.5, 7.5),
    "under two pixels": (2.5, 2.5, 2.6, 7.5),
    "beside the image": (500.0, 2.5, 510.0, 7.5),
}


@pytest.fixture
def tracker(told, noise):
    tracker = Tracker(told)
    tracker.start(noise(0), {"a": BOX, "b": (10, 10, 30, 30)})
    return tracker


def same(a, b):
    return (
        (a.box == b.box).all()
        and a.steps == b.steps
        and all(torch.equal(x, y) for x, y in zip(a.tensors, b.tensors, strict=True))
    )


@pytest.mark.parametrize("corners", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_output_is_never_fed(tracker, told, noise, corners):
    tracker.track(noise(1))
    before = tracker.snapshot("a")
    told.corners = corners
    for k in (2, 3):
        estimate = tracker.track(noise(k))["a"]
        assert not estimate.valid
        assert estimate.score == 0
        assert (estimate.box == before.box).all()
    assert same(tracker.snapshot("a"), before)
    told.corners = (2.5, 2.5, 7.5, 7.5)
    assert tracker.track(noise(4))["a"].valid


@pytest.mark.parametrize("broken", ["logit", "step"])
def test_visibility_or_state_that_is_not_finite_is_never_fed(tracker, told, noise, broken):
    before = tracker.snapshot("a")
    setattr(told, broken, float("nan"))
    assert not tracker.track(noise(1))["a"].valid
    assert same(tracker.snapshot("a"), before)


def test_one_bad_target_does_not_harm_the_other(tracker, told, noise):
    told.corners = [DEGENERATE["nan"], (3.0, 2.5, 8.0, 7.5)]
    before = tracker.snapshot("a")
    estimates = tracker.track(noise(1))
    assert [e.valid for e in estimates.values()] == [False, True]
    assert same(tracker.snapshot("a"), before)
    assert tracker.box("b") == pytest.approx((12, 10, 32, 30))


def test_score_is_the_sigmoid_or_one(tracker, told, noise):
    told.logit = -1.0
    assert tracker.track(noise(1))["a"].score == pytest.approx(1 / (1 + np.e), rel=1e-6)
    told.logit = None
    assert tracker.track(noise(2))["a"].score == 1


def test_boxes_are_not_clipped(tracker, told, noise):
    told.corners = (-0.5, 2.5, 4.5, 7.5)
    estimate = tracker.track(noise(1))["b"]
    assert estimate.box == pytest.approx((-2, 10, 18, 30))


def test_restart_forgets_everything(tiny, noise):
    network = tiny().eval()
    old, new = Tracker(network), Tracker(network)
    old.start(noise(0), {"a": (5, 5, 25, 45)})
    for k in range(1, 4):
        old.track(noise(k))
    for tracker in (old, new):
        tracker.start(noise(7), {"a": BOX})
    assert same(old.snapshot("a"), new.snapshot("a"))
    assert old.frames_since_reset("a") == 0


def test_looking_elsewhere(tracker, noise):
    estimate = tracker.track(noise(1), at={"a": (100, 50, 120, 70)})["a"]
    assert estimate.box == pytest.approx((100, 50, 120, 70))
    assert tracker.box("b") == pytest.approx((10, 10, 30, 30))


def test_targets_left_out_stay_as_they_are(tracker, noise):
    before = tracker.snapshot("b")
    assert list(tracker.track(noise(1), ["a"])) == ["a"]
    assert same(tracker.snapshot("b"), before)


def test_restore_undoes_frames_and_makes_targets(tiny, noise):
    network = tiny().eval()
    tracker, other = Tracker(network), Tracker(network)
    tracker.start(noise(0), {"a": BOX})
    tracker.track(noise(1))
    before = tracker.snapshot("a")
    first = tracker.track(noise(2))["a"]
    tracker.restore("a", before)
    other.restore("z", before)
    assert (tracker.track(noise(2))["a"].box == first.box).all()
    assert (other.track(noise(2))["z"].box == first.box).all()


def test_snapshots_are_read_only(tracker):
    with pytest.raises(ValueError, match="read-only"):
        tracker.snapshot("a").box[0] = 0
    tracker.state("a").zero_()
    assert tracker.state("a").item() == 1


def test_drop_and_clear(tracker, noise):
    tracker.drop("a")
    assert tracker.ids == ("b",)
    tracker.clear()
    assert tracker.track(noise(1)) == {}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t, i: t.track(i, ["a", "x"]), TargetError),
        (lambda t, i: t.track(i, ["a", "a"]), TargetError),
        (lambda t, i: t.track(i, ["a"], {"b": BOX}), TargetError),
        (lambda t, i: t.track(i, at={"a": (0, 0, 1, 1)}), BoxError),
        (lambda t, i: t.track(i[..., 0]), ImageError),
        (lambda t, i: t.track(i.astype(float)), ImageError),
        (lambda t, i: t.start(i, {"c": BOX, "d": (300, 300, 400, 400)}), BoxError),
        (lambda t, i: t.start(i, {"a": (5, 5, float("nan"), 9)}), BoxError),
        (lambda t, i: t.drop("x"), TargetError),
        (lambda t, i: t.snapshot("x"), TargetError),
    ],
)
def test_bad_input_changes_nothing(tracker, noise, call, error):
    before = {name: tracker.snapshot(name) for name in tracker.ids}
    with pytest.raises(error):
        call(tracker, noise(1))
    assert tracker.ids == tuple(before)
    assert all(same(tracker.snapshot(name), s) for name, s in before.items())


def test_failing_network_changes_nothing(tracker, told, noise):
    tracker.track(noise(1))
    crops = dict(tracker.memory.ahead)
    told.fail = RuntimeError("out of memory")
    for call in (tracker.prepare, lambda: tracker.track(noise(2))):
        with pytest.raises(RuntimeError):
            call()
    assert tracker.memory.ahead == crops
    told.fail = None
    tracker.prepare()
    before = tracker.snapshot("a")
    told.fail = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        tracker.track(noise(2))
    assert same(tracker.snapshot("a"), before)


def test_an_image_may_be_overwritten_once_it_was_tracked(tiny, noise):
    """As by a camera that writes every frame into the same memory."""
    network = tiny().eval()
    fresh, reused = Tracker(network), Tracker(network)
    memory = noise(0).copy()
    for k in range(5):
        memory[:] = noise(k)
        for tracker, image in ((fresh, noise(k)), (reused, memory)):
            if k:
                tracker.track(image)
            else:
                tracker.start(image, {"a": BOX})
        memory[:] = 0
        assert same(fresh.snapshot("a"), reused.snapshot("a")), k


def test_negative_interval_is_refused(told):
    with pytest.raises(ConfigError, match="-1"):
        Tracker(told, reset_interval=-1)


def test_memory_of_a_target_is_its_tensors(tiny, noise):
    tracker = Tracker(tiny().eval())
    tracker.start(noise(0), {"a": BOX, "b": BOX})
    tracker.track(noise(1))
    tracker.prepare()
    # state and first state 4 x 10, remembered 20, template 6, in float32; the box in float64
    assert tracker.nbytes("a") == 4 * (40 + 40 + 20 + 6) + 8 * 4


def test_memory_does_not_grow(tiny, noise):
    """Everything that Python and torch hold, over 5,000 frames with resets and restarts."""
    network = tiny().eval()
    torch.nn.init.zeros_(network.head.weight)  # the boxes stay, so that every frame is tracked
    tracker = Tracker(network, reset_interval=32)
    images = [noise(k) for k in range(4)]

    def held_after(frames):
        tracker.start(images[0], {"a": BOX, "b": (10, 10, 40, 40)})
        for k in range(frames):
            assert tracker.track(images[k % 4])["a"].valid
            tracker.prepare()
        gc.collect()
        objects = gc.get_objects()
        storages = [
            getattr(o, "untyped_storage", o.storage)() for o in objects if type(o) is torch.Tensor
        ]
        arrays = sum(type(o) is np.ndarray for o in objects)
        return len(storages), sum(s.nbytes() for s in storages), arrays, tracker.nbytes("a")

    early = held_after(40)
    assert held_after(5000) == early
    kinds = Counter(type(o) for o in gc.get_objects())
    held_after(500)
    grown = Counter(type(o) for o in gc.get_objects()) - kinds
    assert sum(grown.values()) < 50, grown
