# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Exported files do what the network does, for any number of targets."""

import json

import numpy as np
import pytest
import torch

from re3_ros import versions
from re3_ros.errors import ConfigError
from re3_ros.network.runtimes import FORMATS, export
from re3_ros.network.runtimes._export import _NEEDS


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
