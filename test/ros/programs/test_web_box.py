# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The page of web_box: a box from a browser reaches the node, and what the node says the page."""

import asyncio
import contextlib
import json
import os
import re
import signal
import threading

import pytest
from browsing import Person, browser
from waiting import PATIENCE, wait_until

from re3_ros.errors import ConfigError

pytestmark = pytest.mark.ros

PROGRAM = "re3_ros.ros.web_box"


@pytest.fixture
def program(ros):
    """Return a function from parameters to the URL of a web_box in this process."""
    pytest.importorskip("aiohttp", reason="no aiohttp here: pip install it")
    from rclpy.parameter import Parameter

    from re3_ros.ros.kit import StopFlag, spin
    from re3_ros.ros.programs.web_box import WebBox

    with contextlib.ExitStack() as stack:

        def make(remap="", **parameters):
            values = {"listen": "127.0.0.1:0", "image_reliability": "reliable", **parameters}
            node = WebBox(
                parameter_overrides=[Parameter(k, value=v) for k, v in values.items()],
                cli_args=["--ros-args", "-r", remap] if remap else [],
            )
            flag = StopFlag()
            thread = threading.Thread(target=spin, args=(node, flag))
            thread.start()
            stack.callback(node.destroy_node)
            stack.callback(node.close)
            stack.callback(thread.join)
            stack.callback(setattr, flag, "is_set", True)
            return node._server.url

        yield make


class Page(threading.Thread):
    """A browser, as far as web_box can tell: it asks for image after image, and gives commands."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.images, self.answers = [], []
        self.loop = asyncio.new_event_loop()
        self.socket = None
        self.start()
        wait_until(lambda: self.socket)

    def run(self):
        self.loop.run_until_complete(self.talk())
        self.loop.close()

    async def talk(self):
        import aiohttp

        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{self.url}socket") as self.socket,
        ):
            await self.socket.send_str('{"type": "ready"}')
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    size = int.from_bytes(message.data[:4], "big")
                    header = json.loads(message.data[4 : 4 + size])
                    self.images.append({**header, "jpeg": len(message.data) - 4 - size})
                    await self.socket.send_str('{"type": "ready"}')
                else:
                    self.answers.append(json.loads(message.data))

    def send(self, **message):
        work = self.socket.send_str(json.dumps(message))
        asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def close(self):
        if not self.loop.is_closed():
            asyncio.run_coroutine_threadsafe(self.socket.close(), self.loop).result(PATIENCE)
        self.join()

    @property
    def newest(self):
        return self.images[-1] if self.images else {"targets": [], "note": "", "jpeg": 0}

    def told(self):
        return f"{self.images[-3:]}\n{self.answers}"


@pytest.fixture
def visit():
    """Return a function from a URL to a Page."""
    with contextlib.ExitStack() as stack:
        yield lambda url: stack.enter_context(contextlib.closing(Page(url)))


def show_until(tracker, page, condition, prefix=""):
    """Send images to node and page until a condition holds."""
    tracker.spin(lambda: tracker.show(prefix=prefix) and condition(), page.told)


def show_until_ready(tracker, page, prefix=""):
    """Send images until the page shows one, and has nothing to say against a box on it."""
    show_until(tracker, page, lambda: page.newest["jpeg"] and not page.newest["note"], prefix)


def test_a_box_is_drawn_tracked_shown_and_dropped(tracker, program, visit):
    tracker.bring_up()
    page = visit(program())
    show_until_ready(tracker, page)
    assert (page.newest["width"], page.newest["height"]) == (64, 48)
    seen = page.newest["stamp"]
    page.send(
        type="start", camera="camera", name="cup", box=[10, 10, 30, 30], stamp=seen, request=1
    )
    show_until(tracker, page, lambda: [t["id"] for t in page.newest["targets"]] == ["cup"])
    show_until(tracker, page, lambda: page.newest["targets"][0]["state"] == "TRACKING")
    assert {"type": "done", "request": 1, "text": "following cup"} in page.answers
    assert page.newest["targets"][0]["box"] == pytest.approx([10, 10, 30, 30], abs=1.5)
    assert page.newest["latency"] > 0
    status = tracker.show()[0]
    (target,) = status.targets
    stamp = status.header.stamp.sec * 10**9 + status.header.stamp.nanosec
    assert target.frames_since_init == (stamp - int(seen)) // 10**8, "since the image drawn on"
    page.send(type="drop", camera="camera", name="cup", request=2)
    show_until(tracker, page, lambda: not page.newest["targets"])
    assert not tracker.show()[0].targets


def test_a_box_that_the_node_rejects_is_told(tracker, program, visit):
    tracker.bring_up(ring_size=1)
    page = visit(program())
    show_until_ready(tracker, page)
    seen = page.newest["stamp"]
    for _ in range(3):
        tracker.show()
    page.send(type="start", camera="camera", name="", box=[5, 5, 20, 20], stamp=seen, request=1)
    show_until(tracker, page, lambda: any("ring_size" in a.get("text", "") for a in page.answers))
    assert not page.newest["targets"]


def test_the_page_says_that_the_node_does_not_listen_to_boxes(tracker, program, visit):
    tracker.bring_up()
    page = visit(program(remap="init_box:=elsewhere"))
    show_until(tracker, page, lambda: "does not listen to boxes" in page.newest["note"])
    page.send(type="start", camera="camera", name="", box=[5, 5, 20, 20], stamp="0", request=1)
    show_until(tracker, page, lambda: page.answers[1:])
    assert "nobody listens on /elsewhere" in page.answers[-1]["text"]


def test_cameras_of_one_name_each(tracker, program, visit):
    cameras = ["left", "right"]
    tracker.bring_up(cameras=cameras)
    page = visit(program(cameras=cameras))
    page.send(type="watch", camera="right")
    show_until_ready(tracker, page, "right/")
    there = {"camera": "right", "name": "cup", "request": 1}
    page.send(type="start", box=[10, 10, 30, 30], stamp=page.newest["stamp"], **there)
    show_until(
        tracker, page, lambda: [t["id"] for t in page.newest["targets"]] == ["cup"], "right/"
    )
    assert not tracker.show(prefix="left/")[0].targets
    page.send(type="drop", **there)
    show_until(tracker, page, lambda: not page.newest["targets"], "right/")


def test_without_a_node_images_are_shown_and_a_box_is_refused(make_bench, program, visit):
    import numpy as np
    from sensor_msgs.msg import Image

    page = visit(program(topic="alone"))
    with contextlib.closing(make_bench("/web_box")) as bench:
        image = Image(height=48, width=64, step=192, encoding="rgb8")
        image.data = np.zeros((48, 64, 3), np.uint8).tobytes()
        publisher = bench.publisher(Image, "/alone")
        bench.spin(lambda: publisher.publish(image) or page.newest["jpeg"])
        assert "is it active?" in page.newest["note"]
        page.send(type="start", camera="camera", name="", box=[5, 5, 20, 20], stamp="0", request=1)
        (answer,) = wait_until(lambda: [a for a in page.answers if a.get("request")])
        assert "nobody listens on /init_box" in answer["text"]
        image.encoding = "smoke"
        bench.spin(lambda: publisher.publish(image) or "smoke" in page.newest["note"])
        page.close()  # nobody looks any more: the images are not wanted
        bench.spin(lambda: publisher.get_subscription_count() == 0)


def test_real_browser_real_node_real_process(tracker, tmp_path):
    from re3_ros.ros.programs import ros_arguments, running

    log = tmp_path / "web_box.txt"
    values = {"listen": "127.0.0.1:0", "image_reliability": "reliable", "topic": "picture"}
    arguments = ros_arguments(values, {"picture": "image"})
    tracker.bring_up()
    with browser() as driver, log.open("w") as file, running(PROGRAM, arguments, file) as process:
        url = wait_until(
            lambda: re.search(r"open (http\S+) in", log.read_text()), log=log.read_text
        )
        person = Person(driver, url[1])
        show_until(tracker, person, lambda: person.stamp and not person.note)
        person.drag((10, 10, 30, 30))
        show_until(tracker, person, lambda: person.states() == ["TRACKING"])
        assert person.message == "following target"
        person.click("button.drop")
        show_until(tracker, person, lambda: not person.targets)
        os.kill(process.pid, signal.SIGINT)
        tracker.spin(lambda: process.exit_code is not None)
        assert process.exit_code == 0, log.read_text()
        assert "no effect" not in log.read_text(), "of a remapping, as nobody looked at first"
        person.wait_for(lambda: person.find("#link").text == "ended")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"listen": "nowhere"}, "'nowhere' is no address to listen at"),
        ({"cameras": ["a", "a"]}, "different names"),
        ({"image_transport": "pigeon"}, "expected one of raw, compressed"),
    ],
)
def test_a_bad_parameter_is_named(program, bad, told):
    with pytest.raises(ConfigError, match=told):
        program(**bad)
