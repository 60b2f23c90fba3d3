# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: the file is named, and what is kept of it, and nothing else is hurt."""

import csv
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from re3_ros.bags import (
    COLUMNS,
    IMAGE,
    STORAGES,
    BagReader,
    BagWriter,
    TrackTable,
    header,
    image_message,
    track_row,
)
from re3_ros.bench import write_results
from re3_ros.demonstrations import TWIST, EpisodeBuilder, EpisodeOptions, Series, open_store
from re3_ros.errors import OutputError
from re3_ros.evaluation.report import write_tables
from re3_ros.media import CsvFile, VideoWriter
from re3_ros.network import build, save

ROOM = 1 << 20


@pytest.fixture
def small(tmp_path):
    """Return a folder on a disk of one MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        reason = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        reason = str(error)
    if reason:
        pytest.skip(f"no small disk can be mounted here: {reason}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def full(small):
    """Return a folder on a disk without room."""
    with (small / "ballast").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return small


def noise(index):
    return np.random.default_rng(index).integers(0, 255, (240, 320, 3), np.uint8)


def says(path, reason="No space left on device"):
    return rf"{path}.* cannot be written: {reason}; .*; make room, or give another output"


def fill(write, path, most=4000, **reason):
    """Call ``write(index)`` until the disk is full; return how often it worked."""
    done = []

    def go_on():
        for index in range(most):
            write(index)
            done.append(index)

    with pytest.raises(OutputError, match=says(path, **reason)):
        go_on()
    return len(done)


def test_a_video_is_named_and_removed(small):
    path = small / "out.mp4"
    writer = VideoWriter(path)

    def write(index):
        if index < 40:
            writer.write(noise(index))
        else:
            writer.close()
            pytest.fail("there was room for all")

    fill(write, path)
    writer.close()
    assert not path.exists()


def test_a_video_that_cannot_even_begin_is_named(full):
    pytest.importorskip("av")
    path = full / "out.mp4"
    writer = VideoWriter(path)
    fill(lambda index: writer.write(noise(index)[:48, :64]), path, most=60)
    writer.close()
    assert not path.exists()


def test_a_video_of_opencv_is_checked_at_its_end(small, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    path = small / "out.mp4"
    writer = VideoWriter(path)
    for index in range(40):
        writer.write(noise(index))
    with pytest.raises(OutputError, match=says(path, "OpenCV could not finish the file.*")):
        writer.close()
    assert not path.exists()


def test_a_table_is_whole_up_to_its_last_row(small):
    path = small / "tracks.csv"
    file = CsvFile(path, ["a", "b"])
    rows = fill(lambda i: file.add([["x" * 999, str(i)]]), path)
    file.close()
    with path.open(newline="") as text:
        found = list(csv.reader(text))
    assert [row[1] for row in found[1:]] == [str(i) for i in range(rows)]
    assert rows > 900


@pytest.mark.parametrize("storage", STORAGES)
def test_of_a_bag_the_messages_before_can_be_read(small, storage):
    path = small / "bag"
    writer = BagWriter(path, storage)

    def write(index):
        if index == 40:
            writer.close()
            pytest.fail("there was room for all")
        message = image_message(noise(index)[:120, :160], header(index, "lens"))
        writer.write("/image", IMAGE, message, index)

    reason = ".*" if storage == "sqlite3" else "No space left on device"
    written = fill(write, path, reason=reason)
    writer.close()
    if storage == "sqlite3":  # its only transaction is undone
        return
    with BagReader(path) as reader:
        found = [recorded.logged for recorded in reader]
    assert found == list(range(len(found)))
    assert 0 < len(found) <= written


def test_parquet_has_no_half(full):
    pytest.importorskip("pyarrow")
    path = full / "tracks.parquet"
    table = TrackTable(path)
    row = [{"int64": 1, "string": "a", "double": 0.5}[c.kind] for c in COLUMNS]
    with pytest.raises(OutputError, match=says(path, ".*No space left on device")), table:
        table.add([row] * 20_000)
    assert not path.exists()


@pytest.mark.parametrize("form", ["lerobot", "hdf5"])
def test_an_episode_is_in_the_data_set_whole_or_not_at_all(small, form):
    for module in {"lerobot": ("av", "pyarrow"), "hdf5": ("h5py",)}[form]:
        pytest.importorskip(module)
    path = small / f"set.{form}"
    options = EpisodeOptions(fps=10)
    action = Series("/cmd_vel", commands=True)
    zero = SimpleNamespace(x=0.0, y=0.0, z=0.0)
    action.add(SimpleNamespace(linear=zero, angular=zero), TWIST, 0)

    def record(images, store):
        builder = EpisodeBuilder(store, options, action=action)
        try:
            for index in range(images):
                stamp, box = index * 10**8, np.array([1, 1, 20, 20.0])
                builder.add_rows([track_row(stamp, "lens", "camera", "cup", 1, 0.9, box, index)])
                builder.add_image(stamp, stamp, noise(index)[:48, :64])
            return builder.finish()
        finally:
            builder.discard()

    record(4, open_store(form, path, actions=True))
    store = open_store(form, path, append=True, actions=True)
    before = {p: p.read_bytes() for p in small.rglob("*") if p.is_file()}
    with pytest.raises(OutputError, match=says(path, ".*")):
        record(600, store)
    assert {p: p.read_bytes() for p in small.rglob("*") if p.is_file()} == before
    assert record(4, store).number == 1


def test_weights_that_were_there_are_intact(small):
    path = small / "net.safetensors"
    path.write_bytes(b"before")
    with pytest.raises(OutputError, match=says(path, ".*")):
        save(build("compact"), path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in small.iterdir()] == ["net.safetensors"]


def test_reports_and_figures_are_named(full):
    with pytest.raises(OutputError, match=says(full / "results.json")):
        write_tables(full, "Title", "lede", ["re3"], {"note": "x" * 10_000})
    with pytest.raises(OutputError, match=says(full / "speed.json")):
        write_results(full / "speed.json", {"note": "x" * 10_000}, [])


def test_the_command_says_it_in_one_line(re3, full, video, box):
    code, _, err = re3("track", video, "--box", box, "--boxes", full / "boxes.csv")
    assert code == 2
    assert err.count("Error:") == 1
    assert f"{full / 'boxes.csv'} cannot be written: No space left on device" in err
