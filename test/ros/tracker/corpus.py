# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that no publisher should send, and some that look odd but are right.

REFUSED ones must change nothing but a counter; TAKEN ones are the good message in an odd form, or
ask for one target more, and must change nothing for the good one. Every maker is called with a
message that is right, and spoils it.
"""

import math
from typing import NamedTuple

IMAGE, BOX, BOXES, DROP, COMPRESSED = "image", "init_box", "init_boxes", "drop_target", "compressed"
REFUSED, TAKEN = "refused", "taken"
FRAMES, TARGETS = "frames_rejected", "boxes_rejected"
WIDTH, HEIGHT, STEP = 160, 120, 480
LONG = "x" * 100_000
ODD = "\t\n\r \\ ' \" $(x) ../../etc/passwd \N{TURTLE} \u202e"
LARGEST = 2**32 - 1
LAST_SECOND = 2**31 - 1


class Case(NamedTuple):
    name: str
    topic: str
    spoil: object
    """Function of the good message."""
    outcome: str = REFUSED
    counter: str = ""
    """Field of the status that has to rise, empty if only the log tells."""
    says: str = ""
    """What the log has to hold if the line was not held back."""
    rises: int = 1


def fields(**values):
    """Return a spoiler that sets fields, those with dots in their names deeper down."""

    def spoil(message):
        for name, value in values.items():
            *path, last = name.split("__")
            owner = message
            for part in path:
                owner = getattr(owner, part)
            setattr(owner, last, value)
        return message

    return spoil


def image(name, says, **values):
    return Case(name, IMAGE, fields(**values), REFUSED, FRAMES, says)


def box(name, says, **values):
    return Case(name, BOX, fields(**values), REFUSED, TARGETS, says)


def cut(length):
    def spoil(message):
        message.data = bytes(message.data)[:length]
        return message

    return spoil


def padded(message):
    rows = bytes(message.data)
    message.data = b"".join(rows[k : k + STEP] + b"\xff" * 32 for k in range(0, len(rows), STEP))
    message.step = STEP + 32
    return message


def longer(message):
    message.data = bytes(message.data) + b"\0" * 12345
    return message


def swapped(message):
    import numpy as np

    pixels = np.frombuffer(bytes(message.data), np.uint8).reshape(-1, 3)
    message.data, message.encoding = pixels[:, ::-1].tobytes(), "rgb8"
    return message


def file(change=lambda data: data, name="png"):
    """Return a spoiler of a CompressedImage: encodes its picture, then spoils the file."""

    def spoil(message):
        message.data = change(encoded(message, name))
        message.format = name
        return message

    return spoil


def encoded(message, name):
    import cv2
    import numpy as np

    pixels = np.frombuffer(bytes(message.data), np.uint8).reshape(HEIGHT, WIDTH, 3)
    return cv2.imencode(f".{name}", pixels)[1].tobytes()


def of_size(width, height):
    """Return a change of a PNG file that makes its header tell another size."""
    import struct
    import zlib

    def change(data):
        header = data[12:16] + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]

    return change


def as_format(text):
    def spoil(message):
        spoiled = file()(message)
        spoiled.format = text
        return spoiled

    return spoil


def boxes(*changes, repeat=1):
    """Return a spoiler of an init_boxes message: a box for each change, in this order."""

    def spoil(message):
        import copy

        (good,) = message.detections
        made = [change(copy.deepcopy(good)) for change in changes]
        message.detections = made * repeat
        return message

    return spoil


def hypotheses(count, score):
    def spoil(message):
        from vision_msgs.msg import ObjectHypothesisWithPose

        message.id = "another"
        for _ in range(count):
            found = ObjectHypothesisWithPose()
            found.hypothesis.score = score
            message.results.append(found)
        return message

    return spoil


def text(value):
    return fields(data=value)


STAMP = "header__stamp__"
CENTRE = "bbox__center__position__"
BAD_BOX = fields(bbox__size_x=math.nan)
HUGE = {"bbox__size_x": 1e300, "bbox__size_y": 1e300}

IMAGES = (
    image("data empty", "data has 0 bytes", data=b""),
    Case("data of one byte", IMAGE, cut(1), REFUSED, FRAMES, "data has 1 bytes"),
    Case("last row missing", IMAGE, cut(-STEP), REFUSED, FRAMES, "image data has"),
    Case("last byte missing", IMAGE, cut(-1), REFUSED, FRAMES, "image data has"),
    image("step 0", "step is 0", step=0),
    image("step one byte short", "step is 479", step=STEP - 1),
    image("step one byte too long for the data", "481 bytes", step=STEP + 1),
    image("step of 4 GB", "4294967295", step=LARGEST),
    image("width 0", "0 x 120", width=0),
    image("height 0", "160 x 0", height=0),
    image("no pixels, no data", "0 x 0", width=0, height=0, step=0, data=b""),
    image("width of 4 billion", "4294967295 pixels", width=LARGEST),
    image("height of 4 billion", "4294967295 rows", height=LARGEST),
    image("sides of 2 billion", "2147483648", width=2**31, height=2**31),
    image("sizes whose product overflows", "65536", width=2**16, height=2**16, step=0),
    image("encoding empty", "encoding ''", encoding=""),
    image("encoding unknown", "smell8", encoding="smell8"),
    image("encoding in capitals", "BGR8", encoding="BGR8"),
    image("encoding with a blank", "'bgr8 '", encoding="bgr8 "),
    image("encoding not ASCII", "encoding", encoding="bgr8\N{TURTLE}"),
    image("encoding of 100,000 characters", "xxx", encoding=LONG),
    image("encoding of more channels than the data", "step is 480", encoding="rgba8"),
    image("encoding of more depth than the step", "step is", encoding="16UC1", step=WIDTH),
    *(
        image(f"{encoding} of an odd width", "159 x 120", encoding=encoding, width=WIDTH - 1)
        for encoding in ("yuv422", "yuyv", "nv12", "i420", "nv16", "yuv422p")
    ),
    *(
        image(f"{encoding} of an odd height", "160 x 119", encoding=encoding, height=HEIGHT - 1)
        for encoding in ("nv12", "nv21", "yv12")
    ),
    image("YUV of a pixel", "1 x 1", encoding="uyvy", width=1, height=1, step=3, data=b"abc"),
    image("YUV whose colours are cut off", "rows of 480 bytes", encoding="nv12"),
    image("Bayer without neighbours", "2 x 120", encoding="bayer_rggb8", width=2),
    image("two numbers a pixel", "'8UC2'", encoding="8UC2"),
    image("stamp zero", "time_jump", **{f"{STAMP}sec": 0, f"{STAMP}nanosec": 0}),
    image("stamp in the past", "time_jump", **{f"{STAMP}sec": 50}),
    image("stamp negative", "sec -5", **{f"{STAMP}sec": -5}),
    image("stamp as negative as can be", "sec -2147483648", **{f"{STAMP}sec": -(2**31)}),
    image("stamp of a billion nanoseconds", "nanosec", **{f"{STAMP}nanosec": 10**9}),
    image("stamp of 4 billion nanoseconds", "nanosec", **{f"{STAMP}nanosec": LARGEST}),
    Case("is_bigendian of 8-bit pixels", IMAGE, fields(is_bigendian=1), TAKEN),
    Case("is_bigendian 255", IMAGE, fields(is_bigendian=255), TAKEN),
    Case("rows with padding", IMAGE, padded, TAKEN),
    Case("more data than rows", IMAGE, longer, TAKEN),
    Case("another encoding than before", IMAGE, swapped, TAKEN),
    Case("frame_id empty", IMAGE, fields(header__frame_id=""), TAKEN),
    Case("frame_id of odd characters", IMAGE, fields(header__frame_id=ODD), TAKEN),
    Case("frame_id of 100,000 characters", IMAGE, fields(header__frame_id=LONG), TAKEN),
)
BOX_CASES = (
    box("centre NaN", "not finite", **{f"{CENTRE}x": math.nan}),
    box("centre NaN, the other", "not finite", **{f"{CENTRE}y": math.nan}),
    box("centre infinite", "not finite", **{f"{CENTRE}x": math.inf}),
    box("centre minus infinite", "not finite", **{f"{CENTRE}y": -math.inf}),
    box("size NaN", "not finite", bbox__size_x=math.nan),
    box("size infinite", "not finite", bbox__size_y=math.inf),
    box("size zero", "2 or more", bbox__size_x=0.0, bbox__size_y=0.0),
    box("size negative", "2 or more", bbox__size_x=-20.0),
    box("sizes negative", "2 or more", bbox__size_x=-20.0, bbox__size_y=-20.0),
    box("size of a pixel", "2 or more", bbox__size_x=1.0),
    box("size next to nothing", "2 or more", bbox__size_x=1e-300),
    box("size of 1e300", "times the image", **HUGE),
    box("size at the end of numbers", "box", bbox__size_x=1.7e308, bbox__size_y=1.7e308),
    box("much larger than the image", "max_side", bbox__size_x=5000.0),
    box("centre at the end of numbers", "box", **{f"{CENTRE}x": 1.7e308}),
    box("beside the image", "outside", **{f"{CENTRE}x": 500.0}),
    box("beside the image, negative", "outside", **{f"{CENTRE}y": -500.0}),
    box("turned by NaN", "not finite", bbox__center__theta=math.nan),
    box("turned infinitely", "not finite", bbox__center__theta=math.inf),
    box("frame_id of no camera", "names no camera", header__frame_id="rear"),
    box("frame_id of odd characters", "names no camera", header__frame_id=ODD),
    box("frame_id of 100,000 characters", "names no camera", header__frame_id=LONG),
    box("stamp no longer remembered", "no frame is remembered", **{f"{STAMP}sec": 5}),
    box("stamp far ahead", "after the newest frame", **{f"{STAMP}sec": 2_000_000_000}),
    box("stamp at the end of time", "after the newest frame", **{f"{STAMP}sec": LAST_SECOND}),
    box("stamp negative", "sec -1", **{f"{STAMP}sec": -1}),
    box("stamp of a billion nanoseconds", "nanosec", **{f"{STAMP}nanosec": 10**9}),
    box("id of 100,000 characters", "at most 256", id=LONG),
    Case("id empty", BOX, fields(id=""), TAKEN),
    Case("id of odd characters", BOX, fields(id=ODD), TAKEN),
    Case("id of a camera", BOX, fields(id="camera"), TAKEN),
    Case("turned by 45 degrees", BOX, fields(id="another", bbox__center__theta=0.785), TAKEN),
    Case("turned a million times", BOX, fields(id="another", bbox__center__theta=6.283e6), TAKEN),
    Case("larger than the image", BOX, fields(id="another", bbox__size_x=300.0), TAKEN),
    Case("half beside the image", BOX, fields(id="another", **{f"{CENTRE}x": 0.0}), TAKEN),
    Case("1,000 hypotheses", BOX, hypotheses(1000, 0.5), TAKEN),
    Case("score NaN", BOX, hypotheses(2, math.nan), TAKEN),
)
ARRAY_CASES = (
    Case(
        "the same id twice",
        BOXES,
        boxes(fields(id="another"), fields(id="another")),
        REFUSED,
        TARGETS,
        "twice",
    ),
    Case(
        "a bad box among good ones",
        BOXES,
        boxes(fields(id="another"), BAD_BOX, fields(id="third")),
        REFUSED,
        TARGETS,
        "not finite",
    ),
    Case(
        "1,000 bad boxes",
        BOXES,
        boxes(BAD_BOX, *[fields(id=f"{i}", bbox__size_x=math.nan) for i in range(999)]),
        REFUSED,
        TARGETS,
        "not finite",
        1000,
    ),
    Case(
        "a stamp that is no time, in one box",
        BOXES,
        boxes(fields(**{f"{STAMP}nanosec": LARGEST})),
        REFUSED,
        TARGETS,
        "nanosec",
    ),
    Case("no boxes", BOXES, boxes(), TAKEN),
)
DROP_CASES = (
    Case("nobody", DROP, text("nobody"), REFUSED, "", "no target 'nobody'"),
    Case("empty", DROP, text(""), REFUSED, "", "no target ''"),
    Case("100,000 characters", DROP, text(LONG), REFUSED, "", "no target 'xxx"),
)


def compressed(name, spoil, says="no readable"):
    return Case(name, COMPRESSED, spoil, REFUSED, FRAMES, says)


COMPRESSED_CASES = (
    compressed("data empty", file(lambda _: b"")),
    compressed("garbage", file(lambda _: bytes(range(256)) * 40)),
    compressed("PNG cut after its header", file(lambda data: data[:40])),
    compressed("JPEG cut after its header", file(lambda data: data[:40], "jpg")),
    compressed("PNG of 2 billion pixels a side", file(of_size(2**31 - 1, 2**31 - 1)), ""),
    compressed("PNG of 60,000 pixels a side", file(of_size(60_000, 60_000)), ""),
    compressed("PNG without pixels", file(of_size(0, 0))),
    compressed("a picture of depth", as_format("16UC1; compressedDepth png"), "compressedDepth"),
    compressed("JPEG cut in the middle", file(lambda data: data[: len(data) // 2], "jpg")),
    compressed(
        "JPEG cut in the middle, filled up",
        file(lambda data: data[: len(data) // 2] + bytes(50_000), "jpg"),
    ),
    compressed("TIFF cut in the middle", file(lambda data: data[: len(data) // 2], "tiff")),
    Case("PNG", COMPRESSED, file(), TAKEN),
    Case("PNG filled up", COMPRESSED, file(lambda data: data + bytes(50_000)), TAKEN),
    Case("TIFF", COMPRESSED, file(name="tiff"), TAKEN),
    Case("BMP", COMPRESSED, file(name="bmp"), TAKEN),
    Case("format empty", COMPRESSED, as_format(""), TAKEN),
)
