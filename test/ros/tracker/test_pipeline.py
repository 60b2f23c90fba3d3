# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline around sessions that are slow or broken; DDS and rclpy are the real ones."""

import contextlib
import itertools
import threading

import numpy as np
import pytest
from waiting import PATIENCE, wait_until

pytestmark = pytest.mark.ros


class Session:
    """What a pipeline needs of a TrackingSession; `process` waits until it is let go."""

    cameras = ("camera",)

    def __init__(self):
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.stamps = []
        self.prepared = 0
        self.error = None

    def process(self, frame):
        from re3_ros.tracking import FrameResult

        self.stamps.append(frame.stamp)
        self.entered.set()
        assert self.gate.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        height, width = frame.image.shape[:2]
        return FrameResult(frame.camera, frame.stamp, width, height, (), 0.0)

    def prepare(self):
        self.prepared += 1

    def initialise(self, *request, upcoming):
        self.request = request

    def targets(self, _camera):
        return ()


class Rig:
    """A node with a pipeline, spun by a thread of its own, and a node that sends and listens."""

    def __init__(self, ros):
        from sensor_msgs.msg import Image
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus
        from re3_ros.ros.kit._qos import image_qos
        from re3_ros.ros.tracker._pipeline import Pipeline

        self.session = Session()
        self.node, self.peer = ros.create_node("under_test"), ros.create_node("peer")
        live = {"primary": "", "class_id": "object", "time_jump": "reject"}
        about = {"device": "cpu", "weights": "none"}
        qos = image_qos("reliable", 50)
        self.pipeline = Pipeline(self.node, self.session, qos, live, about)
        self.seen = []
        self.peer.create_subscription(TrackerStatus, "status", self.seen.append, 50)
        self.images = self.peer.create_publisher(Image, "image", 50)
        self.boxes = self.peer.create_publisher(Detection2D, "init_box", 50)
        self.executor = ros.executors.SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.peer)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.spin)
        self.thread.start()
        self.until(self.images.get_subscription_count)
        self.until(self.boxes.get_subscription_count)
        self.until(lambda: self.peer.count_publishers("status"))

    def spin(self):
        while not self.stop.is_set():
            self.executor.spin_once(timeout_sec=0.1)

    def until(self, condition):
        wait_until(condition)

    def send(self, second):
        from sensor_msgs.msg import Image

        message = Image(height=2, width=2, step=6, encoding="rgb8", data=bytes(12))
        message.header.stamp.sec = second
        self.images.publish(message)

    @property
    def counts(self):
        return self.pipeline.cameras["camera"].counts

    def close(self):
        self.session.gate.set()
        self.stop.set()
        self.thread.join()
        self.pipeline.close()
        self.executor.shutdown()
        self.node.destroy_node()
        self.peer.destroy_node()


@pytest.fixture
def rig(ros):
    with contextlib.closing(Rig(ros)) as rig:
        yield rig


def test_of_the_frames_that_come_meanwhile_the_newest_wins(rig):
    rig.send(1)
    assert rig.session.entered.wait(PATIENCE)
    for second in range(2, 10):
        rig.send(second)
    rig.until(lambda: rig.counts["frames_dropped"] == 7)
    rig.session.gate.set()
    rig.until(lambda: len(rig.seen) == 2)
    assert rig.session.stamps == [1_000_000_000, 9_000_000_000]
    assert [status.header.stamp.sec for status in rig.seen] == [1, 9]
    assert rig.seen[-1].frames_received == 9
    assert rig.seen[-1].frames_dropped == 7
    assert rig.seen[-1].frames_processed == 2
    rig.until(lambda: rig.session.prepared == 2)


def test_boxes_are_taken_while_the_network_runs(rig):
    from vision_msgs.msg import Detection2D

    from re3_ros.ros.tracker._messages import bounding_box

    rig.send(1)
    assert rig.session.entered.wait(PATIENCE)
    box = np.array([1.0, 2.0, 30.0, 40.0])
    rig.boxes.publish(Detection2D(id="cup", bbox=bounding_box(box)))
    rig.until(lambda: hasattr(rig.session, "request"))
    camera, name, given, stamp = rig.session.request
    assert (camera, name, stamp) == ("camera", "cup", 0)
    np.testing.assert_allclose(given, box)
    assert not rig.seen, "the first image is still being worked on"


def test_the_worker_outlives_any_exception(rig):
    rig.session.gate.set()
    rig.session.error = ZeroDivisionError("inside the network")
    for second in itertools.count(1):
        rig.send(second)
        rig.until(lambda n=second: rig.counts["frames_rejected"] == n)
        if second == 3:
            break
    rig.session.error = None
    rig.send(4)
    rig.until(lambda: rig.seen and rig.seen[-1].frames_processed)
    assert rig.seen[-1].frames_rejected == 3
    assert rig.seen[-1].fault == ""
    for status in rig.seen[:-1]:
        assert "ZeroDivisionError: inside the network" in status.fault


def test_close_waits_for_the_frame_in_work_and_no_topic_stays(rig):
    rig.send(1)
    assert rig.session.entered.wait(PATIENCE)
    threading.Timer(0.2, rig.session.gate.set).start()
    rig.stop.set()
    rig.thread.join()
    rig.pipeline.close()
    assert rig.counts["frames_processed"] == 1
    names = [s.topic_name for s in (*rig.node.subscriptions, *rig.node.publishers)]
    assert not {"/image", "/init_box", "/status", "/detections"} & set(names)
