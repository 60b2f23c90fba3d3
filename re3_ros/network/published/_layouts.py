# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The names and shapes of the published weights, and what each tensor is to our networks.

A published file is first brought to common terms: names of this module, convolutions as
(out, in, height, width), matrices as (out, in). Then `assemble` makes the state of our network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from re3_ros.network import CAFFENET_GROUPS, CAFFENET_KERNELS, Shape

Shapes = dict[str, tuple[int, ...]]
GATES = ("block_input", "input_gate", "forget_gate", "output_gate")
"""z, i, f, o by the names that the large networks' files give them."""
SMALL_TF_CELL = ("kernel", "bias", "w_i_diag", "w_f_diag", "w_o_diag")
SMALL_PT_CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_TAPS = (1, 2, 5)


@dataclass(frozen=True)
class Layout:
    """One published family: the preset it fills, its marks, and the common name of each tensor."""

    preset: str
    mark: str
    """A tensor that only this layout has."""
    names: dict[str, str]
    """From the names in the file to the common ones."""
    transposed: bool
    """TensorFlow stores (height, width, in, out) and (in, out)."""
    assemble: Callable[[dict[str, Tensor]], dict[str, Tensor]]


def options_of(layout: Layout, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Return the widths of the network for `build`, read off the biases in common terms."""
    options = {
        "trunk_widths": [tensors[f"conv{k}.bias"].numel() for k in range(1, 6)],
        "fc_width": tensors["fc6.bias"].numel(),
    }
    if layout.preset == "pt-small":
        options["lstm_width"] = tensors["lstm1.bias_ih"].numel() // 4
        options["head_width"] = tensors["output.0.bias"].numel()
        return options
    options["skip_widths"] = [tensors[f"skip{k}.bias"].numel() for k in _TAPS]
    large = layout.preset == "paper"
    bias = tensors["lstm1.block_input.bias" if large else "lstm1.bias"]
    options["lstm_width"] = bias.numel() // (1 if large else 4)
    return options


def shapes_of(
    layout: Layout, options: dict[str, Any], taps: tuple[Shape, ...], features: int
) -> Shapes:
    """Return the shapes in common terms of a network with ``options``."""
    fc, hidden = options["fc_width"], options["lstm_width"]
    shapes: Shapes = {"fc6.weight": (fc, 2 * features), "fc6.bias": (fc,)}
    for n, inputs in ((1, fc), (2, fc + hidden)):
        cell = _CELL_SHAPES[layout.preset](inputs, hidden)
        shapes.update({f"lstm{n}.{name}": shape for name, shape in cell.items()})
    widths = options["trunk_widths"]
    if layout.preset == "pt-small":
        head = options["head_width"]
        shapes.update(_linear("output.0", hidden, head) | _linear("output.2", head, 4))
        return shapes | _small_trunk_shapes(widths)
    shapes.update(_linear("output", hidden, 4))
    return shapes | _caffenet_shapes(widths, options["skip_widths"], taps)


def _linear(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _caffenet_shapes(widths: list[int], skips: list[int], taps: tuple[Shape, ...]) -> Shapes:
    shapes: Shapes = {}
    for k, (inputs, width) in enumerate(zip((3, *widths), widths, strict=False)):
        kernel = CAFFENET_KERNELS[k]
        shapes[f"conv{k + 1}.weight"] = (width, inputs // CAFFENET_GROUPS[k], kernel, kernel)
        shapes[f"conv{k + 1}.bias"] = (width,)
    for k, width, (channels, _, _) in zip(_TAPS, skips, taps, strict=True):
        shapes[f"skip{k}.weight"] = (width, channels, 1, 1)
        shapes[f"skip{k}.bias"] = shapes[f"skip{k}.prelu"] = (width,)
    return shapes


def _small_trunk_shapes(widths: list[int]) -> Shapes:
    shapes: Shapes = {}
    for k, (inputs, width) in enumerate(zip((3, *widths), widths, strict=False)):
        kernel = 7 if k == 0 else 3
        shapes[f"conv{k + 1}.weight"] = (width, inputs, kernel, kernel)
        for name in (f"conv{k + 1}.bias", f"norm{k + 1}.weight", f"norm{k + 1}.bias"):
            shapes[name] = (width,)
    return shapes


def _large_cell_shapes(inputs: int, hidden: int) -> Shapes:
    shapes: Shapes = {}
    for gate in GATES:
        seen = inputs + hidden * (1 if gate == "block_input" else 2)
        shapes |= _linear(gate, seen, hidden)
    return shapes


def _small_tf_cell_shapes(inputs: int, hidden: int) -> Shapes:
    shapes: Shapes = {"kernel": (4 * hidden, inputs + hidden), "bias": (4 * hidden,)}
    return shapes | dict.fromkeys(SMALL_TF_CELL[2:], (hidden,))


def _small_pt_cell_shapes(inputs: int, hidden: int) -> Shapes:
    shapes: Shapes = {"weight_ih": (4 * hidden, inputs), "weight_hh": (4 * hidden, hidden)}
    return shapes | dict.fromkeys(SMALL_PT_CELL[2:], (4 * hidden,))


_CELL_SHAPES: dict[str, Callable[[int, int], Shapes]] = {
    "paper": _large_cell_shapes,
    "tf-small": _small_tf_cell_shapes,
    "pt-small": _small_pt_cell_shapes,
}


def _assemble_large(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    state = _assemble_common(tensors) | _assemble_skips(tensors)
    for n in (1, 2):
        cell = f"lstm.cells.{n - 1}."
        hidden = tensors[f"lstm{n}.block_input.bias"].numel()
        weights = [tensors[f"lstm{n}.{gate}.weight"] for gate in GATES]
        seen = weights[0].shape[1]
        state[cell + "gates.weight"] = torch.cat([w[:, :seen] for w in weights])
        state[cell + "gates.bias"] = torch.cat([tensors[f"lstm{n}.{g}.bias"] for g in GATES])
        for gate, weight in zip("ifo", weights[1:], strict=True):
            state[f"{cell}peephole_{gate}"] = weight[:, -hidden:]
    return state


def _assemble_small_tf(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The file's gates are i, z, f, o; TensorFlow adds 1 to the forget gate as it runs."""
    state = _assemble_common(tensors) | _assemble_skips(tensors)
    for n in (1, 2):
        cell = f"lstm.cells.{n - 1}."
        bias = _reorder(tensors[f"lstm{n}.bias"], (1, 0, 2, 3))
        bias[len(bias) // 2 : len(bias) * 3 // 4] += 1
        state[cell + "gates.weight"] = _reorder(tensors[f"lstm{n}.kernel"], (1, 0, 2, 3))
        state[cell + "gates.bias"] = bias
        for gate in "ifo":
            state[f"{cell}peephole_{gate}"] = tensors[f"lstm{n}.w_{gate}_diag"]
    return state


def _assemble_small_pt(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The file's gates are i, f, z, o, with one bias for the input and one for h."""
    state = _assemble_common(tensors)
    for k in range(1, 6):
        for kind in ("weight", "bias"):
            state[f"trunk.norms.conv{k}.{kind}"] = tensors[f"norm{k}.{kind}"]
    for n in (1, 2):
        cell = f"lstm.cells.{n - 1}."
        parts = {name: _reorder(tensors[f"lstm{n}.{name}"], (2, 0, 1, 3)) for name in SMALL_PT_CELL}
        state[cell + "gates.weight"] = torch.cat([parts["weight_ih"], parts["weight_hh"]], 1)
        state[cell + "gates.bias"] = parts["bias_ih"]
        state[cell + "recurrent_bias"] = parts["bias_hh"]
    return state


def _assemble_common(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    previous, current = tensors["fc6.weight"].chunk(2, 1)
    state = {
        "fc6_previous.weight": previous,
        "fc6_previous.bias": tensors["fc6.bias"],
        "fc6_current.weight": current,
    }
    heads = {"output": "head", "output.0": "head_hidden", "output.2": "head"}
    for kind in ("weight", "bias"):
        for k in range(1, 6):
            state[f"trunk.convs.conv{k}.{kind}"] = tensors[f"conv{k}.{kind}"]
        for name, ours in heads.items():
            if f"{name}.{kind}" in tensors:
                state[f"{ours}.{kind}"] = tensors[f"{name}.{kind}"]
    return state


def _assemble_skips(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    state = {}
    for k, tap in enumerate(_TAPS):
        state[f"skips.{k}.0.weight"] = tensors[f"skip{tap}.weight"]
        state[f"skips.{k}.0.bias"] = tensors[f"skip{tap}.bias"]
        state[f"skips.{k}.1.weight"] = tensors[f"skip{tap}.prelu"]
    return state


def _reorder(gates: Tensor, order: tuple[int, ...]) -> Tensor:
    """Return the four gates stacked along the first axis in another order."""
    parts = gates.chunk(4)
    return torch.cat([parts[k] for k in order])


def _tf_names(cell: dict[str, str]) -> dict[str, str]:
    names = {"re3/fc6/W_fc": "fc6.weight", "re3/fc6/b_fc": "fc6.bias"}
    names |= {"re3/fc_output/W_fc": "output.weight", "re3/fc_output/b_fc": "output.bias"}
    for k in range(1, 6):
        names |= {f"re3/conv{k}/W_conv": f"conv{k}.weight", f"re3/conv{k}/b_conv": f"conv{k}.bias"}
    for k in _TAPS:
        names[f"re3/conv{k}_skip/W_conv"] = f"skip{k}.weight"
        names[f"re3/conv{k}_skip/b_conv"] = f"skip{k}.bias"
        names[f"re3/conv{k}_skip/prelu"] = f"skip{k}.prelu"
    for n in (1, 2):
        names |= {f"re3/lstm{n}/rnn/{theirs}": f"lstm{n}.{ours}" for theirs, ours in cell.items()}
    return names


def _pt_large_names() -> dict[str, str]:
    names = {"fc_output_out.weight": "output.weight", "fc_output_out.bias": "output.bias"}
    for k, tap in enumerate(_TAPS):
        names[f"prelu_skip.{k}.weight"] = f"skip{tap}.prelu"
    for kind in ("weight", "bias"):
        names[f"fc6.{kind}"] = f"fc6.{kind}"
        names |= {f"conv.{k}.{kind}": f"conv{k + 1}.{kind}" for k in range(5)}
        names |= {f"conv_skip.{k}.{kind}": f"skip{tap}.{kind}" for k, tap in enumerate(_TAPS)}
        names |= {f"lstm{n}.{g}.{kind}": f"lstm{n}.{g}.{kind}" for n in (1, 2) for g in GATES}
    return names


def _pt_small_names() -> dict[str, str]:
    names = {f"lstm{n}.{name}": f"lstm{n}.{name}" for n in (1, 2) for name in SMALL_PT_CELL}
    for kind in ("weight", "bias"):
        names[f"fc6.{kind}"] = f"fc6.{kind}"
        names |= {f"fc_output.{k}.{kind}": f"output.{k}.{kind}" for k in (0, 2)}
        for k, place in enumerate((0, 1, 3, 5, 7)):
            names[f"feature_extractor.{place}.conv.{kind}"] = f"conv{k + 1}.{kind}"
            names[f"feature_extractor.{place}.bn.{kind}"] = f"norm{k + 1}.{kind}"
    return names


_TF_LARGE_CELL = {
    f"LSTM/{gate}/{theirs}": f"{gate}.{ours}"
    for gate in GATES
    for theirs, ours in (("weights", "weight"), ("biases", "bias"))
}
_TF_SMALL_CELL = {f"lstm_cell/{name}": name for name in SMALL_TF_CELL}

LAYOUTS: dict[str, Layout] = {
    "tf-large": Layout(
        "paper",
        "re3/lstm1/rnn/LSTM/block_input/weights",
        _tf_names(_TF_LARGE_CELL),
        transposed=True,
        assemble=_assemble_large,
    ),
    "tf-small": Layout(
        "tf-small",
        "re3/lstm1/rnn/lstm_cell/kernel",
        _tf_names(_TF_SMALL_CELL),
        transposed=True,
        assemble=_assemble_small_tf,
    ),
    "pt-large": Layout(
        "paper",
        "lstm1.block_input.weight",
        _pt_large_names(),
        transposed=False,
        assemble=_assemble_large,
    ),
    "pt-small": Layout(
        "pt-small",
        "lstm1.weight_ih",
        _pt_small_names(),
        transposed=False,
        assemble=_assemble_small_pt,
    ),
}
