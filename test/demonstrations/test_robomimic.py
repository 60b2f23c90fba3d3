# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""HDF5 files in robomimic's layout, read with h5py."""

import json

import numpy as np
import pytest

from re3_ros.demonstrations import EpisodeOptions, RobomimicStore, open_store
from re3_ros.errors import ConfigError

h5py = pytest.importorskip("h5py")


def names(folder):
    return sorted(p.name for p in folder.iterdir() if "show" in p.name)


def test_episodes_are_where_robomimic_looks(record, doubles, tmp_path):
    path = tmp_path / "show.hdf5"
    record(RobomimicStore(path))
    record(RobomimicStore(path, append=True), EpisodeOptions("pull"))
    with h5py.File(path) as file:
        data = file["data"]
        assert list(data) == ["demo_0", "demo_1"]
        assert data.attrs["total"] == 48
        assert set(json.loads(data.attrs["env_args"])) == {"env_name", "type", "env_kwargs"}
        demo = data["demo_1"]
        assert demo.attrs["num_samples"] == 24
        assert demo.attrs["task"] == "pull"
        assert np.allclose(demo["actions"][:, 0], np.arange(24) / 10)
        assert demo["actions"].attrs["names"][0] == "linear.x"
        assert list(demo["dones"]) == [False] * 23 + [True]
        assert np.allclose(demo["obs/target.cup"][:, :4], [doubles.truth(i) for i in range(24)])
        assert (demo["obs/camera_image"][7] == doubles.picture(7)).all()
        assert {len(demo[f"obs/{key}"]) for key in demo["obs"]} == {24}
    assert names(tmp_path) == ["show.hdf5"]


def test_what_does_not_fit_is_told_and_changes_nothing(record, tmp_path):
    path = tmp_path / "show.hdf5"
    record(RobomimicStore(path))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"target.mug is not in the data set"):
        record(RobomimicStore(path, append=True), name="mug")
    with pytest.raises(ValueError, match="160 x 100 pixels"):
        record(RobomimicStore(path, append=True), crop=100)
    with pytest.raises(ConfigError, match="exists already"):
        RobomimicStore(path)
    with pytest.raises(ConfigError, match="needs actions"):
        RobomimicStore(tmp_path / "other.hdf5", actions=False)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["show.hdf5"]
    record(RobomimicStore(path, overwrite=True), name="mug")
    with h5py.File(path) as file:
        assert "target.mug" in file["data/demo_0/obs"]
    path.write_bytes(b"no hdf5")
    with pytest.raises(ConfigError, match="is no HDF5 file of episodes"):
        RobomimicStore(path, append=True)


def test_an_unknown_format_is_told(tmp_path):
    with pytest.raises(ConfigError, match="format is 'rlds'; expected one of lerobot, hdf5"):
        open_store("rlds", tmp_path / "set")
