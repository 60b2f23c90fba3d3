# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import numpy as np
import pytest

from re3_ros.datasets import read_sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation import run_sequence
from re3_ros.evaluation.trackers import TrackerSpec, parse_spec, parse_specs
from re3_ros.network import build, save

MINE = """
class Still:
    def init(self, image, box):
        self.box = box
    def update(self, image):
        return self.box

class Half:
    def init(self, image, box):
        pass

def make():
    return Still()

NUMBER = 3
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Write a module with trackers into the current folder; return its path."""
    path = tmp_path / "my_tracker.py"
    path.write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop("my_tracker", None)


@pytest.mark.parametrize(
    ("text", "name", "weights", "label"),
    [
        ("re3", "re3", None, "re3"),
        ("re3@runs/a.safetensors", "re3", "runs/a.safetensors", "re3@a"),
        ("new=re3-procedure@a.safetensors", "re3-procedure", "a.safetensors", "new"),
        ("my kcf=kcf", "kcf", None, "my kcf"),
        ("my_tracker:Still", "my_tracker:Still", None, "my_tracker:Still"),
        ("trax:/opt/x/track --a=b@c", "trax:/opt/x/track --a=b@c", None, "trax:track"),
        ("x=trax:track --a=b,c", "trax:track --a=b,c", None, "x"),
    ],
)
def test_trackers_are_written_in_a_line(text, name, weights, label):
    spec = parse_spec(text, TrackerSpec("re3", device="cpu"))
    assert (spec.name, spec.label) == (name, label)
    assert spec.weights == (weights and Path(weights))


def test_a_list_is_split_at_commas_but_not_within_a_command():
    specs = parse_specs(["re3, kcf,kcf", "trax:a 1,2"])
    assert [spec.name for spec in specs] == ["re3", "kcf", "trax:a 1,2"]


def test_two_trackers_of_one_name_are_refused():
    with pytest.raises(ConfigError, match=r"2 trackers are called 're3@a'; name them, as in NAME="):
        parse_specs(["re3@x/a.safetensors,re3@y/a.safetensors"])
    specs = parse_specs(["re3@x/a.safetensors,y=re3@y/a.safetensors"])
    assert [spec.label for spec in specs] == ["re3@a", "y"]


def test_no_tracker_at_all():
    with pytest.raises(ConfigError, match="no tracker is named"):
        parse_specs([" , "])


@pytest.mark.parametrize("name", ["Still", "make"])
def test_any_class_or_function_will_do(mine, sequence_folder, name):
    spec = parse_spec(f"my_tracker:{name}")
    spec.check()
    sequence = read_sequence(sequence_folder)
    track = run_sequence(spec.create, sequence)
    assert track.failure is None
    np.testing.assert_array_equal(track.boxes, np.tile(sequence.truth[0], (12, 1)))


def test_the_fingerprint_follows_the_source_of_a_class(mine):
    before = parse_spec("my_tracker:Still").fingerprint()
    assert parse_spec("my_tracker:Still").fingerprint() == before
    mine.write_text(MINE + "\n# changed\n")
    assert parse_spec("my_tracker:Still").fingerprint() != before


def test_the_fingerprint_follows_the_files_of_a_command(tmp_path):
    script = tmp_path / "tracker.py"
    script.write_text("one")
    spec = parse_spec(f"trax:{sys.executable} {script}")
    before = spec.fingerprint()
    script.write_text("two")
    assert spec.fingerprint() != before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module:A", "cannot be imported .ModuleNotFoundError"),
        ("my_tracker:Missing", "has no class or function 'Missing'"),
        ("my_tracker:NUMBER", "has no class or function 'NUMBER'"),
        ("my_tracker:Half", "has no method update"),
        ("broken:A", "cannot be imported .SyntaxError"),
    ],
)
def test_what_is_no_tracker_is_refused_with_the_reason(mine, name, reason):
    Path("broken.py").write_text("def")
    with pytest.raises(ConfigError, match=reason):
        TrackerSpec(name).check()


SMALL = {
    "paper": {"fc_width": 16, "lstm_width": 8},
    "tf-small": {"fc_width": 16, "lstm_width": 8},
    "pt-small": {"fc_width": 16, "lstm_width": 8},
    "compact": {},
}


@pytest.mark.parametrize("preset", SMALL)
def test_weights_of_every_architecture_track(preset, tmp_path, sequence_folder):
    path = tmp_path / f"{preset}.safetensors"
    save(build(preset, **SMALL[preset]), path, {})
    spec = parse_spec(f"re3-procedure@{path}")
    spec.check()
    track = run_sequence(spec.create, read_sequence(sequence_folder).first(3))
    assert track.failure is None
    assert np.isfinite(track.boxes).all()
