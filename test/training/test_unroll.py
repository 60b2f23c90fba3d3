# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.boxes import area, centre, intersection, size
from re3_ros.crops import search_window
from re3_ros.network import build
from re3_ros.training import Plan, Simulator, Unroll, read_stills
from re3_ros.training._unroll import jitter, keep_covered

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}


@pytest.fixture
def tracks(data_root):
    simulator = Simulator(read_stills(data_root / "stills"))
    return [simulator.draw(np.random.default_rng(seed), 4) for seed in range(4)]


@pytest.fixture
def unroll():
    torch.manual_seed(0)
    with ThreadPoolExecutor(1) as executor:
        yield Unroll(build("compact", **SMALL), torch.device("cpu"), executor)


def test_an_untrained_network_answers_that_nothing_moved(unroll, tracks):
    result = unroll(tracks, Plan(0.0), np.random.default_rng(0))
    assert 0.2 < result.mean_iou < 0.95
    assert result.loss.item() == pytest.approx(
        result.corner_loss + 2.0 * result.visibility_loss, rel=1e-5
    )


@pytest.mark.parametrize("self_training", [0.0, 1.0])
def test_a_few_steps_on_one_batch_lower_its_loss(unroll, tracks, self_training):
    unroll.network.get_submodule("trunk").requires_grad_(False)  # it costs most of the time
    optimiser = torch.optim.AdamW(unroll.network.parameters(), 8e-3)
    losses = []
    for _ in range(35):
        result = unroll(tracks, Plan(self_training), np.random.default_rng(1))
        optimiser.zero_grad()
        result.loss.backward()
        optimiser.step()
        losses.append(result.loss.item())
    assert min(losses[-5:]) < 0.85 * losses[0]


def test_every_part_of_the_network_is_trained(unroll, tracks):
    unroll(tracks, Plan(0.5), np.random.default_rng(0)).loss.backward()
    silent = [n for n, p in unroll.network.named_parameters() if p.grad is None]
    assert not silent


def test_the_same_generator_gives_the_same_loss(unroll, tracks):
    one, two = (unroll(tracks, Plan(0.5), np.random.default_rng(3)).loss for _ in range(2))
    assert one.item() == two.item()


def test_noise_moves_and_resizes_by_the_stated_amounts():
    boxes = np.tile([100.0, 100, 140, 120], (4000, 1))
    noisy = jitter(np.random.default_rng(0), boxes)
    shift = (centre(noisy) - centre(boxes)) / size(boxes)
    assert np.abs(shift).max() <= 0.6
    assert np.median(np.abs(shift)) == pytest.approx(np.log(2) / 8 * 0.8, rel=0.25)
    assert (noisy == boxes).all(axis=1).mean() == pytest.approx(1 / 8, abs=0.02)


coordinate = st.floats(-300, 300)
side = st.floats(2, 200)


@given(coordinate, coordinate, side, side, st.sampled_from([0.25, 0.7]))
def test_windows_are_moved_until_they_hold_enough_of_the_object(x, y, w, h, cover):
    boxes = np.array([[x, y, x + w, y + h]])
    truth = np.array([[0.0, 0, 50, 40]])
    moved = keep_covered(boxes, truth, np.array([cover]))
    assert intersection(search_window(moved), truth)[0] >= cover * area(truth)[0]


def test_windows_that_hold_enough_stay():
    boxes = np.array([[5.0, 5, 55, 45]])
    moved = keep_covered(boxes, np.array([[0.0, 0, 50, 40]]), np.array([0.25]))
    np.testing.assert_array_equal(moved, boxes)
