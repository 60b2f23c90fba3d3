# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The double of a network, and bags of clips."""

import cv2
import pytest

from re3_ros.bags import COMPRESSED, IMAGE, BagWriter, header, image_message, typestore

PERIOD = 40_000_000
START = 1_700_000_000_123_456_789
DELAY = 5_000_000
"""Time from an image's stamp to its recording, ns."""


@pytest.fixture
def messages(doubles):
    """Return 12 Image messages, the object hidden in two of them, by their time of recording."""
    stamps = [START + i * PERIOD for i in range(12)]
    return {
        stamp + DELAY: image_message(doubles.picture(i, i in (6, 7)), header(stamp, "lens"))
        for i, stamp in enumerate(stamps)
    }


@pytest.fixture
def make_bag(tmp_path):
    """Return a function that writes messages by time into a new bag and returns its path."""

    def make(messages, kind=IMAGE, topic="/camera/image_raw", storage="mcap", name="in"):
        with BagWriter(tmp_path / name, storage) as writer:
            for logged, message in messages.items():
                writer.write(topic, kind, message, logged)
        return tmp_path / name

    return make


@pytest.fixture
def compress():
    """Return a function that makes a CompressedImage of an rgb8 Image."""

    def make(message, suffix="png"):
        pixels = message.data.reshape(message.height, message.width, 3)[..., ::-1]
        data = cv2.imencode(f".{suffix}", pixels)[1].reshape(-1)
        return typestore().types[COMPRESSED](header=message.header, format=suffix, data=data)

    return make
