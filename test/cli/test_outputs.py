# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One rule for the outputs of all commands: folders are made, nothing is replaced unasked."""

import pytest
import typer

from re3_ros.cli._app import app
from re3_ros.cli._outputs import claim
from re3_ros.errors import ConfigError
from re3_ros.network import build, save

NO_FILES = {"run": "goes on with a run that is there", "trax": "", "show": ""}


def commands(command, name="re3"):
    inner = getattr(command, "commands", {})
    for key, child in inner.items():
        yield from commands(child, key)
    if not inner:
        yield name, command


def test_every_command_that_writes_asks_before_it_replaces():
    found = dict(commands(typer.main.get_command(app)))
    lacking = [
        name
        for name, command in found.items()
        if name not in NO_FILES and "--overwrite" not in {o for p in command.params for o in p.opts}
    ]
    assert len(found) > 15
    assert not lacking


def test_what_is_there_is_named_and_kept(tmp_path):
    file, folder = tmp_path / "a.csv", tmp_path / "out"
    file.write_text("kept")
    (folder / "cache").mkdir(parents=True)
    claim(False, None, folder, tmp_path / "new" / "b.csv")
    assert not (tmp_path / "new").exists()
    (folder / "report.html").touch()
    for path in (file, folder):
        with pytest.raises(ConfigError, match=f"{path} exists already; .* --overwrite to replace"):
            claim(False, path)
        claim(True, path)
    assert file.read_text() == "kept"


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(ConfigError, match=f"cannot write .*: {tmp_path / 'a'} is no folder"):
        claim(False, tmp_path / "a" / "b" / "c.mp4")


@pytest.mark.parametrize("name", ["track", "bag", "record"])
def test_folders_are_made_and_tables_replaced_only_when_asked(re3, bag, video, box, tmp_path, name):
    table = tmp_path / "deep" / "er" / "t.csv"
    words = {
        "track": ("track", video, "--box", box, "--boxes", table),
        "bag": ("bag", bag, "--box", box, "--output", tmp_path / "new" / "bag", "--boxes", table),
        "record": ("record", bag, "--box", box, "--output", table),
    }[name]
    code, _, err = re3(*words)
    assert code == 0, err
    before = table.read_bytes()
    code, _, err = re3(*words)
    assert code == 2
    assert "exists already; give another output, or --overwrite" in err
    assert table.read_bytes() == before
    code, _, err = re3(*words, "--overwrite")
    assert code == 0, err


def test_weights_and_exports_are_replaced_only_when_asked(re3, tmp_path):
    for name in ("a", "b"):
        save(build("compact"), tmp_path / f"{name}.safetensors")
    mean = tmp_path / "new" / "mean.safetensors"
    words = ("weights", "average", tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert re3(*words, "-o", mean)[0] == 0
    code, _, err = re3(*words, "-o", mean)
    assert code == 2
    assert f"{mean} exists already" in err
    assert re3(*words, "-o", mean, "--overwrite")[0] == 0


def test_what_is_read_is_never_replaced(re3, video, box):
    before = video.read_bytes()
    code, _, err = re3("track", video, "--box", box, "--output", video, "--overwrite")
    assert code == 2
    assert "would replace what is read" in err
    assert video.read_bytes() == before


def test_track_and_bag_point_to_each_other(re3, bag, video, box, tmp_path):
    for source in (bag, next(bag.glob("*.mcap"))):
        code, _, err = re3("track", source, "--box", box, "--boxes", "t.csv")
        assert code == 2
        assert "is a ROS bag; `re3 bag` tracks in it" in err
    for source in (video, tmp_path):
        code, _, err = re3("bag", source, "--box", box, "--output", "out")
        assert code == 2
        assert "`re3 track` tracks in them" in err


def test_the_option_for_a_topic_is_named(re3, bag, box):
    code, _, err = re3("plot", bag, "-o", "p.png")
    assert code == 2
    assert "it has /camera/image_raw" in err
