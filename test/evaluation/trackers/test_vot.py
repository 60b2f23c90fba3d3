# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The VOT toolkit itself, started for real, and trackers that it starts through TraX."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from re3_ros.datasets import read_sequences
from re3_ros.errors import ConfigError, SourceError
from re3_ros.evaluation import run_reinitialised, run_sequence, vot_table
from re3_ros.evaluation.trackers import TrackerSpec, TraxTracker, VotOptions, parse_specs, run_vot
from re3_ros.evaluation.trackers._vot import write_workspace

ROOT = Path(__file__).resolve().parents[3]

FOLLOWER = """
import numpy as np

class Follower:
    '''Finds the yellow square by its colour; is lost where its left side is at 38.'''
    colour = "rgb"

    def init(self, image, box):
        pass

    def update(self, image):
        rows, columns = np.nonzero((image[..., 0] > 180) & (image[..., 2] < 80))
        if columns.min() == 38:
            return 0, 0, 5, 5
        return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
"""


LIBTRAX = """
from trax import TraxStatus
from trax.image import Image
from trax.region import Rectangle, Region
from trax.server import Server

with Server([Region.RECTANGLE], [Image.PATH], ["color"], "foreign") as server:
    while True:
        request = server.wait()
        if request.type == TraxStatus.QUIT:
            break
        if request.objects:
            x, y, w, h = request.objects[0][0].bounds()
        else:
            x += 1
        server.status([(Rectangle.create(x, y, w, h), {"confidence": 0.25})])
"""


@pytest.fixture
def toolkit():
    """Return the Python that has the VOT toolkit."""
    python = Path(os.environ.get("RE3_VOT", ROOT / ".venv-vot" / "bin" / "python"))
    if not python.is_file():
        pytest.skip("no VOT toolkit here: run scripts/vot-env, or name its Python in RE3_VOT")
    return str(python)


@pytest.fixture
def sequences(write, tmp_path):
    """Return two sequences of 40 frames."""
    for name, step in (("slow", 1.0), ("fast", 2.0)):
        boxes = np.array([[10 + step * i, 30, 20, 16] for i in range(40)])
        write(tmp_path / "data" / name, boxes)
    return read_sequences(tmp_path / "data")


def test_the_toolkit_measures_a_tracker_through_trax(toolkit, sequences, tmp_path, monkeypatch):
    (tmp_path / "follower.py").write_text(FOLLOWER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    monkeypatch.syspath_prepend(tmp_path)
    specs = parse_specs(["follower:Follower", "broken=trax:false"])
    options = VotOptions(toolkit, eao_range=(5, 20))
    good, broken = run_vot(specs, sequences, tmp_path / "vot", options)
    sys.modules.pop("follower", None)

    # Lost once in each: on frame 28 of the slow one, on frame 14 of the fast one.
    assert good.tracker == "follower:Follower"
    assert good.failures == 1
    assert good.robustness == pytest.approx(np.exp(-30 / 40))
    assert good.accuracy > 0.8
    assert 0 < good.eao < good.accuracy

    assert broken.failure is not None
    assert np.isnan(broken.eao)
    assert [row[0] for row in vot_table([good, broken]).rows] == [good.tracker, "broken"]


def test_a_tracker_with_the_protocols_own_library_is_understood(toolkit, sequences, tmp_path):
    (tmp_path / "foreign.py").write_text(LIBTRAX)
    track = run_sequence(lambda: TraxTracker(f"{toolkit} {tmp_path}/foreign.py"), sequences[1])
    assert track.failure is None
    np.testing.assert_allclose(track.boxes, sequences[1].truth, atol=1e-3)
    assert (track.scores[1:] == 0.25).all()


def test_drops_are_those_of_our_own_protocol(sequences, tmp_path, monkeypatch):
    """The paper's rules are VOT's, but for the first frame, which counts there and not here."""
    (tmp_path / "follower.py").write_text(FOLLOWER)
    monkeypatch.syspath_prepend(tmp_path)
    from follower import Follower

    runs = [run_reinitialised(Follower, s) for s in sequences]
    assert [run.drops for run in runs] == [1, 1]
    sys.modules.pop("follower")


def test_the_workspace_is_what_the_toolkit_reads(sequences, tmp_path):
    spec = TrackerSpec("mosse")
    names = write_workspace([spec], sequences, tmp_path / "w")
    stack = yaml.safe_load((tmp_path / "w" / "config.yaml").read_text())["stack"]
    analysis = stack["experiments"]["supervised"]["analyses"][1]
    assert (analysis["low"], analysis["high"]) == (20, 40)
    assert (tmp_path / "w" / "sequences" / "list.txt").read_text() == "fast\nslow\n"
    folder = tmp_path / "w" / "sequences" / "slow"
    assert (folder / "color" / "00000040.jpg").resolve() == sequences[1].frames[39]
    assert (folder / "groundtruth.txt").read_text().splitlines()[1] == (
        "11.0000,30.0000,20.0000,16.0000"
    )
    trackers = (tmp_path / "w" / "trackers.ini").read_text()
    assert f"[{names['mosse']}]" in trackers
    assert f"{sys.executable} -m re3_ros.cli trax mosse" in trackers


def test_sequences_with_an_absent_target_are_left_out(write, tmp_path):
    boxes = np.array([[10.0, 10, 20, 20]] * 4)
    write(tmp_path / "data" / "gone", boxes, absent=[0, 0, 1, 0])
    with pytest.raises(SourceError, match="no sequence shows its target in every frame"):
        write_workspace([TrackerSpec("mosse")], read_sequences(tmp_path / "data"), tmp_path / "w")


def test_without_the_toolkit_the_way_out_is_named(sequences, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'ModuleNotFoundError: no vot' >&2; exit 1\n")
    python.chmod(0o755)
    with pytest.raises(ConfigError, match=r"no working VOT toolkit \(.*no vot\).*pip install"):
        run_vot([TrackerSpec("mosse")], sequences, tmp_path / "vot", VotOptions(str(python)))


def test_a_python_that_is_none(sequences, tmp_path):
    options = VotOptions(str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="missing has no working VOT toolkit"):
        run_vot([TrackerSpec("mosse")], sequences, tmp_path / "vot", options)
