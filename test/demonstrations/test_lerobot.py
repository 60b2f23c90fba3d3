# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets of LeRobot, read with pyarrow here and with lerobot itself where it is installed."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from re3_ros.demonstrations import EpisodeOptions, LeRobotStore
from re3_ros.errors import ConfigError, OutputError, SourceError

pq = pytest.importorskip("pyarrow.parquet")
av = pytest.importorskip("av")
ROOT = Path(__file__).parents[2]
READER = Path(__file__).with_name("read_lerobot.py")
ALL = EpisodeOptions("push the cup", crops=64, relative=True, keyframes=True)


@pytest.fixture
def lerobot():
    """Return a function that reads a data set with the package lerobot."""
    python = Path(os.environ.get("RE3_LEROBOT", ROOT / ".venv-lerobot" / "bin" / "python"))
    if not python.is_file():
        pytest.skip(f"no lerobot at {python}: make it with scripts/lerobot-env, or set RE3_LEROBOT")

    def read(folder, add=0):
        given = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "hf")}
        given.pop("PYTHONPATH", None)
        done = subprocess.run(
            [python, READER, folder, str(add)],
            capture_output=True,
            text=True,
            check=False,
            env=given,
        )
        assert done.returncode == 0, done.stderr
        return None if add else json.loads(done.stdout.splitlines()[-1])

    return read


def frames(path, number=0):
    return pq.read_table(path / f"data/chunk-000/file-{number:03d}.parquet").to_pydict()


def contents(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_lerobot_reads_every_frame_and_the_boxes_lie_on_the_object(record, tmp_path, lerobot):
    path = tmp_path / "set"
    for task in ("push the cup", "push the cup", "pull the cup"):
        record(LeRobotStore(path, append=True), EpisodeOptions(task, crops=64, relative=True))
    found = lerobot(path)
    assert found["episodes"] == 3
    assert found["fps"] == 20
    assert [i["task"] for i in found["items"][::24]] == ["push the cup"] * 2 + ["pull the cup"]
    assert len(found["items"]) == 72
    for item in found["items"]:
        n = item["frame"]
        assert item["shape"] == [3, 3, 120, 160]
        assert item["padded"] == [n == 0, False, n == 23]
        assert item["observation.state"] == [n, -n]
        assert item["action"] == pytest.approx([n / 10, 0, 0, 0, 0, -n / 10])
        assert np.allclose(item["red"], item["boxes"], atol=2.5), "the boxes lie on the object"
        assert np.allclose(item["crop"], [[16, 16, 48, 48]], atol=4), "crops are twice the box"
    assert found["names"]["observation.state"] == ["lift", "grip"]
    assert found["policy"]["observation.target.cup"] == ["STATE", [6]]
    assert found["policy"]["action"] == ["ACTION", [6]]
    stats = found["stats"]["observation.state"]
    assert stats["mean"] == pytest.approx([11.5, -11.5])
    assert stats["max"] == [23, 0]
    assert stats["count"] == [72]
    assert np.shape(found["stats"]["observation.images.camera"]["mean"]) == (3, 1, 1)


def test_lerobot_goes_on_where_we_left_off_and_we_where_it_did(record, tmp_path, lerobot):
    path = tmp_path / "set"
    options = EpisodeOptions("push the cup", keyframes=True)
    record(LeRobotStore(path), options)
    lerobot(path, add=5)
    assert record(LeRobotStore(path, append=True), options).number == 2
    found = lerobot(path)
    assert [i["episode"] for i in found["items"]] == [0] * 24 + [1] * 5 + [2] * 24
    for item in found["items"][29:]:
        assert np.allclose(item["red"], item["boxes"], atol=2.5)


def test_files_are_where_the_format_has_them(record, tmp_path):
    path = tmp_path / "set"
    summary = record(LeRobotStore(path), ALL)
    assert str(summary) == "episode 0: 24 frames at 20 a second, cup"
    keys = ("camera", "cup_crop")
    assert {str(name) for name in contents(path)} == {
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "data/chunk-000/file-000.parquet",
        *(f"videos/observation.images.{key}/chunk-000/file-000.mp4" for key in keys),
    }
    assert sorted(p.name for p in tmp_path.iterdir() if "set" in p.name) == ["set"]
    table = frames(path)
    assert table["timestamp"] == pytest.approx([i / 20 for i in range(24)])
    assert table["stamp_ns"] == [1_700_000_000_000_000_000 + i * 50_000_000 for i in range(24)]
    moved = np.array(table["observation.target.cup.relative"])
    assert np.allclose(moved, [[3 * i, 2 * i, 1] for i in range(24)], atol=0.6)
    (row,) = pq.read_table(path / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert row["tasks"] == ["push the cup"]
    assert row["videos/observation.images.camera/to_timestamp"] == pytest.approx(1.2)


def test_images_find_the_frames_of_their_time(record, tmp_path):
    period = 50_000_000
    offsets = [i * period for i in range(24)]
    offsets[5] += 9_000_000  # jitter
    offsets[8] = offsets[7] + 1_000_000  # one frame for two images
    offsets[15:] = [offset + 3 * period for offset in offsets[15:]]  # a pause of three frames
    summary = record(LeRobotStore(tmp_path / "set"), stamps=offsets)
    told = {count for count in summary.counts.values() if count}
    assert summary.frames == 27
    assert told == {1, 4}
    assert "1 images left out, as another was nearer in time" in str(summary)
    assert "4 frames without an image of their time" in str(summary)
    table = frames(tmp_path / "set")
    shown = (np.array(table["stamp_ns"]) - 1_700_000_000_000_000_000) / period
    assert np.allclose(shown[:8], np.arange(8), atol=0.2)
    assert shown[8] == 7
    assert list(shown[14:19]) == [14, 14, 14, 14, 18]
    states = np.array(table["observation.state"])[:, 0]
    assert list(states[14:19]) == [14, 14, 14, 14, 15], "what belongs to the image goes with it"


def test_with_depth_a_target_has_a_position_with_its_covariance(record, doubles, tmp_path):
    record(LeRobotStore(tmp_path / "set"), EpisodeOptions("push", relative=True), depth=1.25)
    info = json.loads((tmp_path / "set/meta/info.json").read_text())["features"]
    names = info["observation.target.cup"]["names"]
    table = frames(tmp_path / "set")
    values = dict(zip(names, np.array(table["observation.target.cup"]).T, strict=True))
    assert values["located"].all()
    middle = np.array([doubles.truth(i)[[0, 2]].mean() for i in range(24)])
    assert np.allclose(values["z"], 1.25)
    assert np.allclose(values["x"], 1.25 * (middle - 80) / 200, atol=0.01)
    assert (values["var_z"] > 0).all()
    aside = np.abs(values["x"]) > 0.05
    same = np.sign(values["cov_xz"]) == np.sign(values["x"])  # along the ray through the target
    assert same[aside].all()
    moved = np.array(table["observation.target.cup.relative"])[:, 3:]
    assert np.allclose(moved[-1, 0], values["x"][-1] - values["x"][0], atol=1e-5)


def test_an_episode_that_is_stopped_or_pauses_is_not_added(record, tmp_path):
    assert record(LeRobotStore(tmp_path / "set"), stop=lambda: True) is None
    period = 50_000_000
    late = [i * period + (i > 20) * 6 * 10**9 for i in range(24)]
    with pytest.raises(ValueError, match=r"no image came for 6.0 s; an episode may pause for 5 s"):
        record(LeRobotStore(tmp_path / "set"), stamps=late)
    assert not [p for p in tmp_path.iterdir() if "set" in p.name]


def test_a_rate_that_is_given_holds(record, tmp_path):
    summary = record(LeRobotStore(tmp_path / "set"), EpisodeOptions(fps=10))
    assert summary.frames == 13, "the last is half a period after the twelfth"
    with pytest.raises(ConfigError, match=r"fps is 20, but .*set has 10"):
        record(LeRobotStore(tmp_path / "set", append=True), EpisodeOptions(fps=20))


def test_an_episode_that_does_not_fit_is_refused_and_changes_nothing(record, tmp_path):
    path = tmp_path / "set"
    record(LeRobotStore(path))
    before = contents(path)
    store = LeRobotStore(path, append=True)
    with pytest.raises(ConfigError, match=r"observation.state is missing in it"):
        record(store, states=False, state_topic=None)
    with pytest.raises(ConfigError, match=r"observation.images.cup_crop is not in the data set"):
        record(store, EpisodeOptions(crops=64))
    with pytest.raises(ConfigError, match=r"target.mug is not in the data set"):
        record(store, name="mug")
    with pytest.raises(SourceError, match="has no topic /joint_states; it has"):
        record(store, states=False)
    with pytest.raises(ValueError, match=r"160 x 100 pixels, those before 160 x 120"):
        record(store, crop=100)
    assert contents(path) == before
    assert record(store).number == 1


@pytest.mark.parametrize("name", ["a/b", "a b", "..", "ümlaut"])
def test_a_target_that_no_feature_can_be_named_after_is_told(record, tmp_path, name):
    with pytest.raises(ConfigError, match="cannot be in the name of a feature; expected letters"):
        record(LeRobotStore(tmp_path / "set"), name=name)
    assert not [p for p in tmp_path.iterdir() if "set" in p.name]


def test_what_is_there_is_neither_taken_nor_replaced_unasked(record, tmp_path):
    path = tmp_path / "set"
    record(LeRobotStore(path))
    with pytest.raises(ConfigError, match=r"exists already; .* --append .* or --overwrite"):
        LeRobotStore(path)
    record(LeRobotStore(path, overwrite=True), EpisodeOptions("again"))
    assert json.loads((path / "meta/info.json").read_text())["total_episodes"] == 1
    assert pq.read_table(path / "meta/tasks.parquet")["task"].to_pylist() == ["again"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"")
    for given in ({"append": True}, {"overwrite": True}):
        with pytest.raises(ConfigError, match="is no LeRobot data set"):
            LeRobotStore(tmp_path / "photos", **given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"codebase_version": "v2.1"}, r"is of version v2\.1, and only v3\.0"),
        ({"data_path": "elsewhere"}, "data_path is 'elsewhere'"),
        ({"features": None}, "is damaged"),
    ],
)
def test_a_data_set_of_another_version_is_told(record, tmp_path, change, says):
    record(LeRobotStore(tmp_path / "set"))
    info = tmp_path / "set/meta/info.json"
    info.write_text(json.dumps({**json.loads(info.read_text()), **change}))
    with pytest.raises(ConfigError, match=says):
        LeRobotStore(tmp_path / "set", append=True)


def test_two_recorders_do_not_mix(record, tmp_path):
    record(LeRobotStore(tmp_path / "set"))
    store = LeRobotStore(tmp_path / "set", append=True)
    files = store.begin(20)
    with pytest.raises(ConfigError, match="another program records into the same data set"):
        record(LeRobotStore(tmp_path / "set", append=True))
    files.discard()
    record(LeRobotStore(tmp_path / "set", append=True))
    assert record(store).number == 2, "what the other added is not overwritten"


@pytest.mark.parametrize("name", ["stats.json", "info.json", "file-001.parquet", "file-001.mp4"])
def test_where_a_file_cannot_be_moved_nothing_is_changed(record, tmp_path, monkeypatch, name):
    path = tmp_path / "set"
    record(LeRobotStore(path))
    before = contents(path)
    replace = Path.replace

    def fail(self, target):
        if Path(target).name == name and ".part" in self.parts and self.suffix != ".before":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(OutputError, match="of this one nothing is kept"):
            record(LeRobotStore(path, append=True))
    assert contents(path) == before
    assert record(LeRobotStore(path, append=True)).number == 1


def test_what_a_killed_recorder_left_is_removed(record, tmp_path):
    (tmp_path / ".set.part" / "videos").mkdir(parents=True)
    (tmp_path / ".set.part" / "videos" / "half.mp4").write_bytes(b"half")
    record(LeRobotStore(tmp_path / "set"))
    assert not list(tmp_path.rglob("half.mp4"))
    assert not (tmp_path / ".set.part").exists()


def test_states_of_another_time_are_told(record, tmp_path):
    with pytest.raises(SourceError, match=r"/joint_states is within 0.0005 s of an image"):
        record(LeRobotStore(tmp_path / "set"), EpisodeOptions(tolerance=0.0005))
    assert not [p for p in tmp_path.iterdir() if "set" in p.name]


def test_without_pyarrow_the_extras_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"re3_ros\[parquet,video\]"):
        LeRobotStore(tmp_path / "set")
