# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of what a tracker published: from a bag, from its topics, as demonstrations."""

import csv
import json
import math

import numpy as np
import pytest

from re3_ros.bags import (
    DETECTIONS_3D,
    STATUS,
    BagWriter,
    Demonstration,
    RunTopics,
    StatusCounts,
    StatusJoiner,
    TrackTable,
    header,
    read_run,
    record_statuses,
    status_message,
    typestore,
)
from re3_ros.errors import StampError
from re3_ros.tracking import FrameResult, TargetResult, TargetState


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def new(kind, **fields):
    return typestore().types[kind](**fields)


def status(stamp, state=1, target="cup"):
    box = np.array([16.0, 28.0, 24.0, 32.0])
    one = TargetResult(target, "left", TargetState(state), box, box, 0.5, 3, 3, 3)
    result = FrameResult("left", stamp, 64, 48, (one,), 0.0)
    return status_message(result, header(stamp, "lens"), StatusCounts(), "cpu", "w")


def positions(stamp, xyz=(0.1, 0.2, 1.5), target="cup"):
    point = new("geometry_msgs/msg/Point", **dict(zip("xyz", xyz, strict=True)))
    turn = new("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
    pose = new("geometry_msgs/msg/Pose", position=point, orientation=turn)
    covariance = np.diag([0.01, 0.02, 0.03, 0, 0, 0]).ravel()
    spread = new("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=covariance)
    guess = new("vision_msgs/msg/ObjectHypothesis", class_id="object", score=0.5)
    result = new("vision_msgs/msg/ObjectHypothesisWithPose", hypothesis=guess, pose=spread)
    size = new("geometry_msgs/msg/Vector3", x=0.1, y=0.1, z=0.1)
    bbox = new("vision_msgs/msg/BoundingBox3D", center=pose, size=size)
    head = header(stamp, "lens")
    kind = "vision_msgs/msg/Detection3D"
    found = new(kind, header=head, results=[result], bbox=bbox, id=target)
    return new("vision_msgs/msg/Detection3DArray", header=head, detections=[found])


def test_statuses_wait_for_their_positions():
    joiner = StatusJoiner(expects_positions=True)
    assert joiner.add_status(status(10)) == []
    (row,) = joiner.add_positions(positions(10))
    assert (row.stamp_ns, row.camera, row.target, row.state) == (10, "left", "cup", "tracking")
    assert (row.x, row.y, row.z) == (0.1, 0.2, 1.5)
    assert (row.var_x, row.var_y, row.var_z) == (0.01, 0.02, 0.03)
    assert (row.x1, row.y1, row.x2, row.y2) == (16, 28, 24, 32)


def test_positions_may_come_first_or_for_another_target():
    joiner = StatusJoiner(expects_positions=True)
    assert joiner.add_positions(positions(10, target="hand")) == []
    assert [row.z for row in joiner.add_status(status(10))] == [None]


def test_a_status_without_positions_goes_on_when_later_ones_come():
    joiner = StatusJoiner(expects_positions=True)
    joiner.add_status(status(10))
    joiner.add_status(status(20))
    assert [(r.stamp_ns, r.z) for r in joiner.add_positions(positions(20))] == [
        (10, None),
        (20, 1.5),
    ]


def test_statuses_do_not_wait_for_ever():
    joiner = StatusJoiner(expects_positions=True)
    rows = [row for stamp in range(1, 201) for row in joiner.add_status(status(stamp))]
    assert [row.stamp_ns for row in rows + joiner.flush()] == list(range(1, 201))
    assert len(rows) >= 150


def test_without_depth_nothing_waits():
    assert len(StatusJoiner().add_status(status(10))) == 1


def test_recorded_results_are_joined_with_their_positions(tmp_path):
    with BagWriter(tmp_path / "run") as writer:
        for i in range(1, 101):
            writer.write("/status", "re3_ros/msg/TrackerStatus", status(i), i)
        for i in range(1, 101, 2):
            writer.write("/places", DETECTIONS_3D, positions(i), 200 + i)
    with TrackTable(tmp_path / "t.csv") as table:
        assert record_statuses(tmp_path / "run", table, positions="/places") == 100
    assert [bool(row["z"]) for row in read(tmp_path / "t.csv")] == [True, False] * 50


@pytest.fixture
def bag_of_statuses(tmp_path):
    """Return a function that writes a bag of ten statuses, the sixth changed by what is given."""

    def write(change):
        statuses = [status(i) for i in range(1, 11)]
        change(statuses[5])
        with BagWriter(tmp_path / "run", overwrite=True) as writer:
            for i, message in enumerate(statuses):
                writer.write("/status", STATUS, message, i)
        return tmp_path / "run"

    return write


def with_target(**fields):
    """Return what sets fields of a status's first target, or of its box."""

    def change(message):
        for name, value in fields.items():
            of = message.targets[0]
            setattr(of.bbox if name.startswith("size") else of, name, value)

    return change


def with_stamp(sec, nanosec):
    def change(message):
        message.header.stamp.sec, message.header.stamp.nanosec = sec, nanosec

    return change


SENSELESS = {
    "state 9": (with_target(state=9), "target 'cup' is in state 9; expected one of 0 NEW"),
    "width": (with_target(size_x=-5.0), "has the box"),
    "nan": (with_target(size_y=math.nan), "has the box"),
    "inf": (with_target(size_y=math.inf), "has the box"),
    "score": (with_target(score=math.nan), "score of nan"),
    "nanoseconds": (with_stamp(5, 10**9), "nanosec 1000000000"),
    "before 1970": (with_stamp(-5, 0), "sec -5"),
}


@pytest.mark.parametrize("what", SENSELESS)
def test_a_recorded_status_that_makes_no_sense_is_left_out(bag_of_statuses, tmp_path, what):
    change, says = SENSELESS[what]
    refused = []
    with TrackTable(tmp_path / "t.csv") as table:
        run = bag_of_statuses(change)
        assert record_statuses(run, table, on_refused=refused.append) == 10
    assert len(read(tmp_path / "t.csv")) == 9
    (reason,) = refused
    assert says in str(reason)


def test_positions_that_make_no_sense_change_nothing():
    joiner = StatusJoiner()
    bad = positions(5)
    bad.header.stamp.nanosec = 10**9
    with pytest.raises(StampError):
        joiner.add_positions(bad)
    assert not joiner.expects_positions
    assert len(joiner.add_status(status(7))) == 1


def test_a_run_is_drawn_without_statuses_that_make_no_sense(bag_of_statuses, caplog):
    run = read_run(bag_of_statuses(with_target(state=9)), RunTopics())
    assert len(run.states) == 9
    assert "state 9" in caplog.text


# Demonstrations.


def rows_of(*stamps_and_positions, state=1):
    joiner = StatusJoiner(expects_positions=True)
    for stamp, xyz in stamps_and_positions:
        if xyz is None:
            yield from joiner.add_status(status(stamp, state))
        else:
            joiner.add_status(status(stamp, state))
            yield from joiner.add_positions(positions(stamp, xyz))
    yield from joiner.flush()


def test_a_demonstration_is_relative_to_its_first_place(tmp_path):
    first, second = (0.1, 0.2, 1.5), (0.3, 0.1, 1.25)
    with Demonstration(tmp_path / "shows", about={"label": "pour"}) as demonstration:
        demonstration.add(list(rows_of((5 * 10**9, first), (6 * 10**9, second))))
        assert list((tmp_path / "shows").glob("demo*")) == [], "nothing half done is to be seen"
    table = read(tmp_path / "shows" / "demonstration_0001.csv")
    assert [float(row["t"]) for row in table] == [0.0, 1.0]
    moved = [[float(row[f"rel_{axis}"]) for axis in "xyz"] for row in table]
    assert np.allclose(moved, [[0, 0, 0], np.subtract(second, first)], atol=1e-4)
    assert [float(row["rel_scale"]) for row in table] == [1, 1]
    facts = json.loads((tmp_path / "shows" / "demonstration_0001.json").read_text())
    assert (facts["label"], facts["seconds"], facts["images"]) == ("pour", 1.0, 2)
    (target,) = facts["targets"]
    assert target["first_place"] == list(first)
    assert target["states"] == {"tracking": 2}
    assert set(facts["columns"]) == set(table[0])


def test_demonstrations_are_numbered_and_empty_ones_leave_nothing(tmp_path):
    for _ in range(2):
        with Demonstration(tmp_path) as demonstration:
            demonstration.add(list(rows_of((10, None))))
        with Demonstration(tmp_path):
            pass
    dropped = Demonstration(tmp_path)
    dropped.add(list(rows_of((10, None))))
    dropped.discard()
    dropped.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"demonstration_{n:04d}.{e}" for n in (1, 2) for e in ("csv", "json")]


def test_lost_targets_are_no_reference(tmp_path):
    with Demonstration(tmp_path) as demonstration:
        demonstration.add(list(rows_of((1, None), state=3)))
        demonstration.add(list(rows_of((2, None))))
    lost, seen = read(tmp_path / "demonstration_0001.csv")
    assert (lost["rel_cx"], float(seen["rel_cx"])) == ("", 0.0)


def test_a_demonstration_whose_facts_cannot_be_written_keeps_its_table(tmp_path):
    demonstration = Demonstration(tmp_path)
    demonstration.add(list(rows_of((10**9, None))))
    (tmp_path / "demonstration_0001.json").mkdir()
    with pytest.raises(OSError):
        demonstration.close()
    assert len(read(tmp_path / "demonstration_0001.csv")) == 1
