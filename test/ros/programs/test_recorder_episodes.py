# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes for LeRobot and robomimic, recorded from what a tracker, a camera and an arm publish."""

import contextlib
import json
import threading

import numpy as np
import pytest

pytestmark = pytest.mark.ros
pq = pytest.importorskip("pyarrow.parquet")
BOX = ("x1", "y1", "x2", "y2", "score", "visible")
PERIOD = 50_000_000
ENOUGH = 40


class Show:
    """A red square on its way, with a tracker that knows where, joints and commands."""

    def __init__(self, bench, doubles):
        from geometry_msgs.msg import Twist
        from sensor_msgs.msg import Image, JointState

        from re3_ros.msg import TrackerStatus

        self.bench, self.doubles, self.count = bench, doubles, 0
        # Nobody listens to these before something is recorded.
        publisher = bench.node.create_publisher
        self.images = publisher(Image, "camera/image", 10)
        self.joints = publisher(JointState, "joint_states", 10)
        self.commands = publisher(Twist, "cmd_vel", 10)
        self.statuses = bench.publisher(TrackerStatus, "status")

    def tell(self, height=120):
        """Publish what belongs to one image; its number is in all of it."""
        from geometry_msgs.msg import Twist
        from sensor_msgs.msg import Image, JointState
        from std_msgs.msg import Header

        from re3_ros.msg import TargetStatus, TrackerStatus

        self.count += 1
        n = self.count
        header = Header(frame_id="lens")
        header.stamp.sec, header.stamp.nanosec = divmod(n * PERIOD, 10**9)
        pixels = self.doubles.picture(n % 25)[:height]
        image = Image(header=header, height=height, width=160, encoding="rgb8", step=480)
        image.data.frombytes(np.ascontiguousarray(pixels).tobytes())
        box = self.doubles.truth(n % 25)
        status = TargetStatus(id="cup", state=1, score=0.9, frames_since_init=n)
        status.bbox.center.position.x, status.bbox.center.position.y = (box[:2] + box[2:]) / 2
        status.bbox.size_x, status.bbox.size_y = box[2:] - box[:2]
        self.images.publish(image)
        self.joints.publish(JointState(header=header, name=["lift"], position=[float(n)]))
        command = Twist()
        command.linear.x = float(n)
        self.commands.publish(command)
        self.statuses.publish(TrackerStatus(header=header, camera="camera", targets=[status]))

    def tell_much(self, **given):
        """Publish some images', and give the recorder time to take each."""
        for _ in range(ENOUGH):
            self.tell(**given)
            self.bench.get("label")

    def check(self, table):
        """Check that all that is of one image stands in one row.

        A status may be lost while the recorder is still being discovered; then that row says so.
        """
        numbers = np.array(table["stamp_ns"]) // PERIOD
        rows = np.array(table["observation.target.cup"])
        boxes = np.array([self.doubles.truth(n % 25) for n in numbers])
        known = rows[:, BOX.index("visible")] > 0
        assert known.mean() > 0.8
        assert np.allclose(rows[known, :4], boxes[known])
        return numbers


@pytest.fixture(scope="module")
def recorder(ros, tmp_path_factory):
    from re3_ros.ros.programs import ros_arguments, running

    log = tmp_path_factory.mktemp("recorder") / "log"
    given = ros_arguments({"image": "camera/image", "fps": 20})
    with log.open("w") as file, running("re3_ros.ros.recorder", given, file) as process:
        process.log = log
        yield process


@pytest.fixture
def show(recorder, make_bench, tmp_path, doubles):
    chosen = {"folder": str(tmp_path / "shows"), "label": "pour", "format": "lerobot"}
    chosen |= {"state": "joint_states", "action": ""}
    with contextlib.closing(make_bench("/re3_recorder", recorder)) as bench:
        assert bench.set(**chosen) == []
        yield Show(bench, doubles)


def record(show, on):
    from std_srvs.srv import SetBool

    return show.bench.call(SetBool, "record", data=on)


def begin(show):
    """Begin, as soon as the recorder has found the topics."""
    show.bench.spin(lambda: record(show, True).success)


def files(tmp_path):
    return sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())


def test_each_recording_is_an_episode(show, tmp_path):
    for number in range(2):
        begin(show)
        show.tell_much()
        answer = record(show, False)
        assert answer.success, answer.message
        assert f"lerobot: episode {number}: " in answer.message
    path = tmp_path / "shows" / "lerobot"
    info = json.loads((path / "meta/info.json").read_text())
    assert (info["total_episodes"], info["fps"]) == (2, 20)
    for number in range(2):
        table = pq.read_table(path / f"data/chunk-000/file-{number:03d}.parquet").to_pydict()
        numbers = show.check(table)
        assert len(numbers) > ENOUGH / 2
        states = np.array(table["observation.state"]).ravel()
        assert np.median(states - numbers) == 0
    assert pq.read_table(path / "meta/tasks.parquet")["task"].to_pylist() == ["pour"]


def test_commands_make_a_data_set_for_robomimic(show, tmp_path):
    h5py = pytest.importorskip("h5py")
    assert show.bench.set(format="hdf5", action="cmd_vel", state="") == []
    begin(show)
    show.tell_much()
    assert record(show, False).success
    with h5py.File(tmp_path / "shows" / "robomimic.hdf5") as file:
        demo = file["data/demo_0"]
        numbers = demo["obs/stamp_ns"][:, 0] // PERIOD
        assert abs(np.median(demo["actions"][:, 0] - numbers)) <= 1  # a Twist goes by its arrival
        assert (demo["obs/camera_image"][0] == show.doubles.picture(numbers[0] % 25)).all()


def test_what_is_discarded_or_fails_leaves_nothing(show, recorder, tmp_path):
    from std_srvs.srv import Trigger

    begin(show)
    show.tell_much()
    assert show.bench.call(Trigger, "discard").success
    assert files(tmp_path) == []
    begin(show)
    show.tell_much()
    told = "160 x 100 pixels, those before 160 x 120"
    show.bench.spin(lambda: show.tell(height=100) or told in recorder.log.read_text())
    assert "nothing of this episode is kept" in recorder.log.read_text()
    assert files(tmp_path) == []
    assert "nothing is recorded" in record(show, False).message
    assert "Traceback" not in recorder.log.read_text()


def test_what_cannot_be_recorded_is_told(show, tmp_path):
    assert show.bench.set(state="nowhere") == []
    answer = record(show, True)
    assert not answer.success
    assert "topic /nowhere is not published; expected sensor_msgs/msg/JointState" in answer.message
    assert show.bench.set(state="", action="camera/image") == []
    show.bench.spin(lambda: "is sensor_msgs/msg/Image; expected" in record(show, True).message)
    assert show.bench.set(action="", crops=63) == []
    assert "crops is 63; expected an even number" in record(show, True).message
    assert show.bench.set(crops=0, format="hdf5") == []
    assert "needs actions" in record(show, True).message
    assert files(tmp_path) == []


def test_a_running_tracker_is_recorded_as_an_episode(ros, make_bench, doubles, tmp_path):
    from re3_ros.demonstrations import EpisodeOptions, EpisodeTopics, LeRobotStore
    from re3_ros.ros.programs.live import record_live_episode

    seen, told = [], []
    topics = EpisodeTopics(image="camera/image", state="joint_states")

    def listen():
        store = LeRobotStore(tmp_path / "set")
        options = EpisodeOptions("pour", fps=20)
        enough = lambda: len(seen) > ENOUGH  # noqa: E731
        told.append(record_live_episode(store, options, topics, "/", (), seen.append, enough))

    thread = threading.Thread(target=listen)
    with contextlib.closing(make_bench("/none")) as bench:
        show = Show(bench, doubles)
        thread.start()
        bench.spin(lambda: show.tell() or not thread.is_alive())
        thread.join()
        assert told[0].frames > ENOUGH / 2
        assert len(show.check(pq.read_table(tmp_path / "set/data").to_pydict())) == told[0].frames
