# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import cv2
import numpy as np
import pytest

from re3_ros.boxes import centre, size
from re3_ros.datasets import read_sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation import run_ope
from re3_ros.evaluation.trackers import OpenCVTracker

CONTRIB = hasattr(cv2, "legacy")


@pytest.mark.parametrize("name", ["mosse", "medianflow", "kcf", "csrt"])
@pytest.mark.skipif(not CONTRIB, reason="needs opencv-contrib-python")
def test_opencvs_trackers_follow_an_easy_object(name, write, tmp_path):
    boxes = np.array([[40 + i, 30, 32, 32] for i in range(8)], float)
    sequence = read_sequence(write(tmp_path / "slow", boxes))
    (result,) = run_ope(lambda: OpenCVTracker(name), [sequence])
    stays_put = (32 - 7) / (32 + 7)
    assert result.trajectory.failure is None
    assert result.overlaps[-1] > stays_put + 0.1


@pytest.mark.parametrize("name", ["mosse", "medianflow"])
def test_without_the_contrib_wheel_the_way_out_is_named(name, monkeypatch):
    monkeypatch.delattr(cv2, "legacy", raising=False)
    with pytest.raises(ConfigError, match="pip install opencv-contrib-python"):
        OpenCVTracker(name)


def test_nano_needs_its_models(tmp_path):
    with pytest.raises(ConfigError, match="needs its backbone as an ONNX file, which None is not"):
        OpenCVTracker("nano")
    (tmp_path / "backbone.onnx").touch()
    with pytest.raises(ConfigError, match=r"needs its head .*missing\.onnx.*--nano-head"):
        OpenCVTracker(
            "nano",
            {"backbone": tmp_path / "backbone.onnx", "head": tmp_path / "missing.onnx"},
        )


@pytest.mark.parametrize(("name", "models"), [("nano", ["backbone", "head"]), ("vit", ["model"])])
def test_files_that_are_no_models_are_refused(name, models, tmp_path):
    for what in models:
        (tmp_path / what).write_bytes(b"no model")
    with pytest.raises(ConfigError, match=f"{name}: OpenCV cannot use"):
        OpenCVTracker(name, {what: tmp_path / what for what in models})


def test_vit_needs_its_model():
    with pytest.raises(ConfigError, match=r"vit needs its model as an ONNX file.*--vit-model"):
        OpenCVTracker("vit")


def test_nano_tracks(shared, sequence_folder):
    models = shared / "peers" / "nanotrack_v2"
    files = {
        "backbone": models / "nanotrack_backbone_sim.onnx",
        "head": models / "nanotrack_head_sim.onnx",
    }
    (result,) = run_ope(lambda: OpenCVTracker("nano", files), [read_sequence(sequence_folder)])
    assert result.mean_iou > 0.5


def test_vit_says_what_its_network_says(sequence_folder):
    # A network of the interface of OpenCV's model zoo that finds its target, a quarter as large as
    # the window, always in the middle: so the box stays where it is.
    model = Path(__file__).parent / "models" / "middle.onnx"
    sequence = read_sequence(sequence_folder).first(4)
    (result,) = run_ope(lambda: OpenCVTracker("vit", {"model": model}), [sequence])
    assert result.trajectory.failure is None
    centres = centre(result.trajectory.boxes)
    assert np.abs(centres - centres[0]).max() <= 2
    assert np.ptp(size(result.trajectory.boxes[1:]), axis=1).max() <= 1  # it says: a square
