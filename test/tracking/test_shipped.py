# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Shipped weights and default thresholds, on a scene that neither was chosen on."""

import numpy as np

from re3_ros.boxes import iou
from re3_ros.network import load
from re3_ros.network.runtimes import make_runtime
from re3_ros.tracking import Frame, TargetState, TrackingSession
from re3_ros.weights import default_weights
from re3_ros.worlds import DemoScene


def test_the_tortoise_is_kept_and_found_again_after_it_was_hidden():
    scene = DemoScene(seed=0, frames=300)
    session = TrackingSession(make_runtime(load(default_weights()), "auto"), ("camera",))
    session.initialise("camera", "tortoise", scene.initial_box)
    overlap, states, seen = [], [], []
    for index in range(scene.frames):
        image, box, visibility = scene.frame(index)
        (target,) = session.process(Frame("camera", scene.stamp(index), image)).targets
        lost = target.state == TargetState.LOST
        overlap.append(0.0 if lost else float(iou(target.box, box)))
        states.append(target.state)
        seen.append(visibility)
        session.prepare()
    overlap, seen = np.array(overlap), np.array(seen)
    hidden = np.flatnonzero(seen <= 0.02)
    assert len(hidden) > 10
    assert TargetState.LOST in [states[i] for i in hidden]
    after = np.flatnonzero((seen >= 0.5) & (np.arange(300) > hidden[-1]))
    assert overlap[after[:10]].max() > 0.5  # found within ten frames
    assert overlap[seen >= 0.5].mean() > 0.8
