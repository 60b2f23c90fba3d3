# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 track --web`` waits for a box from a browser, and tracks what is in it."""

import asyncio
import csv
import json
import os
import signal
import socket
import threading

import pytest
from waiting import PATIENCE

from re3_ros.boxes import iou

aiohttp = pytest.importorskip("aiohttp", reason="no aiohttp here: pip install 're3_ros[web]'")


@pytest.fixture
def place():
    """Return HOST:PORT that is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


class Visitor(threading.Thread):
    """Does ``work(socket, wait_for)`` at the page, as soon as it is served."""

    def __init__(self, place, work):
        super().__init__()
        self.place, self.work = place, work
        self.seen = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join(PATIENCE)
        assert not self.is_alive(), self.seen

    def run(self):
        asyncio.run(self.visit())

    async def visit(self):
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    self.socket = await http.ws_connect(f"http://{self.place}/socket")
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)
            await self.work(self)
            async for message in self.socket:  # until it is closed from the other side
                self.take(message)

    def take(self, message):
        if message.type is aiohttp.WSMsgType.BINARY:
            size = int.from_bytes(message.data[:4], "big")
            self.seen.append({"type": "image", **json.loads(message.data[4 : 4 + size])})
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.seen.append(json.loads(message.data))

    async def send(self, **message):
        await self.socket.send_str(json.dumps(message))

    async def wait_for(self, kind):
        while True:
            self.take(await asyncio.wait_for(self.socket.receive(), PATIENCE))
            if self.seen[-1]["type"] == kind:
                return self.seen[-1]


def test_a_video_waits_for_its_first_box(re3, video, doubles, place, tmp_path):
    async def draw(page):
        await page.send(type="ready")
        image = await page.wait_for("image")
        box = [float(v) for v in doubles.truth(0)]
        await page.send(type="start", camera="camera", name="cup", box=box, stamp=image["stamp"])
        await page.wait_for("done")

    with Visitor(place, draw) as page:
        code, out, err = re3("track", video, "--web", "--listen", place, "--boxes", "b.csv")
    assert code == 0, err
    assert f"open http://{place}/ in a browser" in out
    assert "12 frames" in out
    with (tmp_path / "b.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == [str(i) for i in range(12)], "from the first one on"
    assert iou([float(rows[-1][c]) for c in ("x1", "y1", "x2", "y2")], doubles.truth(11)) > 0.75
    assert page.seen[-1] == {"type": "end", "text": f"{video} has ended"}


def test_ctrl_c_ends_the_wait(re3, video, place):
    async def interrupt(page):
        await page.send(type="ready")
        await page.wait_for("image")
        os.kill(os.getpid(), signal.SIGINT)

    with Visitor(place, interrupt) as page:
        code, out, _ = re3("track", video, "--web", "--listen", place)
    assert code == 130
    assert "interrupted after 1 frames" in out
    assert page.seen[-1]["text"] == "the run was ended"


def test_with_a_box_nobody_has_to_look(re3, video, box, place):
    code, out, err = re3("track", video, "--web", "--listen", place, "--box", box)
    assert code == 0, err
    assert "12 frames" in out


def test_a_box_of_the_command_that_cannot_be_tracked_ends_it(re3, video, place):
    code, _, err = re3("track", video, "--web", "--listen", place, "--box", "500,500,20,20")
    assert code == 2
    assert "outside the 160 x 120 image" in err


def test_a_bad_address_and_a_missing_package_are_one_line(re3, video, monkeypatch):
    code, _, err = re3("track", video, "--web", "--listen", "nowhere")
    assert code != 0
    assert "'nowhere' is no address to listen at" in err
    monkeypatch.setattr("re3_ros.versions.found", lambda n: None if n == "aiohttp" else "999")
    code, _, err = re3("track", video, "--web")
    assert code != 0
    assert "aiohttp 3.8 or newer (here is none)" in err
    assert "re3_ros[web]" in err
