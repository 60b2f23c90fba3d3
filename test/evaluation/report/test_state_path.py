# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.collections import LineCollection
from matplotlib.offsetbox import AnnotationBbox

from re3_ros.datasets import read_sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation.report import _state_path as module
from re3_ros.evaluation.report import state_path, state_plot
from re3_ros.evaluation.report._state_path import MOST_THUMBNAILS, embed, record_states
from re3_ros.evaluation.trackers import TrackerSpec
from re3_ros.network import build, save
from re3_ros.tracking import Tracker

FRAMES = 40


@pytest.fixture(scope="module")
def network():
    return build("compact", fc_width=16, lstm_width=8)


@pytest.fixture
def long(write, tmp_path):
    """Return a sequence that sees one reset."""
    boxes = np.array([[10 + 2 * i, 30, 20, 16] for i in range(FRAMES)])
    return read_sequence(write(tmp_path / "long", boxes))


@pytest.fixture
def spec(network, tmp_path):
    save(network, tmp_path / "small.safetensors", {})
    return TrackerSpec("re3", tmp_path / "small.safetensors")


@pytest.fixture
def without_sklearn(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "sklearn" else find(n))


def test_states_are_those_of_the_tracker(network, long):
    states, boxes, resets = record_states(network, long)
    tracker = Tracker(network)
    tracker.start(long.read(0), {"t": long.truth[0]})
    for index in range(1, 6):
        tracker.track(long.read(index))
    np.testing.assert_array_equal(states[5], tracker.state("t").numpy().ravel())
    np.testing.assert_array_equal(boxes[5], tracker.box("t"))
    assert states.shape == (FRAMES, 4 * 8)
    assert resets.tolist() == [32]


def test_a_short_sequence_is_refused(network, long):
    with pytest.raises(ConfigError, match="long has 9 frames; the path of the state needs 10"):
        record_states(network, long.first(9))


def test_components_keep_distances_and_come_in_order():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(20, 2)) * (5, 1)
    turned = plane @ np.linalg.qr(rng.normal(size=(8, 2)))[0].T
    points = embed(turned.astype(np.float32), "PCA")
    assert points[:, 0].var() > points[:, 1].var()
    apart = np.linalg.norm(plane[:, None] - plane, axis=-1)
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points, axis=-1), apart, atol=1e-4)


def test_neighbours_stay_together_in_t_sne():
    pytest.importorskip("sklearn", reason="t-SNE needs the extra report")
    states = np.random.default_rng(0).normal(size=(30, 12)).astype(np.float32)
    states[15:] += 20
    points = embed(states, "t-SNE")
    np.testing.assert_array_equal(points, embed(states, "t-SNE"))
    near, far = (np.linalg.norm(points[a] - points[:15].mean(axis=0)) for a in (3, 20))
    assert far > near


def test_a_path_is_kept_and_found_again(spec, long, tmp_path, monkeypatch):
    first = state_path(spec, long, tmp_path / "cache")
    monkeypatch.setattr(module, "record_states", None)
    again = state_path(spec, long, tmp_path / "cache")
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    with pytest.raises(TypeError):
        state_path(spec, long.first(30), tmp_path / "cache")


def test_only_ours_have_a_state(long, tmp_path):
    with pytest.raises(ConfigError, match=r"mosse has no recurrent state to draw; .* re3"):
        state_path(TrackerSpec("mosse"), long, tmp_path)


def test_without_scikit_learn_principal_components_are_drawn(spec, long, tmp_path, without_sklearn):
    path = state_path(spec, long, tmp_path)
    assert path.method == "PCA"
    plot = state_plot(path)
    assert "by PCA" in plot.alt
    assert "pip install re3_ros[report] draws t-SNE" in plot.caption


@pytest.fixture
def plot(spec, long, tmp_path, without_sklearn):
    return state_plot(state_path(spec, long, tmp_path))


def test_the_path_has_a_piece_for_every_step_but_a_reset(plot):
    (line,) = [c for c in plot.figure.axes[0].collections if isinstance(c, LineCollection)]
    assert len(line.get_segments()) == FRAMES - 2
    right, wrong, rings = plot.figure.axes[0].collections[1:]
    assert len(right.get_offsets()) + len(wrong.get_offsets()) == FRAMES
    assert len(rings.get_offsets()) == 1


def test_pictures_stand_along_it(plot):
    axes = plot.figure.axes[0]
    pictures = [a for a in axes.artists if isinstance(a, AnnotationBbox)]
    assert len(pictures) == MOST_THUMBNAILS
    numbers = sorted(int(t.get_text()) for t in axes.texts)
    assert numbers[0] == 1
    assert numbers[-1] == FRAMES
    assert len({tuple(p.xybox) for p in pictures}) == MOST_THUMBNAILS
    assert plot.name == "state_long"


@given(hnp.arrays(float, (7, 2), elements=st.floats(-1, 1)))
def test_pictures_are_spread_evenly_and_each_once(offsets):
    frames, angles = module._ring(offsets, np.arange(7))
    assert sorted(frames) == list(range(7))
    assert np.diff(angles) == pytest.approx(2 * np.pi / 7)
