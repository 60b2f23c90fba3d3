# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""/diagnostics of the real node, and how its figures come about."""

import contextlib
import time
from importlib.util import find_spec

import pytest
from waiting import wait_until

pytestmark = pytest.mark.ros

OK, WARN, ERROR = b"\0", b"\1", b"\2"
QUICK = {"diagnostic_period": 0.2}


def listen(tracker):
    from diagnostic_msgs.msg import DiagnosticArray

    return tracker.record(DiagnosticArray, "/diagnostics")


def told(tracker, name, condition=lambda _: True):
    """Return the next status of that name that fulfils the condition, and its array."""
    arrays = listen(tracker)
    del arrays[:]

    def look():
        for array in arrays:
            for status in array.status:
                # The updater of ROS also says, once, that it was told of a new status.
                if status.message == "Node starting up":
                    continue
                if status.name == f"re3_tracker: {name}" and condition(status):
                    return status, array
        return None

    return tracker.spin(look)


def values(status):
    return {value.key: value.value for value in status.values}


def stamped_now(tracker):
    message = tracker.image()
    message.header.stamp = tracker.node.get_clock().now().to_msg()
    return message


def test_a_node_that_was_not_started_says_so_in_time(tracker):
    assert tracker.set(**QUICK) == []
    status, array = told(tracker, "tracker")
    assert (status.level, status.message) == (OK, "unconfigured")
    assert status.hardware_id == "none"
    assert len(array.status) == 1
    assert tracker.set(silence_warning=0.1) == []
    status, _ = told(tracker, "tracker", lambda s: s.level == WARN)
    assert "so nothing is tracked" in status.message


def test_figures_of_node_and_camera(tracker, weights):
    tracker.bring_up(**QUICK)
    tracker.follow(id="cup")
    for _ in range(5):
        tracker.show(stamped_now(tracker))
    status, array = told(tracker, "camera camera", lambda s: "1 target," in s.message)
    assert status.level == OK, status.message
    figures = values(status)
    assert figures["target cup"] == "TRACKING, score 0.98"
    assert (figures["targets TRACKING"], figures["targets LOST"]) == ("1", "0")
    assert figures["frames_received"] == figures["frames_processed"]
    assert float(figures["image rate (Hz)"]) > 0
    assert figures["dropped (%)"] == "0"
    stamp = array.header.stamp.sec
    assert abs(tracker.node.get_clock().now().nanoseconds / 1e9 - stamp) < 60

    status, _ = told(tracker, "tracker")
    figures = values(status)
    assert (status.level, status.message) == (OK, "active")
    assert status.hardware_id == figures["device"]
    assert figures["weights"] == weights("still")
    assert 50 < float(figures["memory of the process (MB)"]) < 50_000


def test_each_camera_has_its_own_and_only_while_active(tracker):
    tracker.bring_up(cameras=["left", "right"], **QUICK)
    told(tracker, "camera right")
    _, array = told(tracker, "tracker")
    assert [s.name.partition(": ")[2] for s in array.status] == [
        "tracker",
        "camera left",
        "camera right",
    ]
    assert tracker.lifecycle.change("deactivate")
    status, array = told(tracker, "tracker", lambda s: s.message == "inactive")
    assert [s.name for s in array.status] == [status.name]


def test_latency_is_from_stamp_to_publication_and_its_limit_counts(tracker):
    from builtin_interfaces.msg import Time

    tracker.bring_up(diagnostic_max_latency=5.0, **QUICK)
    for _ in range(3):
        message = tracker.image()
        now = tracker.node.get_clock().now().nanoseconds
        message.header.stamp = Time(sec=now // 10**9 - 20, nanosec=now % 10**9)
        tracker.show(message)
    status, _ = told(tracker, "camera camera", lambda s: s.level == WARN)
    assert "diagnostic_max_latency is 5" in status.message
    assert 20_000 < float(values(status)["latency, median (ms)"]) < 40_000
    assert tracker.set(diagnostic_max_latency=0.0) == []
    told(tracker, "camera camera", lambda s: s.level == OK)


def test_stamps_of_another_clock_are_named(tracker):
    tracker.bring_up(**QUICK)
    tracker.show()  # stamped 100 s after 1970
    status, _ = told(tracker, "camera camera", lambda s: s.level == WARN)
    assert "behind the node's clock" in status.message
    assert "use_sim_time" in status.message


def test_a_lost_target_a_low_rate_and_rejected_images_are_reasons(tracker, weights):
    tracker.bring_up(weights=weights("drifting"), **QUICK)
    now = lambda: stamped_now(tracker)  # noqa: E731
    tracker.show(now())
    tracker.point(id="cup")
    tracker.show_until(lambda s: s.targets and s.targets[0].state == 3, make=now)
    status, _ = told(tracker, "camera camera", lambda s: "LOST" in s.message)
    assert (status.level, status.message) == (WARN, "cup is LOST")
    assert tracker.set(diagnostic_min_rate=500.0) == []
    told(tracker, "camera camera", lambda s: "diagnostic_min_rate is 500" in s.message)
    assert tracker.set(diagnostic_min_rate=0.0) == []
    tracker.send(tracker.image(encoding="nonsense"))
    status, _ = told(tracker, "camera camera", lambda s: "rejected" in s.message)
    assert status.level == WARN
    assert "1 of" in status.message


def test_silence_and_nothing_but_rejected_images_are_errors(tracker):
    tracker.bring_up(diagnostic_period=0.0)
    tracker.send(tracker.image(encoding="nonsense"))
    tracker.spin(lambda: "encoding 'nonsense'" in tracker.printed())
    assert tracker.set(**QUICK) == [], "what was before the first report counts too"
    status, _ = told(tracker, "camera camera", lambda s: "rejected" in s.message)
    assert status.level == ERROR
    assert tracker.set(silence_warning=0.3) == []
    status, _ = told(tracker, "camera camera", lambda s: "no image for" in s.message)
    assert status.level == ERROR


def test_a_rejected_box_is_a_warning(tracker):
    tracker.bring_up(**QUICK)
    tracker.show()
    told(tracker, "tracker")
    tracker.point(box=(10, 10, 10.5, 10.5))
    tracker.spin(lambda: "box rejected" in tracker.printed())
    tracker.show()
    status, _ = told(tracker, "tracker", lambda s: s.level == WARN)
    assert "1 boxes were rejected" in status.message


def test_the_period_can_be_changed_and_zero_is_silence(tracker):
    arrays = listen(tracker)
    assert tracker.set(diagnostic_period=0.05) == []
    told(tracker, "tracker")
    del arrays[:]
    tracker.spin(lambda: len(arrays) >= 20)
    assert tracker.set(diagnostic_period=0.0) == []
    tracker.rest(1.5)
    del arrays[:]
    tracker.rest(1.5)
    assert not arrays


def test_the_updater_of_ros_sends_where_it_is_installed(tracker):
    from rcl_interfaces.srv import ListParameters

    names = tracker.call(ListParameters, "list_parameters").result.names
    assert ("diagnostic_updater.use_fqn" in names) == bool(find_spec("diagnostic_updater"))
    assert "diagnostic_updater.period" not in names, "it would mean nothing"


class Simulation:
    """An active node on simulated time, spun here, and the simulator beside it."""

    def __init__(self, ros, weights):
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import Image

        from re3_ros.ros.tracker._node import TrackerNode

        chosen = f"weights:={weights}", "use_sim_time:=true", "device:=cpu", "runtime:=torch"
        words = [word for rule in chosen for word in ("-p", rule)]
        self.node = TrackerNode("simulated", cli_args=["--ros-args", *words])
        self.peer = ros.create_node("simulator")
        self.clock = self.peer.create_publisher(Clock, "/clock", 10)
        self.images = self.peer.create_publisher(Image, "image", 10)
        self.executor = ros.executors.SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.node.trigger_configure()
        self.node.trigger_activate()

    def now(self):
        return self.node.get_clock().now().nanoseconds // 10**9

    def at(self, seconds):
        """Let it be that time."""
        from rosgraph_msgs.msg import Clock

        message = Clock()
        message.clock.sec = seconds
        self.until(lambda: self.now() == seconds, lambda: self.clock.publish(message))

    def until(self, condition, act):
        """Act until the condition holds."""
        wait_until(condition, lambda: act() or self.executor.spin_once(timeout_sec=0.1))

    def show(self, seconds):
        """Send images of that time until one was processed, and wait for those under way."""
        from sensor_msgs.msg import Image

        message = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(48 * 192))
        (camera,) = self.node._active.cameras
        before = camera.counts["frames_processed"]

        def send():
            message.header.stamp.sec = seconds
            message.header.stamp.nanosec += 1
            self.images.publish(message)

        self.until(lambda: camera.counts["frames_processed"] > before, send)
        before = None
        while before != (before := camera.counts["frames_processed"]):
            quiet = time.monotonic() + 0.5
            while time.monotonic() < quiet:
                self.executor.spin_once(timeout_sec=0.1)

    def health(self, name):
        return next(h for h in self.node._diagnostics.look() if h.name == name)

    def close(self):
        self.node.do_cleanup()
        self.executor.shutdown()
        self.node.destroy_node()
        self.peer.destroy_node()


@pytest.fixture
def simulation(ros, weights):
    with contextlib.closing(Simulation(ros, weights("still"))) as simulation:
        yield simulation


def test_latency_and_rates_are_those_of_simulated_time(simulation):
    simulation.at(1000)
    simulation.health("tracker")
    simulation.at(1003)
    simulation.show(1000)
    simulation.health("tracker")
    latency = lambda: simulation.health("camera camera").values["latency, median (ms)"]  # noqa: E731
    wait_until(lambda: latency() != "unknown")
    simulation.at(1005)
    values = simulation.health("camera camera").values
    assert float(values["latency, median (ms)"]) == pytest.approx(3000, abs=1000)
    processed = int(values["frames_processed"])
    assert float(values["detection rate (Hz)"]) == pytest.approx(processed / 5, abs=0.01)


def test_a_clock_that_stands_still_is_named(simulation, monkeypatch):
    from re3_ros.ros.tracker import _diagnostics

    simulation.at(1000)
    monkeypatch.setattr(_diagnostics, "_STILL", 0.0)
    simulation.health("tracker")
    assert "nobody publishes /clock" in simulation.health("tracker").message
    simulation.at(1002)
    assert "clock" not in simulation.health("tracker").message


def test_a_meter_waits_for_a_simulated_clock_to_begin():
    from re3_ros.ros.tracker._meter import Meter

    meter = Meter()
    meter.sample(0.0, {"in": 0})
    meter.sample(1000.0, {"in": 0})
    meter.sample(1005.0, {"in": 10})
    assert meter.rate("in") == 2


def test_a_meter_tells_rates_latencies_and_silence():
    from re3_ros.ros.tracker._meter import Meter

    meter = Meter()
    assert (meter.rate("in"), meter.latency(50), meter.lately("in")) == (None, None, 0)
    for second in range(31):
        meter.sample(100.0 + second, {"in": 20 * second, "lost": 7})
        meter.took(100.0 + second, 0.001 * second)
    assert meter.rate("in") == pytest.approx(20)
    assert meter.rate("lost") == 0
    assert (meter.lately("in"), meter.lately("lost")) == (200, 0)
    assert (meter.unchanged("in"), meter.unchanged("lost")) == (0, 30)
    median, slowest = meter.latency(50, 99)
    assert median == pytest.approx(0.025, abs=0.001)
    assert slowest == pytest.approx(0.030, abs=0.001)


def test_a_meter_forgets_when_its_clock_jumps_back():
    from re3_ros.ros.tracker._meter import Meter

    meter = Meter()
    meter.sample(100.0, {"in": 10})
    meter.sample(105.0, {"in": 60})
    meter.took(105.0, 9.0)
    meter.sample(3.0, {"in": 61})
    assert (meter.rate("in"), meter.latency(50), meter.unchanged("in")) == (None, None, 0)
    meter.sample(5.0, {"in": 101})
    assert meter.rate("in") == pytest.approx(20)


def test_counters_that_begin_anew_did_not_fall():
    from re3_ros.ros.tracker._meter import Meter

    meter = Meter()
    meter.sample(1.0, {"in": 10})
    meter.sample(2.0, {"in": 2})
    assert meter.lately("in") == 0


class NoImages:
    """A camera as the reports see it: what it counted and last published."""

    name = "camera"
    status = None
    publishers = 1
    rejection = ""

    def __init__(self, **counts):
        from re3_ros.ros.kit._counts import Counts

        self.counts = Counts()
        for name, number in counts.items():
            self.counts.add(name, number)


def test_a_network_that_hangs_is_an_error():
    from re3_ros.ros.tracker._health import Level, camera_counts, camera_health
    from re3_ros.ros.tracker._meter import Meter

    live = {"silence_warning": 5.0, "diagnostic_min_rate": 0.0, "diagnostic_max_latency": 0.0}
    meter = Meter()
    for second in range(12):
        camera = NoImages(frames_received=30 * second + 5, frames_dropped=30 * second)
        meter.sample(100.0 + second, camera_counts(camera))
        health = camera_health(camera, meter, live)
        assert health.level == (Level.ERROR if second > 5 else Level.OK), second
    assert "none was answered for 11 s" in health.message
    assert health.values["dropped (%)"] == "100"


def test_reasons_are_told_worst_first():
    from re3_ros.ros.tracker._health import Health, Level

    health = Health("x", fine="all is well")
    assert (health.level, health.message) == (Level.OK, "all is well")
    health.warn("slow")
    health.fail("broken")
    assert (health.level, health.message) == (Level.ERROR, "broken; slow")
