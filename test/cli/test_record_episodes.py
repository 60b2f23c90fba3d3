# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 record` with data sets of episodes on the command line."""

import json
import shutil

import pytest

pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("av")


@pytest.fixture
def twice(bag, tmp_path):
    return bag, shutil.copytree(bag, tmp_path / "again")


def test_each_bag_is_an_episode_and_more_can_be_added(re3, twice, box, tmp_path):
    given = ["--format", "lerobot", "--box", f"cup={box}", "--runtime", "torch", "-o", "set"]
    code, out, err = re3("record", *twice, *given, "--task", "push", "--crops", 64, "--relative")
    assert code == 0, err
    assert "episode 0: 12 frames at 25 a second, cup" in out
    assert "episode 1: 12 frames" in out
    assert "wrote set" in out
    code, _, err = re3("record", twice[0], *given)
    assert code == 2
    assert "exists already" in err
    code, out, err = re3("record", twice[0], *given, "--append", "--crops", 64, "--relative")
    assert code == 0, err
    assert "episode 2" in out
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, 36, 2)


def test_results_in_the_bag_make_the_same_episode(re3, bag, box, tmp_path):
    given = ["--box", f"cup={box}", "--runtime", "torch"]
    assert re3("bag", bag, "-o", "out", "--copy-images", *given)[0] == 0
    assert re3("record", "out", "-o", "one", "--format", "lerobot", "--recorded")[0] == 0
    assert re3("record", bag, "-o", "two", "--format", "lerobot", *given)[0] == 0
    tables = [
        pq.read_table(tmp_path / name / "data/chunk-000/file-000.parquet").to_pydict()
        for name in ("one", "two")
    ]
    assert tables[0] == tables[1]


def test_a_bag_that_cannot_be_added_costs_no_other(re3, twice, box, tmp_path):
    given = ["--format", "lerobot", "--box", f"cup={box}", "--runtime", "torch", "-o", "set"]
    code, out, err = re3("record", twice[0], tmp_path / "none", twice[1], *given)
    assert code == 1
    assert "episode 1" in out
    assert "none was not added: " in err
    assert "does not exist" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "t.csv", "--crops", "64"], "crops is of a data set"),
        (["-o", "t.xml", "--format", "xml"], "format is 'xml'; expected one of csv, parquet, ler"),
        (["-o", "t.csv", "--format", "parquet"], "t.csv does not end in .parquet"),
        (["-o", "t", "--format", "lerobot", "--append", "--overwrite"], "give one"),
        (["-o", "t", "--format", "lerobot", "--crops", "63"], "crops is 63; expected an even"),
        (["-o", "t", "--format", "lerobot", "--camera", "a b"], "camera 'a b' cannot be in the"),
        (["-o", "t", "--format", "lerobot", "--state", "/joints"], "has no topic /joints; it has"),
        (["-o", "t", "--format", "lerobot", "--action", "/camera/image_raw"], "is of type sensor"),
    ],
)
def test_what_does_not_fit_is_told(re3, bag, box, tmp_path, words, says):
    code, _, err = re3("record", bag, "--box", box, "--runtime", "torch", *words)
    assert code == 2
    assert says in " ".join(err.replace("│", " ").split())
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".t", "t"))]


def test_a_table_is_of_one_bag(re3, twice, box):
    code, _, err = re3("record", *twice, "-o", "t.csv", "--box", box)
    assert code == 2
    assert "--format lerobot takes several" in err
