# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations and live tables, recorded from what a tracker publishes."""

import contextlib
import csv
import json
import threading

import pytest

pytestmark = pytest.mark.ros


class Source:
    """Statuses and places of one target, as the tracker publishes them."""

    def __init__(self, bench):
        from vision_msgs.msg import Detection3DArray

        from re3_ros.msg import TrackerStatus

        self.bench = bench
        self.statuses = bench.publisher(TrackerStatus, "status")
        self.places = bench.publisher(Detection3DArray, "detections_3d")
        self.count = 0

    def tell(self, state=1, box=10.0):
        """Publish one image's; the target goes one centimetre ahead each time."""
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection3D, Detection3DArray, ObjectHypothesisWithPose

        from re3_ros.msg import TargetStatus, TrackerStatus

        self.count += 1
        header = Header(frame_id="lens")
        header.stamp.sec = self.count
        status = TargetStatus(id="cup", state=state, score=0.9, frames_since_init=self.count)
        status.bbox.size_x = status.bbox.size_y = box
        about = {"camera": "camera", "weights": "w", "device": "cpu"}
        self.statuses.publish(TrackerStatus(header=header, targets=[status], **about))
        result = ObjectHypothesisWithPose()
        result.pose.pose.position.z = 1.0 + 0.01 * self.count
        result.pose.covariance[14] = 0.25
        found = Detection3D(header=header, id="cup", results=[result])
        self.places.publish(Detection3DArray(header=header, detections=[found]))

    def tell_and_wait(self, count):
        """Publish ``count`` images' and wait until the recorder has taken them."""
        from rclpy.duration import Duration

        for _ in range(count):
            self.tell()
        for publisher in (self.statuses, self.places):
            assert publisher.wait_for_all_acked(Duration(seconds=10))
        for _ in range(count):  # a spin of the recorder takes one of each, then answers
            assert self.bench.set(label="pour") == []

    def tell_until(self, condition):
        self.bench.spin(lambda: self.tell() or condition())


@pytest.fixture(scope="module")
def recorder(ros, tmp_path_factory):
    from re3_ros.ros.programs import ros_arguments, running

    log = tmp_path_factory.mktemp("recorder") / "log"
    with (
        log.open("w") as file,
        running("re3_ros.ros.recorder", ros_arguments(), file) as process,
    ):
        process.log = log
        yield process


@pytest.fixture
def source(recorder, make_bench, tmp_path):
    with contextlib.closing(make_bench("/re3_recorder", recorder)) as bench:
        begin = {"folder": str(tmp_path / "shows"), "label": "pour", "max_seconds": 600.0}
        assert bench.set(**begin) == []
        yield Source(bench)


def record(source, on):
    from std_srvs.srv import SetBool

    return source.bench.call(SetBool, "record", data=on)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(folder):
    return sorted(p.name for p in folder.glob("*") if not p.name.startswith("."))


def grows(folder):
    """Tell whether some rows have been written for the demonstration at hand."""
    return any(len(read(path)) > 5 for path in folder.glob(".*.csv"))


def test_it_records_while_the_service_says_so(source, tmp_path):
    shows = tmp_path / "shows"
    source.tell_and_wait(5)
    assert record(source, True).success
    first = source.count
    source.tell_until(lambda: grows(shows))
    answer = record(source, False)
    assert answer.success
    assert "demonstration_0001.csv" in answer.message
    assert files(shows) == ["demonstration_0001.csv", "demonstration_0001.json"]
    rows = read(shows / "demonstration_0001.csv")
    assert int(rows[0]["stamp_ns"]) > first * 10**9, "what was before is not in it"
    places = [float(row["z"]) for row in rows if row["z"]]
    assert places == sorted(places)
    assert len(places) >= len(rows) - 1
    moved = [float(row["rel_z"]) for row in rows if row["z"]]
    assert moved == pytest.approx([z - places[0] for z in places], abs=2e-4)
    facts = json.loads((shows / "demonstration_0001.json").read_text())
    assert facts["label"] == "pour"
    assert facts["rows"] == len(rows)
    assert facts["tracker"] == {"weights": "w", "device": "cpu"}


def test_it_records_while_the_topic_says_so_and_says_that_it_does(source, tmp_path):
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import Bool

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    said = []
    topic = "/re3_recorder/recording"
    source.bench.node.create_subscription(Bool, topic, lambda m: said.append(m.data), latched)
    source.bench.spin(lambda: said == [False])
    switch = source.bench.publisher(Bool, "record")
    switch.publish(Bool(data=True))
    source.bench.spin(lambda: said[-1])
    source.tell_until(lambda: grows(tmp_path / "shows"))
    switch.publish(Bool(data=False))
    source.bench.spin(lambda: not said[-1])
    assert files(tmp_path / "shows") == ["demonstration_0001.csv", "demonstration_0001.json"]


def test_a_demonstration_can_be_discarded(source, tmp_path):
    from std_srvs.srv import Trigger

    assert not source.bench.call(Trigger, "discard").success
    record(source, True)
    source.tell_until(lambda: grows(tmp_path / "shows"))
    assert source.bench.call(Trigger, "discard").success
    assert list((tmp_path / "shows").iterdir()) == []


def test_without_a_tracker_no_demonstration_is_kept(source, tmp_path):
    record(source, True)
    answer = record(source, False)
    assert not answer.success
    assert "nothing came" in answer.message
    assert list((tmp_path / "shows").iterdir()) == []


def test_it_ends_after_max_seconds(source, recorder, tmp_path):
    assert source.bench.set(max_seconds=3.0) == []
    record(source, True)
    source.tell_until(lambda: "as long as max_seconds allows" in recorder.log.read_text())
    assert files(tmp_path / "shows") == ["demonstration_0001.csv", "demonstration_0001.json"]


def test_a_status_that_makes_no_sense_is_left_out_and_the_demonstration_kept(
    source, recorder, tmp_path
):
    shows = tmp_path / "shows"
    record(source, True)
    source.tell_until(lambda: grows(shows))
    source.tell(state=9)
    source.bench.spin(lambda: "is in state 9; expected one of" in recorder.log.read_text())
    source.tell(box=-5.0)
    before = source.count
    source.tell_until(lambda: source.count > before + 40)
    assert record(source, False).success
    rows = read(shows / "demonstration_0001.csv")
    assert int(rows[-1]["stamp_ns"]) > before * 10**9, "it went on"
    assert {row["state"] for row in rows} == {"tracking"}
    assert "Traceback" not in recorder.log.read_text()


def test_a_demonstration_is_kept_and_named_when_the_recorder_ends(ros, make_bench, tmp_path):
    from re3_ros.ros.programs import ros_arguments, running

    shows, log = tmp_path / "shows", tmp_path / "log"
    arguments = ros_arguments({"folder": str(shows)}, name="brief")
    with (
        log.open("w") as file,
        running("re3_ros.ros.recorder", arguments, file) as process,
        contextlib.closing(make_bench("/brief", process)) as bench,
    ):
        source = Source(bench)
        record(source, True)
        source.tell_until(lambda: grows(shows))
        source.tell(state=9)
        process.signal(15)
        bench.spin(lambda: process.exit_code is not None)
    assert process.exit_code == 0
    assert files(shows) == ["demonstration_0001.csv", "demonstration_0001.json"]
    assert f"{shows / 'demonstration_0001.csv'}: " in log.read_text()


def test_what_raises_while_it_ends_does_not_cost_the_demonstration(ros, tmp_path):
    from rclpy.parameter import Parameter

    from re3_ros.bags._record_table import track_row
    from re3_ros.ros.programs.recorder import DemonstrationRecorder

    given = [Parameter("folder", value=str(tmp_path))]
    node = DemonstrationRecorder("unspun_recorder", parameter_overrides=given)

    def fail():
        raise KeyError("surprise")

    try:
        assert node._begin()[0]
        node._on_rows([track_row(5, "lens", "camera", "cup", 1, 0.9, [1, 2, 3, 4], 1)])
        node._listeners[0].flush = fail
        with pytest.raises(KeyError):
            node.close()
    finally:
        node.destroy_node()
    assert len(read(tmp_path / "demonstration_0001.csv")) == 1
    assert (tmp_path / "demonstration_0001.json").exists()


def test_a_format_that_is_none_is_refused(source):
    assert "expected one of csv, parquet" in source.bench.set(format="xml")[0]


def test_a_folder_that_cannot_be_made_is_told(source, tmp_path):
    (tmp_path / "file").write_text("")
    assert source.bench.set(folder=str(tmp_path / "file" / "below")) == []
    answer = record(source, True)
    assert not answer.success
    assert "cannot record" in answer.message


@pytest.mark.parametrize("state", [1, 9])
def test_a_running_tracker_is_recorded_as_a_table(ros, make_bench, tmp_path, state):
    from re3_ros.bags import TrackTable
    from re3_ros.ros.programs.live import record_live

    counts = []
    seen = []

    def listen():
        with TrackTable(tmp_path / "live.csv") as table:
            enough = lambda: len(seen) > 10  # noqa: E731
            counts.append(record_live(table, "/", (), seen.append, enough))

    thread = threading.Thread(target=listen)
    thread.start()
    with contextlib.closing(make_bench("/none")) as bench:
        source = Source(bench)
        source.tell_until(lambda: source.tell(state) or not thread.is_alive())
    thread.join()
    rows = read(tmp_path / "live.csv")
    assert len(rows) == counts[0] == len(seen)
    assert rows[5]["var_z"] == "0.25"


def test_a_tracker_that_is_not_there_is_told(ros, tmp_path):
    from re3_ros.bags import TrackTable
    from re3_ros.errors import SourceError
    from re3_ros.ros.programs.live import record_live

    with TrackTable(tmp_path / "live.csv") as table, pytest.raises(SourceError, match="/no/status"):
        record_live(table, "/no", seconds=1.0)
