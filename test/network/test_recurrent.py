# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.network import FactoredLSTM, PeepholeLSTMCell

N, INPUTS, HIDDEN = 3, 5, 4
KINDS = ["dense", "diagonal", "none"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def equations(w, p, x, h, c):
    """Equations 1-6 of the paper, float64; W holds z, i, f, o as (W, b), P are matrices."""
    joined = np.concatenate([x, h], axis=1)
    affine = {gate: joined @ weight.T + bias for gate, (weight, bias) in w.items()}
    z = np.tanh(affine["z"])
    i = sigmoid(affine["i"] + c @ p["i"].T)
    f = sigmoid(affine["f"] + c @ p["f"].T)
    c = i * z + f * c
    o = sigmoid(affine["o"] + c @ p["o"].T)
    return o * np.tanh(c), c


def parts(cell):
    """Return the weights of a cell, gate by gate, and its peepholes as matrices."""
    weight, bias = (v.detach().double().numpy() for v in (cell.gates.weight, cell.gates.bias))
    if cell.recurrent_bias is not None:
        bias = bias + cell.recurrent_bias.detach().double().numpy()
    rows = {gate: slice(k * HIDDEN, (k + 1) * HIDDEN) for k, gate in enumerate("zifo")}
    peepholes = {}
    for gate in "ifo":
        value = getattr(cell, f"peephole_{gate}")
        value = np.zeros(HIDDEN) if value is None else value.detach().double().numpy()
        peepholes[gate] = np.diag(value) if value.ndim == 1 else value
    return {gate: (weight[r], bias[r]) for gate, r in rows.items()}, peepholes


def randomise(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.7)


def draws(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("peephole", KINDS)
@pytest.mark.parametrize("recurrent_bias", [False, True])
def test_cell_is_equations_1_to_6(peephole, recurrent_bias):
    cell = PeepholeLSTMCell(INPUTS, HIDDEN, peephole, recurrent_bias=recurrent_bias).double()
    randomise(cell)
    h, c = draws(N, HIDDEN), draws(N, HIDDEN)
    expected_h, expected_c = h.numpy(), c.numpy()
    for _ in range(6):
        x = draws(N, INPUTS)
        h, c = cell(x, h, c)
        expected_h, expected_c = equations(*parts(cell), x.numpy(), expected_h, expected_c)
    np.testing.assert_allclose(h.detach().numpy(), expected_h, atol=1e-12)
    np.testing.assert_allclose(c.detach().numpy(), expected_c, atol=1e-12)


@pytest.mark.parametrize("peephole", KINDS)
def test_single_precision_agrees(peephole):
    cell = PeepholeLSTMCell(INPUTS, HIDDEN, peephole)
    randomise(cell)
    x, h, c = torch.randn(N, INPUTS), torch.randn(N, HIDDEN), torch.randn(N, HIDDEN)
    expected = equations(*parts(cell), *(v.double().numpy() for v in (x, h, c)))
    for found, wanted in zip(cell(x, h, c), expected, strict=True):
        np.testing.assert_allclose(found.detach().numpy(), wanted, atol=1e-6)


def test_without_peepholes_it_is_the_cell_of_torch():
    cell, theirs = PeepholeLSTMCell(INPUTS, HIDDEN, "none"), torch.nn.LSTMCell(INPUTS, HIDDEN)
    i, f, z, o = range(4)
    with torch.no_grad():
        joined = torch.cat([theirs.weight_ih, theirs.weight_hh], 1).chunk(4)
        bias = (theirs.bias_ih + theirs.bias_hh).chunk(4)
        cell.gates.weight.copy_(torch.cat([joined[k] for k in (z, i, f, o)]))
        cell.gates.bias.copy_(torch.cat([bias[k] for k in (z, i, f, o)]))
    x, state = torch.randn(N, INPUTS), (torch.randn(N, HIDDEN), torch.randn(N, HIDDEN))
    torch.testing.assert_close(cell(x, *state), theirs(x, state))


def test_the_second_layer_sees_the_embedding_and_the_first_layer():
    lstm = FactoredLSTM(INPUTS, HIDDEN).double()
    randomise(lstm)
    state, embedding = draws(N, 4, HIDDEN), draws(N, INPUTS)
    hidden, new = lstm(embedding, state)
    h1, c1, h2, c2 = state.numpy().transpose(1, 0, 2)
    h1, c1 = equations(*parts(lstm.cells[0]), embedding.numpy(), h1, c1)
    second_input = np.concatenate([embedding.numpy(), h1], axis=1)
    h2, c2 = equations(*parts(lstm.cells[1]), second_input, h2, c2)
    rows = np.stack([h1, c1, h2, c2], axis=1)
    np.testing.assert_allclose(new.detach().numpy(), rows, atol=1e-12)
    np.testing.assert_array_equal(hidden.detach(), new[:, 2].detach())


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_given_state_is_not_touched(layers):
    lstm = FactoredLSTM(INPUTS, HIDDEN, layers)
    state = torch.randn(N, *lstm.state_shape)
    before = state.clone()
    _, new = lstm(torch.randn(N, INPUTS), state)
    assert new.shape == (N, 2 * layers, HIDDEN)
    torch.testing.assert_close(state, before, rtol=0, atol=0)


@pytest.mark.parametrize("peephole", KINDS)
def test_gradient_reaches_every_parameter_through_time(peephole):
    lstm = FactoredLSTM(INPUTS, HIDDEN, peephole=peephole)
    first = torch.randn(N, INPUTS, requires_grad=True)
    state = torch.zeros(N, *lstm.state_shape)
    _, state = lstm(first, state)
    for _ in range(4):
        hidden, state = lstm(torch.randn(N, INPUTS), state)
    hidden.square().sum().backward()
    assert first.grad.abs().max() > 1e-6
    for name, parameter in lstm.named_parameters():
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("peephole", KINDS)
def test_under_bf16_autocast_the_state_stays_single_precision(peephole):
    lstm = FactoredLSTM(INPUTS, HIDDEN, peephole=peephole)
    randomise(lstm)
    embedding, state = torch.randn(N, INPUTS), torch.randn(N, 4, HIDDEN)
    expected, _ = lstm(embedding, state)
    with torch.autocast("cpu", torch.bfloat16):
        hidden, new = lstm(embedding.bfloat16(), state)
    assert new.dtype == torch.float32
    torch.testing.assert_close(hidden, expected, rtol=0, atol=0.03)


def test_initial_weights_are_msra_with_open_forget_gates():
    cell = PeepholeLSTMCell(300, 200, "dense", forget_bias=1.0)
    for weight in (cell.gates.weight, cell.peephole_i, cell.peephole_o):
        assert weight.std().item() == pytest.approx((2 / 700) ** 0.5, rel=0.03)
    z, i, f, o = cell.gates.bias.detach().chunk(4)
    assert (f == 1).all()
    assert not torch.cat([z, i, o]).any()
    assert not PeepholeLSTMCell(3, 4, "diagonal").peephole_f.any()


def test_unknown_peepholes_and_layers_are_refused():
    with pytest.raises(ConfigError, match="'full'; choose one of dense, diagonal, none"):
        PeepholeLSTMCell(INPUTS, HIDDEN, "full")
    with pytest.raises(ConfigError, match="layers is 0"):
        FactoredLSTM(INPUTS, HIDDEN, layers=0)
