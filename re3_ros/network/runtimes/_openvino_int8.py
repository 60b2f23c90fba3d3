# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO models in int8: weights of large matrices, and whole convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.network import WEIGHT_LIMIT, ActivationRange, Re3Network, rounding

from ._openvino_cpu import import_openvino

QUANTISED_FROM = 1 << 18
"""Numbers in a matrix from which on its weights become int8: those that memory is slow for."""


def quantise_weights(model: Any) -> None:
    """Replace the large matrices of a model by int8 and one scale a row, in place.

    Symmetric: a row's largest magnitude becomes 127. OpenVINO multiplies by such matrices without
    unpacking them in memory.
    """
    opset13 = import_openvino().opset13
    for node in model.get_ops():
        if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
            continue
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant" or np.prod(source.shape) < QUANTISED_FROM:
            continue
        values, scales = quantise(source.data)
        wide = opset13.convert(opset13.constant(values), "f32")
        node.input(1).replace_source_output(
            opset13.multiply(wide, opset13.constant(scales)).output(0)
        )


def quantise_convolutions(model: Any, network: Re3Network) -> int:
    """Round inputs and weights of those convolutions whose ranges the network knows, in place.

    OpenVINO then computes them in int8. Returns how many there are; they are known by their
    weights, up to a power of two, which conversion takes into them from what follows.
    """
    ranges = {
        _direction(network.get_parameter(f"{name}.weight").detach().numpy()): limits
        for name, limits in network.activation_ranges.items()
    }
    rounded: dict[tuple[str, int, ActivationRange], Any] = {}
    count = 0
    for node in model.get_ops():
        if node.get_type_name() != "Convolution":
            continue
        source, weights = node.input_value(0), node.input_value(1).get_node()
        constant = weights.get_type_name() == "Constant"
        limits = ranges.get(_direction(weights.data)) if constant else None
        if limits is None:
            continue
        key = (source.get_node().get_name(), source.get_index(), limits)
        if key not in rounded:
            least, most, scale = rounding(limits)
            rounded[key] = _fake(source, least * scale, most * scale, 256)
        node.input(0).replace_source_output(rounded[key])
        # OpenVINO knows int8 by 255 levels; of those the weights need the middle half.
        edge = np.abs(weights.data).max((1, 2, 3), keepdims=True) * (127 / WEIGHT_LIMIT)
        node.input(1).replace_source_output(_fake(weights, -edge, edge, 255))
        count += 1
    return count


def _fake(source: Any, least: Any, most: Any, levels: int) -> Any:
    """Return values as they are after rounding to so many levels."""
    opset13 = import_openvino().opset13
    edges = [opset13.constant(np.asarray(edge, np.float32)) for edge in (least, most)]
    return opset13.fake_quantize(source, *edges, *edges, levels).output(0)


def _direction(weights: NDArray[np.float32]) -> bytes:
    """Return what weights have in common with their multiples by powers of two."""
    largest = max(float(np.abs(weights).max()), float(np.finfo(np.float32).tiny))
    return np.asarray(weights / np.float32(largest)).tobytes()


def quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 (M, K) and scales (M, 1) whose product is nearest to ``weights`` (M, K)."""
    scales = np.maximum(np.abs(weights).max(1, keepdims=True) / 127, np.finfo(np.float32).tiny)
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)
