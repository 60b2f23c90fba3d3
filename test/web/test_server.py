# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a browser gets, and when: images one by one, answers to commands, states of targets."""

import asyncio

import cv2
import numpy as np
import pytest

from re3_ros.boxes import iou
from re3_ros.errors import ConfigError
from re3_ros.tracking import TargetState
from re3_ros.web import View, ViewTarget, WebServer, WebSettings


def test_a_box_starts_on_the_image_that_the_person_saw(served, doubles, box):
    async def visit():
        async with served.visit() as visitor:
            for index in range(3):
                served.play(index)
            seen = await visitor.image(camera="camera")
            for index in range(3, 9):  # while the person draws
                served.play(index)
            there = box(doubles.truth(2))
            assert seen["stamp"] == str(10**9 + 2 * 40_000_000)
            done = await visitor.do("start", name="cup", box=there, stamp=seen["stamp"])
            assert done["text"] == "following cup"
            served.play(9)
            return await visitor.image()

    shown = asyncio.run(visit())
    (target,) = shown["targets"]
    assert (target["id"], target["label"]) == ("cup", "cup")
    assert iou(target["box"], doubles.truth(9)) > 0.75
    (result,) = served.results[-1].targets
    assert result.frames_since_init == 7, "it was started on frame 2"
    picture = cv2.imdecode(np.frombuffer(shown["jpeg"], np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (120, 160, 3)
    assert np.abs(picture[60, 60][::-1].astype(int) - doubles.picture(9)[60, 60]).max() < 40


def test_lost_and_found_show(served, doubles, box):
    async def visit():
        async with served.visit() as visitor:
            served.play(0)
            await visitor.image(camera="camera")
            await visitor.do("start", name="", box=box(doubles.truth(0)), stamp="0")
            states = []
            for index in range(1, 40):
                show(served, index, doubles.picture(min(index, 3), hidden=3 < index < 25))
                image = await visitor.image()
                states += [target["state"] for target in image["targets"]]
            return states

    states = asyncio.run(visit())
    assert "LOST" in states
    assert states[-1] == "TRACKING"
    assert states.index("LOST") > states.index("TRACKING")


def show(served, index, image):
    """Track and show an image of our own."""
    from re3_ros.tracking import Frame
    from re3_ros.web import view_of

    frame = Frame("camera", 10**9 + index * 40_000_000, image)
    served.server.show("camera", view_of(frame, served.session.process(frame)))


def test_rename_and_drop(served, doubles, box):
    async def visit():
        async with served.visit() as visitor:
            served.play(0)
            await visitor.image(camera="camera")
            for _ in range(2):
                await visitor.do("start", name="", box=box(doubles.truth(0)), stamp="0")
            served.play(1)
            named = (await visitor.image())["targets"]
            await visitor.do("rename", name="target2", label="  my  cup ")
            renamed = (await visitor.image())["targets"]  # without any new image
            await visitor.do("rename", name="target2", label="")
            back = (await visitor.image())["targets"]
            dropped = await visitor.do("drop", name="target2")
            served.play(2)
            return named, renamed, back, dropped, (await visitor.image())["targets"]

    named, renamed, back, dropped, left = asyncio.run(visit())
    assert [t["label"] for t in named] == ["target", "target2"]
    assert [(t["id"], t["label"]) for t in renamed] == [
        ("target", "target"),
        ("target2", "my  cup"),
    ]
    assert [t["label"] for t in back] == ["target", "target2"]
    assert dropped["text"] == "target2 dropped"
    assert [t["id"] for t in left] == ["target"]
    assert served.session.targets("camera") == ("target",)


def test_a_dropped_name_begins_anew_without_its_label(served, doubles, box):
    async def visit():
        async with served.visit() as visitor:
            served.play(0)
            await visitor.image(camera="camera")
            await visitor.do("start", name="a", box=box(doubles.truth(0)), stamp="0")
            served.play(1)
            await visitor.do("rename", name="a", label="cup")
            await visitor.do("drop", name="a")
            served.play(2)
            await visitor.do("start", name="a", box=box(doubles.truth(2)), stamp="0")
            served.play(3)
            return (await visitor.image())["targets"]

    (target,) = asyncio.run(visit())
    assert target["label"] == "a"


def test_two_visitors_see_the_same_and_pick_different_names(served, doubles, box):
    async def visit():
        async with served.visit() as one, served.visit() as other:
            served.play(0)
            await one.image(camera="camera")
            await other.image(camera="camera")
            there = box(doubles.truth(0))
            for visitor in (one, other):
                await visitor.do("start", name="", box=there, stamp=str(10**9))
            served.play(1)
            return [await v.image() for v in (one, other)]

    one, other = asyncio.run(visit())
    assert [t["id"] for t in one["targets"]] == ["target", "target2"]
    assert one == other, "one image, made once"


def test_nothing_is_encoded_while_nobody_asks(served):
    async def visit():
        stack = [served.visit() for _ in range(10)]
        for visitor in stack:
            await visitor.__aenter__()
            await visitor.wait_for("hello")
        for index in range(12):
            served.play(index)
        idle = served.encoded
        images = await asyncio.gather(*(v.image(camera="camera") for v in stack))
        for visitor in stack:
            await visitor.__aexit__()
        return idle, images

    idle, images = asyncio.run(visit())
    assert idle == 0
    assert {image["stamp"] for image in images} == {str(10**9 + 11 * 40_000_000)}
    assert served.encoded == 1, "for all of them"


def test_an_image_is_sent_when_the_last_one_was_shown_and_it_is_the_newest(served):
    async def visit():
        async with served.visit() as visitor:
            served.play(0)
            first = await visitor.image(camera="camera")
            for index in range(1, 12):
                served.play(index)
            await visitor.send(type="rename", camera="camera", name="none", label="x")
            answer = await visitor.receive()  # and no image before it
            return first, answer, await visitor.image()

    first, answer, second = asyncio.run(visit())
    assert answer["type"] == "error"
    assert (first["number"], second["number"]) == (1, 12)
    assert served.encoded == 2


def test_cameras_are_told_apart(serve, doubles, box):
    served = serve("left", "right")

    async def visit():
        async with served.visit() as visitor:
            hello = await visitor.wait_for("hello")
            served.play(0, "left")
            served.play(5, "right")
            image = await visitor.image(camera="right")
            there = box(doubles.truth(5))
            await visitor.do("start", "right", name="cup", box=there, stamp=image["stamp"])
            watched = [served.server.is_watched(c) for c in ("left", "right")]
            return hello, image, watched

    hello, image, watched = asyncio.run(visit())
    assert hello["cameras"] == ["left", "right"]
    assert (image["camera"], image["stamp"]) == ("right", str(10**9 + 5 * 40_000_000))
    assert watched == [False, True]
    assert served.session.targets("right") == ("cup",)
    assert served.session.targets("left") == ()


def test_large_images_are_reduced_and_boxes_stay_theirs(serve):
    served = serve(side=64)

    async def visit():
        async with served.visit() as visitor:
            served.play(0)
            return await visitor.image(camera="camera")

    image = asyncio.run(visit())
    assert (image["width"], image["height"]) == (160, 120)
    picture = cv2.imdecode(np.frombuffer(image["jpeg"], np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (48, 64, 3)


def test_an_image_that_cannot_be_read_is_explained_and_the_next_one_shown(served):
    from re3_ros.errors import ImageError

    def broken():
        raise ImageError("step is 3; expected 192")

    async def visit():
        async with served.visit() as visitor:
            served.server.show("camera", View(1, broken))
            bad = await visitor.image(camera="camera")
            served.server.show("camera", View(2, lambda: 1 / 0))
            worse = await visitor.image()
            served.play(0)
            return bad, worse, await visitor.image()

    bad, worse, good = asyncio.run(visit())
    assert "step is 3" in bad["note"]
    assert not bad["jpeg"]
    assert "the log says why" in worse["note"]
    assert good["jpeg"]
    assert good["note"] == ""


def test_numbers_that_json_does_not_have_end_no_page(served):
    nan, inf = float("nan"), float("inf")
    box = np.array([1.0, 2.0, 3.0, 4.0])
    targets = [ViewTarget("a", TargetState.LOST, nan, box), ViewTarget("b", 1, inf, box * inf)]

    async def visit():
        async with served.visit() as visitor:
            image = np.zeros((8, 8, 3), np.uint8)
            served.server.show("camera", View(1, lambda: image, targets, nan))
            return await visitor.image(camera="camera")

    image = asyncio.run(visit())
    assert [(t["id"], t["score"]) for t in image["targets"]] == [("a", 0.0)]
    assert image["latency"] == 0.0


def test_the_end_is_told_also_to_those_who_come_later(served):
    async def visit():
        async with served.visit() as one:
            await one.wait_for("hello")
            served.server.end("clip.mp4 has ended")
            async with served.visit() as other:
                return await one.wait_for("end"), await other.wait_for("end")

    assert [m["text"] for m in asyncio.run(visit())] == ["clip.mp4 has ended"] * 2


def test_closing_sends_what_waits_and_frees_the_address(served):
    async def visit():
        async with served.visit() as visitor:
            await visitor.wait_for("hello")
            served.server.say("good-bye")
            closing = asyncio.create_task(asyncio.to_thread(served.server.close))
            told = await visitor.wait_for("notice"), await visitor.receive()
            await closing
            return told

    notice, end = asyncio.run(visit())
    assert notice["text"] == "good-bye"
    assert end == {"type": "closed", "code": 1001}
    served.server.close()
    port = served.url.rpartition(":")[2].strip("/")
    with WebServer(("camera",), None, WebSettings(f"127.0.0.1:{port}")) as again:
        assert again.url == served.url


def test_a_taken_port_is_one_line(served):
    taken = served.url.removeprefix("http://").strip("/")
    with pytest.raises(ConfigError, match=f"{taken}.*in use.*127.0.0.1:0"):
        WebServer(("camera",), None, WebSettings(taken))
