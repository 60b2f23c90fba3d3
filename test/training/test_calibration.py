# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import copy

import numpy as np
import pytest
import torch

from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError
from re3_ros.network import ActivationRange, build, load, read_metadata, save
from re3_ros.simulation import Simulator
from re3_ros.training import (
    Calibration,
    LabelledLogits,
    Platt,
    calibrate,
    collect_logits,
    fit_platt,
    save_calibrated,
    simulated_videos,
)

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16, "pyramid": False}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build("compact", **SMALL).eval()


@pytest.fixture
def videos(data_root):
    return simulated_videos(Simulator(read_stills(data_root / "stills")), 4, 12)


def sample(scale, offset, n=20_000):
    """Return logits and hits of which the truth is known."""
    rng = np.random.default_rng(3)
    logits = rng.normal(1, 3, n)
    chance = 1 / (1 + np.exp(-(scale * logits + offset)))
    return LabelledLogits(logits, rng.random(n) < chance)


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (0.4, -1.5), (3, 2), (0.1, 3)])
def test_scale_and_offset_are_found(scale, offset):
    platt = fit_platt(sample(scale, offset))
    assert platt.scale == pytest.approx(scale, rel=0.08)
    assert platt.offset == pytest.approx(offset, abs=0.1)


def test_a_clean_cut_gives_finite_numbers():
    platt = fit_platt(LabelledLogits(np.array([-3.0, -2, 2, 3]), np.array([0, 0, 1, 1], bool)))
    assert 0 < platt.scale < 5
    assert abs(platt.offset) < 1e-6


@pytest.mark.parametrize(
    ("logits", "hits", "said"),
    [
        ([1.0, 2], [True, True], "2 hits and 0 misses"),
        ([], [], "0 hits and 0 misses"),
        ([1.0, 2, 3, 4], [True, True, False, False], "does not tell hits from misses"),
    ],
)
def test_what_cannot_be_calibrated(logits, hits, said):
    with pytest.raises(ConfigError, match=said):
        fit_platt(LabelledLogits(np.array(logits), np.array(hits, bool)))


def outputs(network):
    generator = torch.Generator().manual_seed(1)
    crops = torch.randint(0, 256, (2, 5, 3, 128, 128), generator=generator, dtype=torch.uint8)
    with torch.no_grad():
        return network(*crops, network.initial_state(5))[0]


def test_the_folded_network_gives_the_scaled_logit_and_the_same_boxes(network):
    before = outputs(network)
    network.rescale_visibility(0.37, -1.9)
    after = outputs(network)
    assert torch.equal(after.corners, before.corners)
    assert torch.allclose(after.visibility, 0.37 * before.visibility - 1.9, atol=1e-6)


def test_a_network_without_the_output_is_refused_at_once():
    network = build("pt-small", fc_width=8, lstm_width=8)
    with pytest.raises(ConfigError, match="has no visibility output"):
        network.rescale_visibility(2, 1)
    with pytest.raises(ConfigError, match="has no visibility output"):
        calibrate(network, [None])


def test_scores_keep_their_order_and_become_probable(network, videos):
    before = collect_logits(network, videos)
    after = copy.deepcopy(network)
    calibration = calibrate(after, videos)
    seen = collect_logits(after, videos)
    platt = calibration.platt
    assert calibration.frames == len(before.hits) == len(seen.hits) > 30
    assert calibration.hits == pytest.approx(before.hits.mean())
    assert np.array_equal(seen.hits, before.hits)
    assert np.allclose(seen.logits, platt.scale * before.logits + platt.offset, atol=1e-3)
    assert likelihood(seen) > likelihood(before)
    well, all_of_them = calibration.rounded
    assert len(after.activation_ranges) == well > 30, "int8 serves most convolutions"
    assert all_of_them == 39, "all that run; `compact` with magnified crops has one more"
    assert 0 < calibration.change < 0.1
    assert after.activation_ranges["trunk.conv1"].high > 100, "pixels"
    assert not network.activation_ranges, "of the other network nothing is known"


def likelihood(labelled):
    signs = np.where(labelled.hits, 1, -1)
    return -np.logaddexp(0, -signs * labelled.logits).mean()


def test_a_frame_without_the_object_is_a_miss(network, videos):
    videos[0].track.visibility[1:] = 0
    assert not collect_logits(network, videos[:1]).hits.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_file_keeps_what_it_said_and_its_precision(network, tmp_path, dtype):
    source, output = tmp_path / "in.safetensors", tmp_path / "out.safetensors"
    save(network, source, {"training": "{}", "steps": "7"}, dtype)
    calibration = Calibration(Platt(0.5, 1.0), 100, 0.75, (1, 2), 0.05)
    network.activation_ranges = {"trunk.conv1": ActivationRange(-123.0, 151.0)}
    save_calibrated(network, calibration, source, output)
    assert load(output).activation_ranges == network.activation_ranges
    metadata = read_metadata(output)
    assert (metadata["training"], metadata["steps"]) == ("{}", "7")
    assert "logit x 0.5 + 1" in metadata["calibration"]
    assert "75.0% of them hits" in metadata["calibration"]
    assert metadata["calibration"].endswith(
        "int8 for 1 of 2 convolutions, which moves a corner by 0.50% of a crop's side"
    )
    assert output.stat().st_size < 1.01 * source.stat().st_size + 1000
    save_calibrated(load(output), calibration, output, source)
    assert read_metadata(source)["calibration"].count("logit x 0.5") == 2
