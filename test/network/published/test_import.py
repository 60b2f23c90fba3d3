# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import os
import pickle
import shutil

import numpy as np
import pytest
import torch

from re3_ros import network
from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network.published import detect_layout, import_published
from re3_ros.network.published._layouts import LAYOUTS, shapes_of

PRESETS = {"tf-large": "paper", "tf-small": "tf-small", "pt-large": "paper", "pt-small": "pt-small"}
DATA = "model.ckpt-0.data-00000-of-00001"


@pytest.fixture
def copy(fixtures, tmp_path):
    """Return a function that copies a fixture, to be damaged."""

    def make(name):
        shutil.copytree(fixtures / name, tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def edited(copy):
    """Return a function that changes the state of a PyTorch fixture."""

    def edit(name, change):
        path = copy(name) / "model.pt"
        state = torch.load(path, weights_only=True)
        change(state)
        torch.save(state, path)
        return path

    return edit


def crops(grids):
    """Return uint8 crops (previous and current, targets, 3, 227, 227) of images of 8 x 8 cells."""
    large = grids.repeat(29, axis=2).repeat(29, axis=3)[:, :, :227, :227]
    return torch.from_numpy(large).permute(0, 1, 4, 2, 3)


@pytest.mark.parametrize("name", PRESETS)
def test_outputs_are_those_of_the_program_that_wrote_the_file(fixtures, name):
    net = import_published(fixtures / name)
    expected = np.load(fixtures / name / "expected.npz")
    assert net.architecture == PRESETS[name]
    state = net.initial_state(2)
    with torch.no_grad():
        for grids, outputs in zip(expected["grids"], expected["outputs"], strict=True):
            out, state = net(*crops(grids), state)
            np.testing.assert_allclose(out.corners, outputs, rtol=0, atol=1e-4)
    rows = [1, 0, 3, 2] if name.startswith("tf") else [0, 1, 2, 3]  # TensorFlow: c1, h1, c2, h2
    np.testing.assert_allclose(state[:, rows].transpose(0, 1), expected["states"], atol=1e-4)


@pytest.mark.parametrize("name", PRESETS)
def test_fixtures_would_show_a_mistake(fixtures, name):
    outputs = np.load(fixtures / name / "expected.npz")["outputs"]
    assert np.abs(outputs[:, 0] - outputs[:, 1]).max() > 0.1
    assert np.abs(np.diff(outputs, axis=0)).max() > 0.1


@pytest.mark.parametrize("name", PRESETS)
def test_the_layout_is_found_and_may_be_named(fixtures, name):
    assert detect_layout(fixtures / name) == name
    import_published(fixtures / name, name)


@pytest.mark.parametrize(
    "path",
    [
        "tf-small/model.ckpt-0.index",
        "tf-small/model.ckpt-0",
        f"tf-small/{DATA}",
        "tf-small/checkpoint",
        "pt-large/model.pt",
    ],
)
def test_any_of_its_files_may_be_named(fixtures, path):
    assert detect_layout(str(fixtures / path)) == path.partition("/")[0]


def test_an_imported_network_can_be_saved(fixtures, tmp_path):
    net = import_published(fixtures / "tf-small")
    network.save(net, tmp_path / "tf.safetensors")
    loaded = network.load(tmp_path / "tf.safetensors")
    assert loaded.options["trunk_widths"] == [4, 6, 8, 10, 6]
    assert loaded.options["fc_width"] == 5


@pytest.mark.parametrize("name", PRESETS)
def test_full_widths_have_the_published_parameters(meta, name):
    with meta:
        net = network.build(PRESETS[name])
    options = {
        "trunk_widths": [conv.out_channels for conv in net.trunk.convs.values()],
        "head_width": 512,
        **{key: net.options[key] for key in ("skip_widths", "fc_width", "lstm_width")},
    }
    shapes = shapes_of(LAYOUTS[name], options, net.trunk.taps, net.features)
    assert set(shapes) == set(LAYOUTS[name].names.values())
    total = sum(int(np.prod(shape)) for shape in shapes.values())
    assert total == sum(p.numel() for p in net.parameters())


def test_the_checkpoint_file_names_the_newest(copy):
    folder = copy("tf-small")
    for file in folder.glob("model.ckpt-0*"):
        shutil.copy(file, folder / file.name.replace("-0.", "-99."))
    (folder / "model.ckpt-0.index").write_bytes(b"damaged")
    text = '# a comment\nmodel_checkpoint_path: "/home/somebody/logs/model.ckpt-99"\n'
    (folder / "checkpoint").write_text(text)
    assert detect_layout(folder) == "tf-small"


def test_the_newest_state_of_a_folder_is_taken(copy):
    folder = copy("pt-small")
    (folder / "old.pt").write_bytes(b"damaged")
    os.utime(folder / "old.pt", (1, 1))
    assert detect_layout(folder) == "pt-small"


def test_the_zip_format_of_newer_torch_is_read(edited):
    path = edited("pt-large", lambda state: None)
    assert path.read_bytes()[:2] == b"PK"
    assert detect_layout(path) == "pt-large"


def test_faulty_tensors_are_named_as_the_file_names_them(edited):
    def names(state):
        del state["lstm1.input_gate.bias"]
        state["classifier.weight"] = torch.zeros(2)

    with pytest.raises(WeightsError) as caught:
        import_published(edited("pt-large", names))
    assert "lstm1.input_gate.bias is missing" in str(caught.value)
    assert "classifier.weight does not belong there" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "key", "shape", "expected"),
    [
        ("pt-large", "lstm2.forget_gate.weight", (3, 5), "(3, 14)"),
        ("pt-large", "fc6.weight", (5, 100), "(5, 3580)"),
        ("pt-large", "conv.1.weight", (6, 4, 5, 5), "(6, 2, 5, 5)"),
        ("pt-large", "prelu_skip.2.weight", (1,), "(3,)"),
        ("pt-large", "fc_output_out.bias", (), "(4,)"),
        ("pt-small", "lstm1.weight_hh", (12, 4), "(12, 3)"),
        ("pt-small", "feature_extractor.3.bn.weight", (31,), "(32,)"),
    ],
)
def test_misshaped_tensors_are_named(edited, name, key, shape, expected):
    path = edited(name, lambda state: state.update({key: torch.zeros(shape)}))
    with pytest.raises(WeightsError) as caught:
        import_published(path)
    assert f"{key} has shape {shape}, expected {expected}" in str(caught.value)


def test_widths_of_no_network_are_named(edited):
    path = edited("pt-large", lambda state: state.update({"conv.1.bias": torch.zeros(7)}))
    with pytest.raises(WeightsError, match="all even"):
        import_published(path)


def test_values_that_are_not_finite_are_named(edited):
    path = edited("pt-small", lambda state: state["fc6.bias"].fill_(float("nan")))
    with pytest.raises(WeightsError, match=r"fc6.bias holds values that are not finite"):
        import_published(path)


def test_the_wrong_layout_names_what_is_missing(fixtures):
    with pytest.raises(WeightsError, match=r"re3/lstm1/rnn/LSTM/block_input/weights is missing"):
        import_published(fixtures / "tf-small", "tf-large")
    with pytest.raises(ConfigError, match="'caffe'; choose one of auto, tf-large, tf-small"):
        import_published(fixtures / "tf-small", "caffe")


def test_a_state_of_another_network_is_named(tmp_path):
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=r"none of the published layouts.*2 tensors: bias, weig"):
        import_published(tmp_path / "other.pt")


def test_nothing_in_a_pickle_is_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"a": Evil()}, 2))
    torch.save({"a": Evil()}, tmp_path / "evil2.pt")
    for name in ("evil.pt", "evil2.pt"):
        with pytest.raises(WeightsError, match="is not a readable PyTorch state"):
            import_published(tmp_path / name)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x80\x02K\x01."])
def test_no_pytorch_state(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"model.pt (is not a readable|holds no state)"):
        import_published(tmp_path / "model.pt")


@pytest.mark.parametrize("state", [[torch.zeros(2)], {"epoch": 3}, torch.zeros(2)])
def test_a_file_of_torch_without_a_state(tmp_path, state):
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(WeightsError, match="holds no state of a network"):
        import_published(tmp_path / "model.pt")


def test_nothing_there(tmp_path):
    with pytest.raises(WeightsError, match="no published weights at"):
        import_published(tmp_path / "nothing.pt")
    with pytest.raises(WeightsError, match="holds no published weights; expected"):
        import_published(tmp_path)
    with pytest.raises(WeightsError, match=r"nothing.index is missing"):
        import_published(tmp_path / "nothing.index")


def test_a_missing_shard_is_named(copy):
    folder = copy("tf-large")
    (folder / DATA).unlink()
    with pytest.raises(WeightsError, match=rf"{DATA} is missing; it belongs to model.ckpt-0.index"):
        import_published(folder)


def test_a_truncated_shard_is_named(copy):
    folder = copy("tf-large")
    data = (folder / DATA).read_bytes()
    (folder / DATA).write_bytes(data[: len(data) // 8])
    with pytest.raises(WeightsError, match=rf"{DATA} is truncated: \d+ bytes, variable re3/"):
        import_published(folder)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_index_is_named(copy, damage):
    path = copy("tf-large") / "model.ckpt-0.index"
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes({"cut": data[:-60], "flip": data, "empty": b""}[damage])
    with pytest.raises(WeightsError, match=r"model.ckpt-0.index is not a usable TensorFlow index"):
        import_published(path)


def test_a_web_page_or_a_text_is_one_line_without_the_advice_of_torch(tmp_path):
    path = tmp_path / "model.pt"
    for content, says in (("<html>404</html>", "it is a web page"), ("some text", "readable")):
        path.write_text(content)
        with pytest.raises(WeightsError, match=says) as caught:
            import_published(path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200 + len(str(path))
