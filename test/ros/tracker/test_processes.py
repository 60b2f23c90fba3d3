# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node among other processes: they are killed, there are two of it, or a bag is replayed."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import PATIENCE

pytestmark = pytest.mark.ros

CAMERA = """
import time
import rclpy
from sensor_msgs.msg import Image

rclpy.init()
node = rclpy.create_node("camera_to_kill")
publisher = node.create_publisher(Image, "image", 10)
image = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(48 * 192))
while True:
    image.header.stamp = node.get_clock().now().to_msg()
    publisher.publish(image)
    time.sleep(0.02)
"""
LISTENER = """
import rclpy
from re3_ros.msg import TrackerStatus

rclpy.init()
node = rclpy.create_node("listener_to_kill")
heard = []
node.create_subscription(TrackerStatus, "status", heard.append, 10)
while True:
    rclpy.spin_once(node, timeout_sec=0.1)
    if len(heard) == 3:
        print("heard", flush=True)
"""


@contextlib.contextmanager
def program(text):
    """Run a program that is to be killed."""
    child = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def processed(tracker):
    return tracker.recorded["status"][-1].frames_processed if tracker.recorded["status"] else 0


def wait_for(tracker, more):
    """Wait until so many more images were processed."""
    before = processed(tracker)
    tracker.spin(lambda: processed(tracker) >= before + more)


def kill(child):
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def test_the_death_of_a_camera_is_told_and_its_successor_is_welcome(tracker):
    tracker.bring_up(silence_warning=0.5)
    with program(CAMERA) as camera:
        wait_for(tracker, 5)
        tracker.point(id="cup")
        tracker.spin(lambda: tracker.recorded["status"][-1].targets)
        kill(camera)
    tracker.spin(lambda: "camera: no image on /image" in tracker.printed())
    assert tracker.lifecycle.state() == "active"
    with program(CAMERA):
        wait_for(tracker, 5)
        tracker.spin(lambda: "images arrive again" in tracker.printed())
    last = tracker.recorded["status"][-1]
    assert [t.id for t in last.targets] == ["cup"], "the target waited"
    assert (last.errors, last.frames_rejected) == (0, 0)


def test_the_death_of_a_reliable_subscriber_holds_up_nobody(tracker):
    tracker.bring_up()
    with program(CAMERA):
        wait_for(tracker, 5)
        tracker.point(id="cup")
        with program(LISTENER) as listener:
            assert listener.stdout.readline() == "heard\n"
            kill(listener)
        # More than fit into its queue, whose reader is dead but not yet known to be.
        wait_for(tracker, 50)
    last = tracker.recorded["status"][-1]
    assert [t.id for t in last.targets] == ["cup"]
    assert (last.errors, last.frames_rejected) == (0, 0)


def test_two_nodes_in_namespaces_do_not_meet(make_tracker, weights):
    one, two = (make_tracker(name, weights=weights("still")) for name in ("/one", "/two"))
    one.bring_up()
    two.bring_up()
    one.follow(id="cup", box=(10, 10, 30, 30))
    two.follow(id="hat", box=(20, 10, 50, 40))
    first, second = one.show()[0], two.show()[0]
    assert [t.id for t in first.targets] == ["cup"]
    assert [t.id for t in second.targets] == ["hat"]
    assert one.lifecycle.change("deactivate")
    assert two.lifecycle.state() == "active"
    assert [t.id for t in two.show()[0].targets] == ["hat"]


BOX = (250, 160, 80, 60)
FRAMES = 12


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Return a bag of moving noise, as raw images."""
    from re3_ros.bags import IMAGE, BagWriter, header, image_message

    path = tmp_path_factory.mktemp("bag") / "scene"
    world = np.random.default_rng(7).integers(0, 256, (30, 40, 3), np.uint8)
    world = world.repeat(20, axis=0).repeat(20, axis=1)
    with BagWriter(path) as writer:
        for index in range(FRAMES):
            stamp = 10**9 + index * 33_333_333
            pixels = np.roll(world, (2 * index, 3 * index), (0, 1))[:480, :640]
            writer.write("/image", IMAGE, image_message(pixels, header(stamp, "lens")), stamp)
    return path


def of_the_command(recording, folder):
    """Return what `re3 bag` says of each image: targets by stamp, with every digit."""
    from rosbags.highlevel import AnyReader

    x, y, w, h = BOX
    command = [sys.executable, "-m", "re3_ros.cli", "bag", str(recording), "-o", str(folder)]
    options = ["--box", f"cup={x},{y},{w},{h}", "--device", "cpu", "--runtime", "torch"]
    subprocess.run([*command, *options], check=True)
    with AnyReader([Path(folder)]) as reader:
        (topic,) = (c for c in reader.connections if c.topic == "/status")
        found = [reader.deserialize(data, c.msgtype) for c, _, data in reader.messages([topic])]
    return {stamp(m.header): values(m) for m in found}


def stamp(header):
    return header.stamp.sec * 10**9 + header.stamp.nanosec


def values(status):
    return [(t.id, t.state, t.score, *corners(t.bbox), t.frames_since_init) for t in status.targets]


def corners(bbox):
    return bbox.center.position.x, bbox.center.position.y, bbox.size_x, bbox.size_y


def test_a_replayed_bag_gives_the_boxes_of_re3_bag_bit_for_bit(recording, make_tracker, tmp_path):
    from sensor_msgs.msg import Image

    from re3_ros.bags import BagReader

    expected = of_the_command(recording, tmp_path / "out")
    tracker = make_tracker("/replay").bring_up()
    x, y, w, h = BOX
    tracker.point(id="cup", box=(x, y, x + w, y + h))
    tracker.spin(lambda: "following 'cup'" in tracker.printed())
    seen = {}
    with BagReader(recording) as reader:
        for recorded in reader:
            old = recorded.message()
            image = Image(height=old.height, width=old.width, step=old.step, encoding=old.encoding)
            image.data.frombytes(old.data.tobytes())
            image.header.frame_id = old.header.frame_id
            image.header.stamp.sec = old.header.stamp.sec
            image.header.stamp.nanosec = old.header.stamp.nanosec
            seen[stamp(image.header)] = values(tracker.show(image)[0])
    assert len(seen) == FRAMES
    assert seen == expected
    first, last = expected[min(seen)], expected[max(seen)]
    assert first[0][3] != last[0][3], "the box moves, so there is something to compare"


LAUNCHER = """
import os, subprocess, sys, time
words = [sys.executable, "-m", "re3_ros.ros", "--ros-args", "-p", "silence_warning:=0.0"]
words += ["-r", "__ns:=/launched"]
node = subprocess.Popen(words, env={**os.environ, "RE3_LAUNCH": str(os.getpid())})
print("node", node.pid, flush=True)
time.sleep(600)
"""


def runs(pid):
    """Tell whether a process that is not ours is there, and not only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_node_ends_with_the_launch_that_started_it_even_if_that_is_killed(ros, make_bench):
    bench = make_bench("/launched/re3_tracker")
    with contextlib.closing(bench), program(LAUNCHER) as launcher:
        pid = int(launcher.stdout.readline().split()[1])
        assert bench.lifecycle.state() == "unconfigured"
        kill(launcher)
        bench.spin(lambda: not runs(pid))


def test_a_node_whose_launch_has_ended_meanwhile_does_not_begin():
    gone = subprocess.Popen(["true"])
    gone.wait()
    command = [sys.executable, "-m", "re3_ros.ros"]
    done = subprocess.run(
        command,
        env={**os.environ, "RE3_LAUNCH": str(gone.pid)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
