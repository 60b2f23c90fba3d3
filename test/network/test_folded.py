# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network rewritten for a GPU is the same function, of few operations."""

import shutil
from dataclasses import fields

import pytest
import torch
from dispatching import Counted

from re3_ros.network import FoldedCompact, _functions, build, can_fold, load
from re3_ros.network._functions import CHAINS, Functions, functions_for
from re3_ros.network.runtimes._steps import PlainSteps
from re3_ros.weights import default_weights

MOST_OPERATIONS = 60


@pytest.fixture
def lively(small):
    """Return a maker of networks whose weights all count."""

    def make(name="compact", **options):
        torch.manual_seed(0)
        network = small(name, **options)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(1 + 0.1 * torch.randn_like(parameter))
            network.head.weight.normal_(std=0.2)
        return network

    return make


def passes(network, crops):
    """Return what a network says of crops (n, 3, S, S): a look, and a look again."""
    features = network.embed(crops)
    template, kept = network.template(features, crops), network.remember(features)
    state = torch.randn(len(crops), *network.state_shape, generator=torch.Generator())
    output, new = network.advance(kept, network.embed(crops.flip(0)), template, state)
    _, again = network.advance(kept, features, template, state)
    return output.corners, output.visibility, new, again


def folded_passes(folded, crops, state_shape):
    pixels = crops.permute(0, 2, 3, 1).contiguous()
    kept, features = folded.remember(pixels)
    template = folded.template(features, pixels)
    state = torch.randn(len(crops), *state_shape, generator=torch.Generator())
    answer = folded.look(pixels.flip(0), kept, template, state)
    return *answer, folded.look_again(kept, features, template, state)


@pytest.mark.parametrize("options", [{}, {"side": 160, "context": 2.5}], ids=["shipped", "wider"])
@pytest.mark.parametrize("targets", [1, 3])
@torch.inference_mode()
def test_it_is_the_same_function(lively, crops, options, targets):
    network = lively(**options)
    seen = crops(targets, network.crop_size)
    wanted = passes(network, seen)
    found = folded_passes(FoldedCompact(network, torch.float32), seen, network.state_shape)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4 * float(b.abs().max()))


@torch.inference_mode()
def test_in_bfloat16_it_is_as_near_as_the_network_itself(crops):
    """Of the shipped weights; both round to 8 bits, in another order."""
    network = load(default_weights())
    seen = crops(2, network.crop_size)
    wanted = passes(network, seen)
    found = folded_passes(FoldedCompact(network, torch.bfloat16), seen, network.state_shape)
    plain = folded_passes(PlainSteps(network, torch.bfloat16), seen, network.state_shape)
    for a, b, c in zip(found, wanted, plain, strict=True):
        assert (a - b).abs().max() < 2 * (c - b).abs().max() + 0.01 * b.abs().max()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@torch.inference_mode()
def test_a_look_takes_few_operations(crops, kind):
    """At the shipped widths; a chain that compiles to one kernel counts as one."""
    network = build("compact").eval()
    counted = Counted()
    names = [field.name for field in fields(Functions)]
    whole = {name: counted.as_one(name, getattr(Functions(), name)) for name in names}
    folded = FoldedCompact(network, kind, Functions(**whole))
    pixels = crops(2, network.crop_size).permute(0, 2, 3, 1).contiguous()
    kept, features = folded.remember(pixels)
    template, state = folded.template(features, pixels), network.initial_state(2)
    counted.operations.clear()
    with counted:
        folded.look(pixels, kept, template, state)
    assert len(counted.operations) <= MOST_OPERATIONS, counted.operations
    plain = PlainSteps(network, kind)
    kept, features = plain.remember(pixels)
    template = plain.template(features, pixels)
    counted.operations.clear()
    with counted:
        plain.look(pixels, kept, template, state)
    assert len(counted.operations) > 2 * MOST_OPERATIONS, "the count counts"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ here, which torch.compile needs")
@torch.inference_mode()
def test_compiled_it_is_the_same(lively, crops):
    pytest.importorskip("torch", minversion="2.4", reason="older ones cannot compile here")
    network = lively()
    seen = crops(2, network.crop_size)
    functions = functions_for(seen, compiled=True)
    assert all(getattr(functions, name) is not getattr(Functions(), name) for name in CHAINS)
    wanted = folded_passes(FoldedCompact(network, torch.float32), seen, network.state_shape)
    folded = FoldedCompact(network, torch.float32, functions)
    for a, b in zip(folded_passes(folded, seen, network.state_shape), wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4 * float(b.abs().max()))


def test_fused_convolutions_are_used_if_they_give_the_same(caplog):
    like, plain = torch.zeros(1, 16, 15, 15), Functions()
    assert _functions._agree(Functions(), plain, like)

    def refuses(*_):
        raise RuntimeError("no algorithm for this type\nand a trace")

    for wrong in (refuses, lambda x, *_: x):
        assert not _functions._agree(Functions(conv_add_relu=wrong), plain, like)
    assert "two kernels each on this GPU: no algorithm for this type" in caplog.messages[0]


@pytest.mark.parametrize(
    "options", [{"pyramid": False}, {"trunk": "mobilenet"}, {"wide": True}], ids=str
)
def test_what_it_cannot_rewrite_is_told(lively, small, options):
    assert can_fold(lively())
    assert not can_fold(lively(**options))
    assert not can_fold(small("paper"))
