# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of demonstrations: a red square, an arm of two joints, and commands."""

import numpy as np
import pytest

from re3_ros.bags import IMAGE, BagWriter, DepthTopics, header, image_message, typestore
from re3_ros.demonstrations import JOINTS, TWIST, EpisodeOptions, EpisodeTopics, record_episode
from re3_ros.tracking import TrackingSession

START, PERIOD, DELAY = 1_700_000_000_000_000_000, 50_000_000, 4_000_000
"""ns: of the first image, from image to image (20 a second), from stamp to recording."""
COUNT = 24
INFO = "sensor_msgs/msg/CameraInfo"
PUSH = EpisodeOptions("push")


def joints(stamp, position, names=("lift", "grip")):
    return typestore().types[JOINTS](
        header=header(stamp),
        name=list(names),
        position=np.array(position, float),
        velocity=np.zeros(0),
        effort=np.zeros(0),
    )


def twist(forward, turn):
    vector = typestore().types["geometry_msgs/msg/Vector3"]
    linear, angular = vector(x=forward, y=0.0, z=0.0), vector(x=0.0, y=0.0, z=turn)
    return typestore().types[TWIST](linear=linear, angular=angular)


def write_depth(writer, stamp, metres):
    """Write a depth image of one distance, and the calibration of a lens of 200 pixels."""
    types, (width, height) = typestore().types, (160, 120)
    k = np.array([200, 0, width / 2 - 0.5, 0, 200, height / 2 - 0.5, 0, 0, 1.0])
    about = {"header": header(stamp, "lens"), "height": height, "width": width}
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    info = types[INFO](
        **about,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=k,
        r=np.eye(3).ravel(),
        p=np.insert(k, [3, 6, 9], 0.0),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )
    writer.write("/camera/camera_info", INFO, info, stamp + DELAY)
    data = np.full(width * height, metres, np.float32).view(np.uint8)
    layout = {"encoding": "32FC1", "is_bigendian": 0, "step": 4 * width}
    image = types[IMAGE](**about, **layout, data=data)
    writer.write("/camera/depth", IMAGE, image, stamp + DELAY)


@pytest.fixture
def make_bag(tmp_path, doubles):
    """Return a function that records a demonstration.

    Joints and commands say the number of the image that they belong to: states are 1 ms after it,
    commands 10 ms. ``stamps`` are those of the images, ns after START.
    """

    def make(name="in", stamps=None, states=True, crop=None, depth=None):
        stamps = [i * PERIOD for i in range(COUNT)] if stamps is None else stamps
        with BagWriter(tmp_path / name) as writer:
            for i, offset in enumerate(stamps):
                stamp = START + offset
                picture = doubles.picture(i)
                picture = picture if crop is None or i < 10 else picture[:crop]
                message = image_message(np.ascontiguousarray(picture), header(stamp, "lens"))
                writer.write("/camera/image_raw", IMAGE, message, stamp + DELAY)
                if states:
                    state = joints(stamp + 1_000_000, (i, -i))
                    writer.write("/joint_states", JOINTS, state, stamp + DELAY + 1_000_000)
                if depth is not None:
                    write_depth(writer, stamp, depth)
                command = twist(i / 10, -i / 10)
                writer.write("/cmd_vel", TWIST, command, stamp + DELAY + 10_000_000)
        return tmp_path / name

    return make


@pytest.fixture
def record(make_bag, doubles, tmp_path):
    """Return a function that adds a bag of one demonstration to a data set."""
    count = iter(range(100))

    def run(
        store,
        options=PUSH,
        name="cup",
        state_topic="/joint_states",
        stop=lambda: False,
        **given,
    ):
        bag = make_bag(f"bag{next(count)}", **given)
        topics = EpisodeTopics("/camera/image_raw", state_topic, "/cmd_vel")
        space = DepthTopics("/camera/depth") if given.get("depth") else None
        session, boxes = TrackingSession(doubles.Finder()), {name: doubles.truth(0)}
        return record_episode(bag, store, boxes, session, options, topics, space, stop=stop)[0]

    return run
