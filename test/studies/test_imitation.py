# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A policy learns from a data set of LeRobot, and from nothing else."""

import numpy as np
import pytest

from re3_ros.bags import track_row
from re3_ros.demonstrations import TWIST, EpisodeBuilder, EpisodeOptions, LeRobotStore, Series


@pytest.fixture(scope="module")
def study(request):
    pytest.importorskip("pyarrow")
    pytest.importorskip("av")
    return request.getfixturevalue("script")


def test_a_policy_does_as_was_shown(study, tmp_path):
    commands = Series("/cmd_vel", commands=True)
    builder = EpisodeBuilder(LeRobotStore(tmp_path), EpisodeOptions(fps=10), action=commands)
    rng = np.random.default_rng(0)
    for n in range(60):
        x, height = rng.uniform(100, 540), rng.uniform(80, 200)
        box = np.array([x - 40, 300 - height, x + 40, 300])
        command = study.demonstrate(np.array([*box, 0.9, 1.0]))
        row = track_row(n * 10**8, "lens", "camera", study.TARGET, 1, 0.9, box, n)
        builder.add_rows([row])
        builder.add_image(n * 10**8, n * 10**8, np.zeros((48, 64, 3), np.uint8))
        commands.add(study.twist(*command), TWIST, n * 10**8)
    builder.finish()
    policy, mean = study.learn(tmp_path, rounds=400)
    seen = [np.array([x - 40, 180.0, x + 40, 300, 0.9, 1.0]) for x in (200, 320, 440)]
    wanted, done = (np.array([p(s) for s in seen]) for p in (study.demonstrate, policy))
    assert np.abs(done - wanted).max() < 0.2
    assert np.abs(wanted - mean).max() > 0.3, "which is more than the mean can do"
