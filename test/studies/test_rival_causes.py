# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from re3_ros.network import build, save
from re3_ros.network.runtimes import make_runtime
from re3_ros.simulation import RivalKind, SimulatedTrack
from re3_ros.tracking import Tracker
from re3_ros.training import follow_video

STUDIES = Path(__file__).resolve().parents[2] / "studies"
TARGET, TWIN = (np.array([x, 100.0, x + 40, 140]) for x in (50, 150))


@pytest.fixture
def causes(monkeypatch):
    monkeypatch.syspath_prepend(STUDIES)
    import rival_causes

    yield rival_causes
    for name in ("rival_causes", "rivals"):
        del sys.modules[name]


@pytest.fixture
def runtime(small):
    return make_runtime(build("compact", **small), "torch", "cpu", 1)


@pytest.fixture
def video():
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (240, 320, 3), np.uint8) for _ in range(5)]
    boxes = np.linspace([50, 50, 90, 90], [60, 55, 104, 92], 5)
    return SimpleNamespace(name="v", boxes=boxes, rivals=[], image=lambda k: frames[k])


def test_without_a_change_it_is_the_procedure(causes, runtime, video):
    plain = follow_video(Tracker(runtime), video)
    same = causes.follow(runtime, video, video.boxes, causes.Change())
    np.testing.assert_array_equal(same, plain)


@pytest.mark.parametrize("name", ["no memory", "no previous crop", "at the truth"])
def test_each_change_matters_from_the_second_step_on(causes, runtime, video, name):
    plain = follow_video(Tracker(runtime), video)
    changed = causes.follow(runtime, video, video.boxes, causes.CHANGES[name])
    np.testing.assert_array_equal(changed[:2], plain[:2])
    assert (changed[2:] != plain[2:]).any()


def test_at_the_truth_crops_are_cut_at_true_boxes(causes, runtime, video):
    """The untrained network answers that nothing has moved: its boxes are those of the crops."""
    found = causes.follow(runtime, video, video.boxes, causes.CHANGES["at the truth"])
    np.testing.assert_allclose(found[1:], video.boxes[:-1], atol=1.5)
    plain = causes.follow(runtime, video, video.boxes, causes.Change())
    assert abs(plain[-1] - video.boxes[-2]).max() > 3


@pytest.fixture
def crossing():
    """Return a function that makes a video: a rival of a look stands where the target passes."""

    def make(look):
        truth = TARGET + 4 * np.arange(50)[:, None] * [1, 0, 1, 0]
        shown = np.ones(50)
        shown[20:30] = 0.0
        kinds = (RivalKind(look, "cross"),)
        track = SimulatedTrack((), truth, shown, None, rival_kinds=kinds)
        return SimpleNamespace(track=track, rivals=np.tile(TWIN, (1, 50, 1)))

    return make


def test_an_ideal_observer_is_misled_by_what_looks_alike_only(causes, crossing):
    """A twin stands where the target is expected while that is hidden, for ten frames."""
    truth = crossing("tinted").track.boxes
    told = causes.observe(crossing("tinted"), ("own cut-out",))
    np.testing.assert_allclose(told, truth, atol=1)
    misled = causes.observe(crossing("own cut-out"), ("own cut-out",))
    np.testing.assert_array_equal(misled[:20], truth[:20])
    np.testing.assert_array_equal(misled[28:], np.tile(TWIN, (22, 1)))


def test_stays_are_told_by_length_and_by_what_was_seen_before(causes):
    found = np.tile(TARGET, (60, 1))
    found[5:8] = TWIN  # 3 frames, all seen before
    found[20:26] = TWIN  # 6, half hidden 11 frames before
    found[40:] = TWIN  # 20, to the end, hidden meanwhile only
    shown = np.ones(60)
    shown[9], shown[50] = 0.5, 0.0
    track = SimpleNamespace(visibility=shown, rival_kinds=())
    rivals = np.tile(TWIN, (1, 60, 1))
    truth = np.tile(TARGET, (60, 1))
    truth[22] = np.nan  # out of view: the stay goes on, the frame does not count
    of = SimpleNamespace(boxes=truth, rivals=rivals, track=track)
    kept = list(causes.stays(causes.Followed(found, of)))
    assert kept == [(3, 1.0), (5, 0.5), (20, 1.0)]
    rows = causes.by_stay(kept)
    assert [row["stays"] for row in rows.values()] == [1, 1, 1]
    assert rows["5 to 14"]["half seen"] == pytest.approx(5 / 28)
    assert rows["15 and more"]["seen"] == pytest.approx(20 / 28)


def test_no_stays_make_no_shares(causes):
    assert all(sum(row.values()) == 0 for row in causes.by_stay([]).values())


def test_it_follows_draws_and_writes(data_root, run_file, small, tmp_path):
    weights = tmp_path / "small.safetensors"
    save(build("compact", **small), weights)
    words = ["--weights", str(weights), "--config", str(run_file), "--data", str(data_root)]
    words += ["--runtime", "torch", "--videos", "2", "--frames", "8", "--workers", "2"]
    words += ["--output", str(tmp_path / "c.json"), "--picture", str(tmp_path / "c.png")]
    ended = subprocess.run(
        [sys.executable, STUDIES / "rival_causes.py", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "no memory" in ended.stdout
    assert "ideal" in ended.stdout
    assert (tmp_path / "c.json").stat().st_size > 500
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
