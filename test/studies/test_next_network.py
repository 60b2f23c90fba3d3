# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json
import sys

import pytest

from re3_ros.network import build, save


@pytest.fixture
def words(data_root, run_file, tmp_path):
    """Return the arguments of a call on two short videos."""
    words = ["next_network.py", "--data", str(data_root), "--output", str(tmp_path / "next")]
    words += ["--config", str(run_file), "--runtime", "torch", "--videos", "2", "--frames", "8"]
    return [*words, "--picture", str(tmp_path / "next.png")]


def test_what_has_weights_is_measured_and_drawn(
    script, words, small, tmp_path, monkeypatch, capsys
):
    (tmp_path / "next").mkdir()
    for name in ("present", "coarse_look"):
        network = build("compact", **small, wide=name == "coarse_look")
        save(network, tmp_path / "next" / f"{name}.safetensors", {"steps": "2"})
    monkeypatch.setattr(sys, "argv", [*words, "--minutes", "0"])
    script.main()
    assert "coarse look" in capsys.readouterr().out
    found = json.loads((tmp_path / "next" / "next_network.json").read_text())["results"]
    assert set(found) == {"present", "coarse look"}
    assert found["coarse look"]["look_mflop"] > found["present"]["look_mflop"]
    assert found["present"]["pairs"] == 2 * 24 * 8
    assert set(found["present"]["scores"]) == {kind for kind, *_ in script.KINDS}
    assert (tmp_path / "next.png").read_bytes()[:4] == b"\x89PNG"


def test_a_variant_is_trained_for_its_minutes(
    script, words, small, tmp_path, monkeypatch, data_root
):
    seen, trained = [], tmp_path / "trained.safetensors"
    save(build("compact", **small), trained, {"steps": "2"})
    monkeypatch.setattr(
        script, "train", lambda *a, **k: seen.append((*a, k["deadline"])) or trained
    )
    monkeypatch.setattr(sys, "argv", [*words, "--minutes", "3", "--variants", "2.5 boxes"])
    script.main()
    [(config, data, folder, deadline)] = seen
    assert config.options == {"side": 160, "context": 2.5}
    assert config.stages[0].rate == (3e-4, 3e-4)
    assert (data, folder.name) == (data_root, "2_5_boxes")
    assert deadline.minutes == 3
    assert 150 < deadline.left <= 180
    assert (tmp_path / "next" / "2_5_boxes.safetensors").read_bytes() == trained.read_bytes()


def test_an_unknown_variant_is_named(script, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [*words, "--variants", "present,four boxes"])
    with pytest.raises(SystemExit):
        script.main()
    assert "no variant 'four boxes'; there are present, 2.5 boxes" in capsys.readouterr().err
