# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from re3_ros.network import build, save
from re3_ros.simulation import RivalKind

TARGET, TWIN, OTHER = (np.array([x, 100.0, x + 40, 140]) for x in (50, 150, 230))


@pytest.fixture
def video():
    """Eleven frames of a target that is hidden in the last four, a twin and a tinted object."""
    track = SimpleNamespace(
        visibility=np.repeat([1.0, 0.1], [7, 4]),
        rival_kinds=(RivalKind("own cut-out", "cross"), RivalKind("tinted", "along")),
    )
    rivals = np.stack([np.tile(box, (11, 1)) for box in (TWIN, OTHER)])
    return SimpleNamespace(boxes=np.tile(TARGET, (11, 1)), rivals=rivals, track=track)


def test_frames_are_told_by_the_rival_that_the_box_is_on(script, video):
    found = np.concatenate([np.tile(TARGET, (5, 1)), np.tile(TWIN, (2, 1)), np.tile(OTHER, (4, 1))])
    followed = script.Followed(found, video)
    result = script.Result([followed], np.array([0.5]))
    row = script.figures_of(result, result)
    assert row["on_rival"] == 0.6
    assert row["switches"] == pytest.approx(10)  # from the target, once in ten frames
    assert row["looks"]["own cut-out"] == row["ways"]["cross"] == 0.2
    assert row["looks"]["tinted"] == row["ways"]["along"] == 0.4
    assert np.isnan(row["looks"]["same kind"])
    assert np.isnan(row["ways"]["crowd"])
    assert row["seen"]["seen"] == pytest.approx(2 / 6)
    assert row["seen"]["hidden"] == 1.0
    assert row["on_rival_change"][0] == row["everyday_change"][0] == 0


def test_changes_are_those_on_the_same_videos(script, video):
    stays = script.Followed(np.tile(TARGET, (11, 1)), video)
    goes = script.Followed(np.tile(TWIN, (11, 1)), video)
    before = script.Result([stays, goes, goes], np.array([0.5, 0.6, 0.7]))
    after = script.Result([stays, stays, goes], np.array([0.6, 0.7, 0.8]))
    row = script.figures_of(after, before)
    assert row["on_rival_change"] == pytest.approx((-1 / 3, 1 / 3))
    assert row["everyday_change"] == pytest.approx((0.1, 0.0))


def test_it_follows_draws_and_writes(script, data_root, run_file, small, tmp_path):
    weights = tmp_path / "small.safetensors"
    save(build("compact", **small), weights)
    words = ["--trackers", f"small=re3-procedure@{weights},mosse", "--config", str(run_file)]
    words += ["--data", str(data_root), "--runtime", "torch", "--videos", "2", "--frames", "8"]
    words += ["--workers", "2", "--output", str(tmp_path / "r.json")]
    words += ["--picture", str(tmp_path / "r.png")]
    ended = subprocess.run(
        [sys.executable, script.__file__, *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "mosse" in ended.stdout
    assert (tmp_path / "r.json").stat().st_size > 500
    assert (tmp_path / "r.png").read_bytes()[:4] == b"\x89PNG"
