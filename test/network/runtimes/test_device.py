# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The runtime for GPUs gives what torch gives; on a CPU the same steps run without a graph."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.boxes import iou
from re3_ros.crops import crop_many, crop_rois
from re3_ros.errors import ConfigError
from re3_ros.network.runtimes import TorchRuntime, make_runtime
from re3_ros.network.runtimes._device import SIZES, DeviceRuntime
from re3_ros.network.runtimes._device_crops import cut_rois, roi_table
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
    table = roi_table(crop_rois(boxes, WIDTH, HEIGHT, 32))
    found = cut_rois(torch.from_numpy(pixels), table, 32).numpy()
    assert np.abs(found.astype(int) - host).max() <= 1


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("preset", ["compact", "paper"])
@pytest.mark.parametrize("targets", [1, 3, SIZES[-1] + 1])
def test_it_agrees_with_torch(lively, image, device, preset, targets):
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
