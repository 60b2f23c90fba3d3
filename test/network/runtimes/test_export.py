# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Exported files do what the network does, for any number of targets."""

import json

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from re3_ros import versions
from re3_ros.bench import demo_clip
from re3_ros.crops import crop_many
from re3_ros.errors import ConfigError
from re3_ros.network import load
from re3_ros.network.runtimes import FORMATS, export
from re3_ros.network.runtimes._export import _NEEDS
from re3_ros.weights import default_weights


def need(form):
    if problem := versions.problem(_NEEDS[form]):
        pytest.skip(f"{form} {problem}")


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_agrees_with_torch_and_describes_itself(small, tmp_path, form):
    need(form)
    network = small("compact")
    found = export(network, tmp_path, form, {"sha256": "abc"})
    assert 0 <= found.deviation < 1e-3
    assert all(path.stat().st_size > 0 for path in found.files)
    about = json.loads((tmp_path / "network.json").read_text())
    assert about["metadata"] == {"sha256": "abc"}
    assert about["crop_size"] == 128
    look = about["graphs"]["look"]
    assert list(look["inputs"]) == ["crops", "remembered", "template", "state"]
    assert look["inputs"]["crops"] == ["uint8", -1, 128, 128, 3]
    assert look["inputs"]["state"] == look["outputs"]["new_state"] == ["float32", -1, 4, 7]


TENSORRT = {
    *(
        "Add",
        "AveragePool",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Conv",
        "Div",
        "Equal",
    ),
    *("Expand", "Flatten", "Gather", "Gemm", "Identity", "MatMul", "Max", "MaxPool", "Min", "Mul"),
    *("Neg", "Pad", "Pow", "PRelu", "Range", "ReduceL2", "ReduceMax", "ReduceSum", "Relu"),
    *("Reshape", "Shape", "Sigmoid", "Slice", "Softmax", "SpaceToDepth", "Split", "Sqrt"),
    *("Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where"),
}
"""Operators that TensorRT's ONNX parser has known in float16 since 8.4 (operators.md of
onnx-tensorrt), as far as networks such as ours may have them."""


@pytest.mark.parametrize("preset", ["compact", "paper"])
def test_tensorrt_knows_all_operators(small, tmp_path, preset):
    need("onnx")
    import onnx

    export(small(preset), tmp_path, "onnx")
    for path in tmp_path.glob("*.onnx"):
        graph = onnx.load(path).graph
        assert {node.op_type for node in graph.node} <= TENSORRT
        given = {value.name for value in graph.initializer}
        given |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
        for node in graph.node:
            if node.op_type == "MaxPool":
                assert len(node.output) == 1, "indices are not supported"
            if node.op_type == "Conv":
                assert node.input[1] in given, "of a convolution's weights: known beforehand"
            if node.op_type in ("Slice", "Squeeze", "Unsqueeze", "ReduceMax", "ReduceSum"):
                axes = node.input[3 if node.op_type == "Slice" else 1 :][:1]
                assert given.issuperset(axes), "axes: known beforehand"


def test_every_number_of_a_look_has_room_in_float16():
    """With the shipped weights on the demo's images, squares in a norm included: TensorRT's fp16
    is safe."""
    network = load(default_weights())
    clip = demo_clip(20)
    crops = [crop_many(i, b[None], 128) for i, b in zip(clip.rgb, clip.truth, strict=True)]
    seen = torch.from_numpy(np.concatenate(crops)).permute(0, 3, 1, 2)
    with torch.inference_mode(), Largest() as largest:
        features = network.embed(seen)
        template, kept = network.template(features, seen), network.remember(features)
        state = network.initial_state(len(seen))
        for _ in range(33):
            _, state = network.advance(kept, features.flip(0), template, state)
    assert 100 < largest.value < torch.finfo(torch.float16).max / 8


class Largest(TorchDispatchMode):
    """Knows the largest magnitude of all that was computed."""

    value = 0.0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        found = function(*arguments, **(keywords or {}))
        several = found if isinstance(found, list | tuple) else [found]
        if "norm" in str(function):
            several = [*several, (arguments[0] ** 2).sum(1)]
        for one in several:
            if isinstance(one, torch.Tensor) and one.is_floating_point() and one.numel():
                self.value = max(self.value, float(one.abs().max()))
        return found


def test_an_onnx_network_without_template_runs_by_its_names_alone(small, tmp_path):
    need("onnx")
    import onnxruntime

    network = small("paper")
    export(network, tmp_path, "onnx")
    session = onnxruntime.InferenceSession(tmp_path / "look.onnx")
    about = json.loads((tmp_path / "network.json").read_text())["graphs"]["look"]
    assert [p.name for p in session.get_inputs()] == list(about["inputs"])
    assert list(about["inputs"]) == ["crops", "remembered", "state"]
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (3, 227, 227, 3), np.uint8)
    kept = rng.standard_normal((3, 12)).astype(np.float32)
    state = rng.standard_normal((3, 4, 7)).astype(np.float32)
    inputs = {"crops": crops, "remembered": kept, "state": state}
    corners, new = session.run(["corners", "new_state"], inputs)
    with torch.no_grad():
        features = network.embed(torch.from_numpy(crops).permute(0, 3, 1, 2))
        output, wanted = network.advance(
            torch.from_numpy(kept), features, torch.zeros(3, 0), torch.from_numpy(state)
        )
    np.testing.assert_allclose(corners, output.corners.numpy(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(new, wanted.numpy(), rtol=1e-4, atol=1e-4)


def test_a_wrong_file_is_refused(small, tmp_path, monkeypatch):
    need("torch-export")

    def unlike(path):
        engine = read(path)
        return lambda arrays: [a + 0.01 for a in engine(arrays)]

    from re3_ros.network.runtimes import _export

    read = _export._READERS["torch-export"]
    monkeypatch.setitem(_export._READERS, "torch-export", unlike)
    with pytest.raises(ConfigError, match=r"deviates from torch by .* do not use it"):
        export(small("paper"), tmp_path, "torch-export")


def test_what_cannot_be_exported_is_refused_with_the_way_out(small, tmp_path, monkeypatch):
    network = small("compact")
    with pytest.raises(ConfigError, match=r"format is 'coreml'; choose one of onnx"):
        export(network, tmp_path, "coreml")
    monkeypatch.setattr(versions, "found", {"torch": "1.13.1"}.get)
    with pytest.raises(
        ConfigError, match=r"format openvino needs openvino .*here is none.* install"
    ):
        export(network, tmp_path, "openvino")
    with pytest.raises(
        ConfigError, match=r"format torch-export needs torch 2.5 .*here is 1\.13\.1"
    ):
        export(network, tmp_path, "torch-export")
