# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed images, several cameras at once, and time that jumps; all through the real node."""

import threading

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.ros


class Compressed:
    """Shows a tracker compressed images."""

    def __init__(self, tracker, cameras=("camera",)):
        from sensor_msgs.msg import CompressedImage
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.kind = CompressedImage
        self.tracker = tracker
        tracker.started = len(tracker.log.read_text())
        values = {"image_reliability": "reliable", "image_transport": "compressed"}
        assert tracker.set(**values, cameras=list(cameras)) == []
        tracker.lifecycle.bring_up()
        tracker.publisher(CompressedImage, "image/compressed")
        tracker.publisher(Detection2D, "init_box")
        self.statuses = tracker.record(TrackerStatus, "status")
        tracker.rest()

    def message(self, kind="jpeg", name="", data=None, size=(48, 64), deep=False):
        header = self.tracker.image().header
        pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        if deep:
            pixels = pixels[..., 0].astype(np.uint16) * 200
        data = cv2.imencode(f".{kind}", pixels)[1].tobytes() if data is None else data
        return self.kind(header=header, format=name or f"bgr8; {kind} compressed bgr8", data=data)

    def send(self, **fields):
        message = self.message(**fields)
        self.tracker.publisher(self.kind, "image/compressed").publish(message)
        return message

    def show(self, **fields):
        sent = self.send(**fields)
        found = lambda: next((s for s in self.statuses if s.header == sent.header), None)  # noqa: E731
        return self.tracker.spin(found)

    def follow(self):
        self.show()
        self.tracker.point(id="cup", box=(4, 4, 24, 24))
        self.tracker.spin(lambda: "following 'cup'" in self.tracker.printed())
        return self.show()


def test_compressed_images_are_tracked(tracker):
    shown = Compressed(tracker)
    (target,) = shown.follow().targets
    assert target.id == "cup"
    for fields in (
        {"kind": "png", "name": "png"},
        {"kind": "png", "name": "mono16; png compressed mono16", "deep": True},
        {"kind": "jpeg", "size": (30, 40)},
        {"kind": "jpeg", "size": (96, 128)},
    ):
        status = shown.show(**fields)
        assert status.targets[0].state == status.targets[0].TRACKING
        assert status.frames_rejected == 0


def test_compressed_images_that_cannot_be_used_are_counted_and_the_target_goes_on(tracker):
    shown = Compressed(tracker)
    before = shown.follow().targets[0].frames_since_init
    whole = bytes(shown.message().data)
    bad = [
        {"data": b""},
        {"data": bytes(1000)},
        {"data": whole[: len(whole) // 2]},
        {"name": "h264", "data": b"\0\0\0\1g" + bytes(1000)},
        {"name": "16UC1; compressedDepth png", "data": whole},
    ]
    for count, fields in enumerate(bad, 1):
        status = shown.show()
        while status.frames_rejected < count:  # a good image may take the place of a bad one
            shown.send(**fields)
            tracker.rest(0.1)
            status = shown.show()
        assert status.frames_rejected == count
    assert status.targets[0].state == status.targets[0].TRACKING
    assert status.targets[0].frames_since_init > before
    assert "camera: compressed image of format" in tracker.printed()


def test_compressed_images_lie_under_the_remapped_name_of_the_raw_ones(ros):
    from sensor_msgs.msg import CompressedImage, Image

    from re3_ros.ros.tracker._topics import image_topic

    words = ["--ros-args", "-r", "image:=/front/image_raw"]
    node = ros.create_node("remapped", cli_args=words)
    try:
        assert image_topic(node, "image", "raw") == (Image, "image")
        kind, topic = image_topic(node, "image", "compressed")
        assert (kind, topic) == (CompressedImage, "/front/image_raw/compressed")
    finally:
        node.destroy_node()


def test_what_waits_of_several_cameras_goes_through_the_network_together(make_inside, monkeypatch):
    tracker = make_inside(cameras=["left", "right"]).bring_up()
    for camera in ("left", "right"):
        tracker.show(prefix=f"{camera}/")
        tracker.point(id=f"{camera} cup", frame_id=camera)
        tracker.show_until(lambda s: s.targets, f"{camera}/")
    session = tracker.under_test._active.session
    entered, gate, batches = threading.Event(), threading.Event(), []
    process, process_many = session.process, session.process_many

    def slow(frame):
        entered.set()
        assert gate.wait(60)
        return process(frame)

    def many(frames):
        batches.append([frame.camera for frame in frames])
        return process_many(frames)

    monkeypatch.setattr(session, "process", slow)
    monkeypatch.setattr(session, "process_many", many)
    tracker.send(tracker.image(), "left/")
    assert entered.wait(60)
    sent = {f"{c}/": tracker.send(tracker.image(), f"{c}/").header for c in ("left", "right")}
    cameras = tracker.under_test._active.pipeline.cameras
    tracker.spin(lambda: cameras["right"].counts["frames_received"] >= 3)
    tracker.spin(lambda: len(tracker.under_test._active.pipeline._mailbox._slots) == 2)
    gate.set()
    for prefix, header in sent.items():
        found = tracker.recorded[f"{prefix}status"]
        tracker.spin(lambda f=found, h=header: any(s.header == h for s in f))
        (target,) = next(s for s in found if s.header == header).targets
        assert target.id == f"{prefix.strip('/')} cup"
        assert target.state == target.TRACKING
    assert [sorted(batch) for batch in batches] == [["left", "right"]]


def test_a_bad_image_of_one_camera_is_none_of_the_others_business(make_inside):
    tracker = make_inside(cameras=["left", "right"]).bring_up()
    tracker.show(prefix="left/")
    tracker.point(id="cup", frame_id="left")
    tracker.show_until(lambda s: s.targets, "left/")
    arrivals = [
        tracker.under_test._active.pipeline.cameras[camera].arrive(message)
        for camera, message in (("right", tracker.image(step=7)), ("left", tracker.image()))
    ]
    tracker.under_test._active.pipeline._process(arrivals)
    status, _ = tracker.show(prefix="left/")
    assert status.frames_rejected == 0
    assert status.frames_processed == status.frames_received
    assert status.targets[0].state == status.targets[0].TRACKING
    assert tracker.show(prefix="right/")[0].frames_rejected == 1


@pytest.mark.parametrize(
    ("policy", "kept", "rejected"),
    [("reject", True, 3), ("clear", False, 0), ("continue", True, 0)],
)
def test_a_bag_that_starts_again_under_a_simulated_clock(make_inside, policy, kept, rejected):
    from rosgraph_msgs.msg import Clock

    tracker = make_inside(use_sim_time=True, time_jump=policy).bring_up()
    clock = tracker.publisher(Clock, "/clock")
    images = [tracker.image() for _ in range(6)]

    def tick(image):
        clock.publish(Clock(clock=image.header.stamp))
        stamp = image.header.stamp.sec * 10**9 + image.header.stamp.nanosec
        now = tracker.under_test.get_clock().now
        tracker.spin(lambda: now().nanoseconds == stamp)

    tick(images[0])
    tracker.show(images[0])
    tracker.point(id="cup", stamp=images[0].header.stamp)
    tracker.says("following 'cup'")
    for image in images[1:]:
        tick(image)
        status, _ = tracker.show(image)
    assert [t.id for t in status.targets] == ["cup"]
    seen = len(tracker.recorded["status"])
    counts = tracker.under_test._active.pipeline.cameras["camera"].counts

    def done():
        return counts["frames_processed"] + counts["frames_rejected"]

    for n, image in enumerate(images[:3], 1):  # the bag loops, and its clock with it
        tick(image)
        tracker.send(image)
        tracker.spin(lambda n=n: done() == 6 + n)
    assert counts["frames_rejected"] == rejected
    later, _ = tracker.show(tracker.image())
    assert [t.id for t in later.targets] == (["cup"] if kept else [])
    if not rejected:
        assert len(tracker.recorded["status"]) == seen + 4
    tracker.point(id="new", stamp=later.header.stamp)
    tracker.says("following 'new'")
    assert "new" in [t.id for t in tracker.show()[0].targets]
