# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The runtime for GPUs gives what torch gives; on a CPU the same steps run without a graph."""

import numpy as np
import pytest
import torch
from dispatching import Counted
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.boxes import iou
from re3_ros.crops import crop_many, crop_rois
from re3_ros.errors import ConfigError
from re3_ros.network.runtimes import TorchRuntime, View, _capture, make_runtime
from re3_ros.network.runtimes._device import LAYOUTS, DeviceRuntime
from re3_ros.network.runtimes._device_crops import cut_rois, roi_table
from re3_ros.network.runtimes._feed import ROW, Link
from re3_ros.tracking import Tracker

ON_GPU = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
)
DEVICES = ["cpu", ON_GPU]
WIDTH, HEIGHT = 90, 60


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def passes(runtime, crops):
    """Start on crops, look at them in another order, reset, look again."""
    seen = runtime.remember(crops)
    template = runtime.template(seen, crops)
    state = runtime.initial_step(seen, template, runtime.initial_state(len(crops)))
    one, state = runtime.step(crops.flip(0), seen.remembered, template, state)
    logits = [] if one.visibility is None else [one.visibility]
    return [t.cpu() for t in (one.corners, state, *logits)]


@given(x=st.floats(-150, 150), y=st.floats(-100, 100), w=st.floats(0.3, 300), h=st.floats(0.3, 300))
def test_crops_are_those_of_the_host_to_a_level(x, y, w, h):
    pixels = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    boxes = np.array([[x, y, x + w, y + h], [10, 10, 50, 40], [np.nan] * 4])
    host = crop_many(pixels, boxes, 32)
    table = torch.from_numpy(roi_table(crop_rois(boxes, WIDTH, HEIGHT, 32)))
    found = cut_rois(torch.from_numpy(pixels), table, 32).numpy()
    assert np.abs(found.astype(int) - host).max() <= 1


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("preset", ["compact", "paper"])
@pytest.mark.parametrize("targets", [1, 3, 5])
def test_it_agrees_with_torch(lively, image, monkeypatch, device, preset, targets):
    monkeypatch.setattr(_capture, "SIZES", (1, 2, 4))  # what is larger is run as it is
    network = lively(preset)
    exact, runtime = TorchRuntime(network, "cpu"), DeviceRuntime(network, device, "float32")
    corners = np.random.default_rng(targets).uniform(0, 40, (targets, 2))
    boxes = np.concatenate([corners, corners + 20], 1)
    wanted = passes(exact, exact.cut(image, boxes))
    found = passes(runtime, exact.cut(image, boxes).to(device))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-3 * float(b.abs().max()))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_reduced_precision_stays_near(lively, image, device, precision):
    if device == "cpu":
        pytest.importorskip("torch", minversion="2.1", reason="older ones lack it on a CPU")
    network = lively("compact")
    exact, runtime = TorchRuntime(network, "cpu"), DeviceRuntime(network, device, precision)
    crops = exact.cut(image, [[5, 5, 40, 40], [30, 10, 70, 50]])
    for a, b in zip(passes(runtime, crops.to(device)), passes(exact, crops), strict=True):
        assert a.dtype == torch.float32
        torch.testing.assert_close(a, b, rtol=0, atol=0.1 * float(b.abs().max()))


@pytest.mark.parametrize("device", DEVICES)
def test_results_are_the_callers_own(lively, image, device):
    """Whatever runs later, what was returned stays as it is; and padding has no say in it."""
    runtime = DeviceRuntime(lively("compact"), device, "float32")
    crops = runtime.cut(image, [[5, 5, 40, 40], [30, 10, 70, 50], [1, 1, 30, 20]])
    first = passes(runtime, crops)
    kept = [t.clone() for t in first]
    passes(runtime, 255 - crops)
    for a, b in zip(first, kept, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    for a, b in zip(passes(runtime, crops), kept, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
def test_a_tracker_goes_the_same_way(lively, device):
    rng = np.random.default_rng(3)
    images = [
        rng.integers(0, 256, (h, 120, 3), dtype=np.uint8) for h in (90, 90, 90, 80, 70, 60, 50)
    ]
    network = lively("compact")
    paths = []
    for runtime in (TorchRuntime(network, "cpu"), DeviceRuntime(network, device, "float32")):
        tracker = Tracker(runtime, reset_interval=2)
        tracker.start(images[0], {"a": (20, 20, 60, 50), "b": (50, 10, 90, 60)})
        paths.append([tracker.track(image) for image in images[1:]])
    for one, other in zip(*paths, strict=True):
        for name in ("a", "b"):
            assert iou(one[name].box, other[name].box) > 0.98
            assert one[name].score == pytest.approx(other[name].score, abs=0.02)


def test_it_is_for_gpus(small):
    with pytest.raises(ConfigError, match="device is cpu"):
        make_runtime(small("compact"), "cuda", "cpu")


class CountingLink(Link):
    """Counts what travels, in bytes, and what is waited for."""

    def __init__(self):
        super().__init__(torch.device("cpu"))
        self.ups, self.downs, self.waits = [], [], 0

    def up(self, source, target):
        super().up(source, target)
        self.ups.append(source.nbytes)
        return "sent"

    def wait(self, sent):
        self.waits += sent is not None

    def down(self, numbers):
        self.downs.append(numbers.nbytes)
        return super().down(numbers)


WAITS_FOR_THE_DEVICE = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal.default", "unique")
"""Operations whose result the host must know before it can go on."""


@pytest.mark.parametrize("targets", [1, 3])
def test_an_image_costs_one_copy_up_and_one_down(lively, targets):
    link = CountingLink()
    runtime = DeviceRuntime(lively("compact"), "cpu", "float32", link=link)
    tracker = Tracker(runtime, reset_interval=0)
    images = np.random.default_rng(3).integers(0, 256, (6, 90, 120, 3), dtype=np.uint8)
    tracker.start(images[0], {str(k): (20, 20 + 5 * k, 60, 50 + 5 * k) for k in range(targets)})
    tracker.track(images[1])
    tracker.prepare()
    for image in images[2:]:
        link.ups, link.downs, link.waits = [], [], 0
        with Counted() as counted:
            found = tracker.track(image)
            tracker.prepare()
        assert all(estimate.valid for estimate in found.values())
        first, second = link.ups
        assert first == image.nbytes + targets * ROW, "the image and the places of its crops"
        assert second == targets * ROW, "the places of the next first crops, between two images"
        assert link.downs == [targets * 6 * 4], "corners, health, visibility"
        assert link.waits == 2, "each for what the piece before the last one carried"
        for operation in counted.operations:
            assert not any(word in operation for word in WAITS_FOR_THE_DEVICE), operation


def test_several_cameras_of_different_sizes_share_a_batch(lively, image):
    network = lively("compact")
    other = np.random.default_rng(5).integers(0, 256, (80, 50, 3), dtype=np.uint8)
    boxes = np.array([[5.0, 5, 40, 40], [30, 10, 70, 50]]), np.array([[3.0, 8, 40, 60]])
    answers = []
    for runtime in (TorchRuntime(network, "cpu"), DeviceRuntime(network, "cpu", "float32")):
        crops = torch.cat([runtime.cut(image, boxes[0]), runtime.cut(other, boxes[1])])
        seen = runtime.remember(crops)
        memory = seen.remembered, runtime.template(seen, crops), runtime.initial_state(3)
        feeds = runtime.feed(), runtime.feed()
        views = [View(image, boxes[0], feeds[0]), View(other, boxes[1], feeds[1])]
        looked = runtime.look(views, *memory)
        again = [runtime.cut(f, b) for f, b in zip(looked.frames, boxes, strict=True)]
        answers.append((looked, torch.cat(again)))
    (wanted, crops), (found, cut) = answers
    np.testing.assert_allclose(found.corners, wanted.corners, atol=0.02)
    np.testing.assert_allclose(found.logits, wanted.logits, atol=0.02)
    assert found.finite.all()
    assert (crops.int() - cut.int()).abs().max() <= 1


def test_what_is_not_a_number_is_told(lively, image):
    network = lively("compact")
    with torch.no_grad():
        network.head.bias[2] = np.nan
    runtime = DeviceRuntime(network, "cpu", "float32")
    boxes = np.array([[5.0, 5, 40, 40]])
    crops = runtime.cut(image, boxes)
    seen = runtime.remember(crops)
    memory = seen.remembered, runtime.template(seen, crops), runtime.initial_state(1)
    assert not runtime.look([View(image, boxes, runtime.feed())], *memory).finite.any()
    broken = runtime.initial_state(1)
    broken[0, 1, 2] = np.inf
    exact = DeviceRuntime(lively("compact"), "cpu", "float32")
    looked = exact.look([View(image, boxes, exact.feed())], *memory[:2], broken)
    assert not looked.finite.any()


def test_a_replaced_image_is_not_cut_from(lively, image):
    runtime = DeviceRuntime(lively("compact"), "cpu", "float32")
    boxes, feed = np.array([[5.0, 5, 40, 40]]), runtime.feed()
    crops = runtime.cut(image, boxes)
    seen = runtime.remember(crops)
    memory = seen.remembered, runtime.template(seen, crops), runtime.initial_state(1)
    old, new = (runtime.look([View(i, boxes, feed)], *memory) for i in (image, 255 - image))
    assert torch.equal(runtime.cut(new.frames[0], boxes), runtime.cut(255 - image, boxes))
    with pytest.raises(ValueError, match="replaced by a later one"):
        runtime.cut(old.frames[0], boxes)


def test_sizes_may_change_with_every_image(lively):
    """The first few are captured, the others are run as they are."""
    network = lively("compact")
    exact, runtime = TorchRuntime(network, "cpu"), DeviceRuntime(network, "cpu", "float32")
    boxes, feed = np.array([[5.0, 5, 40, 40]]), runtime.feed()
    for side in range(50, 50 + 2 * LAYOUTS):
        image = np.random.default_rng(side).integers(0, 256, (side, 60, 3), dtype=np.uint8)
        crops = exact.cut(image, boxes)
        seen = exact.remember(crops)
        memory = seen.remembered, exact.template(seen, crops), exact.initial_state(1)
        wanted = exact.look([View(image, boxes, None)], *memory)
        seen = runtime.remember(crops)
        memory = seen.remembered, runtime.template(seen, crops), runtime.initial_state(1)
        found = runtime.look([View(image, boxes, feed)], *memory)
        np.testing.assert_allclose(found.corners, wanted.corners, atol=0.02)


def test_only_the_shipped_kind_is_compiled(small):
    with pytest.raises(ConfigError, match="choose runtime cuda"):
        DeviceRuntime(small("paper"), "cpu", compiled=True)
