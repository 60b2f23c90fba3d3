# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Shards: what is packed is trained on as it was before."""

import csv
import errno
import itertools
import json
import shutil
import tarfile

import numpy as np
import pytest

from re3_ros.cli import main
from re3_ros.datasets import read_stills
from re3_ros.errors import OutputError, SourceError
from re3_ros.shards import write_shard
from re3_ros.simulation import list_clips
from re3_ros.training import PackOptions, TrainingConfig, pack, train
from re3_ros.training import _pack as module


@pytest.fixture
def packed(data_root, tmp_path):
    """Return the folder of shards of all training data."""
    pack(data_root, tmp_path / "packed", PackOptions())
    return tmp_path / "packed"


def same_still(one, two):
    assert one.image_path.name == two.image_path.name
    assert one.licence == two.licence
    np.testing.assert_allclose(one.box, two.box, atol=1e-3)
    np.testing.assert_array_equal(one.image(), two.image())
    assert (one.mask() is None) == (two.mask() is None)
    if one.mask() is not None:
        np.testing.assert_array_equal(one.mask(), two.mask())


def test_what_is_read_from_shards_is_what_was_packed(data_root, packed):
    assert sorted(p.name for p in packed.iterdir()) == ["clips-000000.tar", "stills-000000.tar"]
    plain, shards = (
        sorted(read_stills(folder), key=lambda s: (s.image_path.name, *s.box))
        for folder in (data_root / "stills", packed)
    )
    assert len(plain) == len(shards) == 6
    for one, two in zip(plain, shards, strict=True):
        same_still(one, two)
    for one, two in zip(list_clips(data_root / "videos"), list_clips(packed), strict=True):
        assert one.name == two.name
        before, after = one.read(), two.read()
        np.testing.assert_array_equal(before.boxes, after.boxes)
        for a, b in zip(before.images, after.images, strict=True):
            np.testing.assert_array_equal(a, b)


def test_objects_of_one_photograph_share_it(data_root, tmp_path):
    shutil.copytree(data_root / "stills", tmp_path / "stills")
    index = tmp_path / "stills" / "index.csv"
    rows = list(csv.DictReader(index.open(newline="")))
    first = next(row for row in rows if row["mask"])
    other = {**first, "mask": "", "box": "12 13 20 21"}
    with index.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerows([*rows, other])
    pack(tmp_path / "stills", tmp_path / "packed", PackOptions())
    stills = read_stills(tmp_path / "packed")
    together = [s for s in stills if s.image_path.name == first["file"].partition("/")[2]]
    assert [s.mask() is None for s in together] == [False, True]
    np.testing.assert_array_equal(together[0].image(), together[1].image())
    np.testing.assert_allclose(together[1].box, [12, 13, 32, 34])
    with tarfile.open(tmp_path / "packed" / "stills-000000.tar") as archive:
        assert (
            sum(name.count(".") == 1 and name.endswith("png") for name in archive.getnames()) == 6
        )


def test_it_is_webdatasets_convention(packed):
    """Files of a sample lie together; their names are the same up to the first dot."""
    for shard in packed.iterdir():
        with tarfile.open(shard) as archive:
            keys = [name.partition(".")[0] for name in archive.getnames()]
        changes = sum(a != b for a, b in itertools.pairwise(keys))
        assert changes + 1 == len(set(keys))
        assert not any("/" in key for key in keys)


def test_shards_hold_so_many_megabytes_at_most(data_root, tmp_path):
    made = pack(data_root, tmp_path / "packed", PackOptions(megabytes=0.15))
    assert len(made) > 3
    sizes = [path.stat().st_size for path in made if path.name.startswith("stills")]
    assert max(sizes) < 0.15e6 + 20_000  # tar fills up to whole records of 10 KiB
    assert len(read_stills(tmp_path / "packed")) == 6
    assert len(list_clips(tmp_path / "packed")) == 2


def test_smaller_pictures_keep_their_boxes_in_place(data_root, tmp_path):
    pack(data_root, tmp_path / "packed", PackOptions(side=80, quality=75))
    plain = {(s.image_path.name, i): s for i, s in enumerate(by_name(data_root / "stills"))}
    small = {(s.image_path.name, i): s for i, s in enumerate(by_name(tmp_path / "packed"))}
    assert plain.keys() == small.keys()
    for key, still in small.items():
        height, width = still.image().shape[:2]
        assert max(height, width) == 80
        before = plain[key].image().shape
        scale = np.array([width / before[1], height / before[0]] * 2)
        np.testing.assert_allclose(still.box, plain[key].box * scale, atol=1e-2)
        if still.mask() is not None:
            assert still.mask().shape == (height, width)
            assert set(np.unique(still.mask())) <= {0, 255}
    for one, two in zip(
        list_clips(data_root / "videos"), list_clips(tmp_path / "packed"), strict=True
    ):
        before, after = one.read(), two.read()
        scale = after.images[0].shape[1] / before.images[0].shape[1]
        assert max(after.images[0].shape) == 80
        np.testing.assert_allclose(after.boxes, before.boxes * scale, rtol=0.02, atol=0.01)


def by_name(folder):
    return sorted(read_stills(folder), key=lambda s: (s.image_path.name, *s.box))


def test_a_run_from_shards_is_the_run_from_folders(recipe, data_root, packed, tmp_path):
    shutil.copytree(data_root, tmp_path / "data")
    shutil.copytree(packed, tmp_path / "data" / "packed")
    logs = []
    for stills, videos in (("stills", "videos"), ("packed", "packed")):
        values = recipe(stills=stills, videos=videos, held_tracks=1, video_share=0.5)
        config = TrainingConfig.model_validate(values)
        weights = train(config, tmp_path / "data", tmp_path / stills)
        with (tmp_path / stills / "log.csv").open(newline="") as file:
            logs.append([(row["loss"], row["iou"]) for row in csv.DictReader(file)])
        assert weights.exists()
    assert len(logs[0]) == 4
    assert logs[0] == logs[1]


def test_the_command_packs_and_says_how_much(data_root, tmp_path, capsys):
    assert main(["train", "pack", str(data_root), "-o", str(tmp_path / "packed")]) == 0
    assert "2 shards of " in capsys.readouterr().out
    assert main(["train", "pack", str(data_root), "-o", str(tmp_path / "packed")]) == 2
    assert "packed exists already; give another output" in capsys.readouterr().err
    again = ["--overwrite", "--megabytes", "0.15"]
    assert main(["train", "pack", str(data_root), "-o", str(tmp_path / "packed"), *again]) == 0
    assert len(read_stills(tmp_path / "packed")) == 6


def test_a_folder_of_nothing_is_named_and_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        with pytest.raises(
            SourceError, match=f"{folder} holds nothing to pack; expected index.csv"
        ):
            pack(tmp_path / folder, tmp_path / "packed", PackOptions())
    assert not (tmp_path / "packed").exists()


def test_two_clips_of_one_name_are_named(data_root, tmp_path):
    for folder in ("a", "b"):
        shutil.copytree(data_root / "videos" / "one", tmp_path / "data" / folder / "one")
    with pytest.raises(SourceError, match="two samples are named one; rename one of them"):
        pack(tmp_path / "data", tmp_path / "packed", PackOptions())
    assert not (tmp_path / "packed").exists()


def test_a_disk_that_fills_is_named_and_leaves_nothing(data_root, tmp_path, monkeypatch):
    def full(path, samples):
        write_shard(path, samples)
        if path.name.startswith("clips"):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_shard", full)
    with pytest.raises(OutputError, match=r"packed cannot be written: No space left on device"):
        pack(data_root, tmp_path / "packed", PackOptions())
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_shard_that_was_cut_off_is_named(packed, share):
    shard = packed / "stills-000000.tar"
    data = shard.read_bytes()
    shard.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceError, match=r"stills-000000\.tar (was cut off|is no readable tar)"):
        read_stills(packed)


def test_a_shard_that_was_cut_off_between_two_files_is_named(packed):
    shard = packed / "stills-000000.tar"
    with tarfile.open(shard) as archive:
        third = archive.getmembers()[3]
    shard.write_bytes(shard.read_bytes()[: third.offset])
    with pytest.raises(SourceError, match=r"stills-000000\.tar was cut off: its end is missing"):
        read_stills(packed)


def test_a_shard_that_lists_a_file_twice_is_named(packed):
    shard = packed / "stills-000000.tar"
    with tarfile.open(shard) as archive:
        (name, *_) = archive.getnames()
        data = archive.extractfile(name).read()
    shutil.copy(shard, packed / "stills-000001.tar")
    with pytest.raises(SourceError, match=r"stills-000001\.tar and .*stills-000000\.tar both hold"):
        read_stills(packed)
    write_shard(shard, [{name: data}, {name: data}])
    with pytest.raises(SourceError, match=rf"stills-000000\.tar lists {name} twice"):
        read_stills(packed)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.jpg": b"x"}, "a has no .json file; expected shards of re3 train pack"),
        ({"a.json": b"{"}, "a: the .json file is damaged"),
        ({"a.json": b"[]"}, "a: the .json file holds no object"),
        ({"a.json": b"{}"}, "a: KeyError.*expected shards of re3 train pack"),
        (
            {"a.json": json.dumps({"name": "a.jpg", "licence": "", "picture": "jpg", "width": 9,
                                   "height": 9, "objects": [{"box": [0, 0, -1, 4], "mask": None}]})
             .encode(), "a.jpg": b"x"},
            "a: BoxError.*expected shards",
        ),
    ],
)  # fmt: skip
def test_what_is_no_sample_is_named(tmp_path, files, message):
    write_shard(tmp_path / "stills-000000.tar", [files])
    with pytest.raises(SourceError, match=message):
        read_stills(tmp_path)


def test_a_picture_that_is_damaged_is_named_with_its_shard(packed):
    shard = packed / "stills-000000.tar"
    with tarfile.open(shard) as archive:
        info = next(m for m in archive if m.name.endswith(".png") and m.name.count(".") == 1)
    data = bytearray(shard.read_bytes())
    data[info.offset_data : info.offset_data + 64] = bytes(64)
    shard.write_bytes(data)
    name = info.name.partition(".")[0]
    still = next(s for s in read_stills(packed) if s.image_path.stem == name)
    with pytest.raises(
        SourceError, match=rf"stills-000000\.tar, {info.name} is no readable picture"
    ):
        still.image()
