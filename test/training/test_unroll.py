# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.boxes import area, intersection
from re3_ros.crops import search_window
from re3_ros.datasets import read_stills
from re3_ros.network import build
from re3_ros.simulation import Simulator, read_clip, sample_track
from re3_ros.simulation._render import HostRenderer
from re3_ros.training import Batch, Unroll, UnrollPlan
from re3_ros.training._choices import keep_covered
from re3_ros.training._unroll import _crop_boxes

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}
NAMES_OF_FRAME_0 = {"boxes.0", "labels.0", "outputs.0"}


@pytest.fixture
def tracks(data_root):
    simulator = Simulator(read_stills(data_root / "stills"))
    return [simulator.draw(np.random.default_rng(seed), 4) for seed in range(4)]


@pytest.fixture
def unroll():
    torch.manual_seed(0)
    with ThreadPoolExecutor(1) as executor:
        yield Unroll(build("compact", **SMALL), HostRenderer(executor, torch.device("cpu")))


def draw(tracks, plan, seed):
    return Batch.draw(tracks, plan, np.random.default_rng(seed))


def gradients(unroll, batch):
    unroll.zero_grad(set_to_none=True)
    unroll(batch).loss.backward()
    return {name: p.grad.clone() for name, p in unroll.named_parameters()}


def test_an_untrained_network_answers_that_nothing_moved(unroll, tracks):
    result = unroll(draw(tracks, UnrollPlan(0.0), 0))
    assert 0.2 < result.mean_iou < 0.95
    assert result.loss.item() == pytest.approx(
        result.corner_loss + 2.0 * result.visibility_loss, rel=1e-5
    )


@pytest.mark.parametrize("self_training", [0.0, 1.0])
def test_a_few_steps_on_one_batch_lower_its_loss(unroll, tracks, self_training):
    unroll.network.get_submodule("trunk").requires_grad_(False)  # it costs most of the time
    optimiser = torch.optim.AdamW(unroll.network.parameters(), 8e-3)
    losses = []
    for _ in range(30):
        result = unroll(draw(tracks, UnrollPlan(self_training), 1))
        optimiser.zero_grad()
        result.loss.backward()
        optimiser.step()
        losses.append(result.loss.item())
    assert min(losses[-5:]) < 0.9 * losses[0]


def test_every_part_of_the_network_is_trained(unroll, tracks):
    unroll(draw(tracks, UnrollPlan(0.5), 0)).loss.backward()
    silent = [n for n, p in unroll.network.named_parameters() if p.grad is None]
    assert not silent


def test_the_same_generator_gives_the_same_loss(unroll, tracks):
    one, two = (unroll(draw(tracks, UnrollPlan(0.5), 3)).loss for _ in range(2))
    assert one.item() == two.item()


@pytest.mark.parametrize(
    "plan", [UnrollPlan(0.5, mirror=0.5), UnrollPlan(0.5, noise="paper"), UnrollPlan(0.0)]
)
def test_crops_that_were_cut_ahead_are_those_that_would_be_cut(unroll, tracks, plan):
    batch = draw(tracks, plan, 3)
    ahead = unroll.cut_ahead(batch)
    assert ahead.ahead
    now, before = unroll.recorded(batch), unroll.recorded(ahead)
    assert now.keys() == before.keys()
    for name, tensor in now.items():
        assert torch.equal(tensor, before[name]), name


def test_embeddings_computed_anew_give_the_same_gradients(unroll, tracks):
    batch = draw(tracks, UnrollPlan(0.5), 0)
    kept = gradients(unroll, batch)
    unroll.checkpoint = True
    for name, gradient in gradients(unroll, batch).items():
        assert torch.equal(gradient, kept[name]), name


def test_mirrored_tracks_are_seen_in_a_mirror(unroll, tracks):
    plain = unroll.recorded(draw(tracks, UnrollPlan(0.0, noise="none"), 0))
    turned = unroll.recorded(draw(tracks, UnrollPlan(0.0, noise="none", mirror=1.0), 0))
    for t in range(4):
        difference = plain[f"crops.{t}"].flip(-1).float() - turned[f"crops.{t}"]
        assert difference.abs().mean() < 2  # windows are rounded to pixels, halves to even ones
    for t in range(1, 4):
        label = 10 - plain[f"labels.{t}"][:, [2, 1, 0, 3]]
        label[:, [1, 3]] = plain[f"labels.{t}"][:, [1, 3]]
        torch.testing.assert_close(turned[f"labels.{t}"], label)


def test_the_initial_pass_counts_where_planned(unroll, tracks):
    once, twice = (draw(tracks, UnrollPlan(0.0, first_frame=first), 0) for first in (False, True))
    assert sorted(unroll.recorded(twice)) == sorted({*unroll.recorded(once), *NAMES_OF_FRAME_0})
    labels = unroll.recorded(twice)["labels.0"].numpy()
    np.testing.assert_allclose(labels, np.tile([2.5, 2.5, 7.5, 7.5], (4, 1)), atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("forget", [0.0, 1.0])
def test_a_previous_crop_that_is_withheld_has_no_say(unroll, tracks, monkeypatch, forget):
    batch = draw(tracks, UnrollPlan(0.0, forget=forget), 3)
    wanted = unroll(batch).loss
    remember, passes = unroll.network.remember, itertools.count()
    monkeypatch.setattr(unroll.network, "remember", lambda f: remember(f) + (next(passes) > 0))
    assert (unroll(batch).loss == wanted) == bool(forget)


def test_hidden_objects_weigh_what_the_plan_says(unroll, tracks):
    for track in tracks:
        track.visibility[1:] = 0.1
    light, full = (
        unroll(draw(tracks, UnrollPlan(0.0, hidden_weight=w), 0)).corner_loss for w in (0.2, 1.0)
    )
    assert full == pytest.approx(5 * light, rel=1e-5)


def test_the_noise_of_the_paper_moves_the_second_crop_of_a_labelled_video(data_root, tracks):
    clip = read_clip(data_root / "videos" / "one")
    video = sample_track(np.random.default_rng(0), [clip], 4)
    batch = draw([video] * 40 + tracks, UnrollPlan(0.0, noise="paper"), 0)
    truth = np.stack([track.boxes[2] for track in batch.tracks])
    earlier = np.stack([track.boxes[1] for track in batch.tracks])
    previous_boxes, search_boxes = _crop_boxes(batch, 2, truth, 2.0)
    np.testing.assert_array_equal(previous_boxes, earlier)
    np.testing.assert_array_equal(
        search_boxes[40:], keep_covered(earlier, truth, batch.choices.cover)[40:]
    )
    real = ~batch.choices.noisy[:40]
    assert 0 < real.sum() < 15
    np.testing.assert_array_equal(search_boxes[:40][real], earlier[:40][real])
    assert (search_boxes[:40][~real] != earlier[:40][~real]).any(axis=1).all()


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
