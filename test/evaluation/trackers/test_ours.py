# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from functools import partial

import numpy as np
import pytest

from re3_ros.boxes import clip
from re3_ros.datasets import read_sequence
from re3_ros.evaluation import run_ope
from re3_ros.evaluation.trackers import ProcedureTracker, SessionTracker
from re3_ros.network import build
from re3_ros.network.runtimes import make_runtime
from re3_ros.tracking import Frame, SessionConfig, Tracker, TrackingSession


@pytest.fixture(scope="module")
def network():
    """Return a network with random weights: what matters here is who calls it with what."""
    return build("compact").eval()


@pytest.fixture
def sequence(sequence_folder):
    return read_sequence(sequence_folder).first(5)


def test_the_procedure_is_the_tracker_of_the_paper(network, sequence):
    (result,) = run_ope(lambda: ProcedureTracker(network), [sequence])
    tracker = Tracker(network)
    tracker.start(sequence.read(0), {"a": sequence.truth[0]})
    assert result.trajectory.failure is None
    for index in range(1, 5):
        estimate = tracker.track(sequence.read(index))["a"]
        expected = estimate.box if estimate.valid else tracker.box("a")
        np.testing.assert_allclose(result.trajectory.boxes[index], expected)
        assert result.trajectory.scores[index] == pytest.approx(estimate.score)


def test_the_session_tells_what_it_believes_of_the_whole_target(network, sequence):
    sequence.truth[0] = [-20, 30, 30, 120]  # of 128 x 96 pixels
    (result,) = run_ope(lambda: SessionTracker(network), [sequence])
    assert result.trajectory.failure is None
    session = TrackingSession(network, ("a",), SessionConfig(runtime="torch"))
    session.initialise("a", "b", sequence.truth[0])
    for index in range(5):
        (target,) = session.process(Frame("a", 33_000_000 * index, sequence.read(index))).targets
        np.testing.assert_array_equal(target.box, clip(target.whole, 128, 96))
        np.testing.assert_allclose(result.trajectory.boxes[index], target.whole)
    assert (result.trajectory.scores[1:] >= 0).all()


@pytest.mark.parametrize("make", [ProcedureTracker, SessionTracker])
def test_a_runtime_tracks_as_its_network_does(network, sequence, make):
    runtime = make_runtime(network, "torch")
    one, other = (run_ope(partial(make, what), [sequence])[0] for what in (network, runtime))
    np.testing.assert_array_equal(one.trajectory.boxes, other.trajectory.boxes)


@pytest.mark.parametrize("make", [ProcedureTracker, SessionTracker])
def test_a_first_box_that_cannot_be_tracked_is_a_failure(network, sequence, make):
    sequence.truth[0] = [500, 500, 520, 520]
    (result,) = run_ope(lambda: make(network), [sequence])
    assert result.trajectory.failure.startswith("frame 1 of 5: BoxError")
    assert result.auc == 0
