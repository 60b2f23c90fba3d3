# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A page served for a session that follows what is red, and visitors that speak its protocol."""

import asyncio
import contextlib
import json

import numpy as np
import pytest
from waiting import PATIENCE

aiohttp = pytest.importorskip("aiohttp", reason="no aiohttp here: pip install 're3_ros[web]'")

from re3_ros.tracking import Frame, SessionConfig, TrackingSession  # noqa: E402
from re3_ros.web import SessionTracking, WebServer, WebSettings, view_of  # noqa: E402

PERIOD = 40_000_000


class Served:
    """A session, the page in front of it, and frames for both; stamps rise by 40 ms from 1 s."""

    def __init__(self, doubles, cameras, settings):
        self.doubles = doubles
        self.session = TrackingSession(doubles.Finder(), cameras, SessionConfig())
        self.server = WebServer(cameras, SessionTracking(self.session), settings)
        self.url = self.server.url
        self.results = []

    @property
    def encoded(self):
        return sum(feed.encoded for feed in self.server._feeds.values())

    def play(self, index, camera="", hidden=False):
        """Track and show frame ``index`` of the clip; return its result."""
        camera = camera or self.session.cameras[0]
        frame = Frame(camera, 10**9 + index * PERIOD, self.doubles.picture(index, hidden))
        result = self.session.process(frame)
        self.server.show(camera, view_of(frame, result))
        self.results.append(result)
        return result

    def visit(self, **headers):
        """Return a visitor, to be used in ``async with``."""
        return Visitor(self.url, headers)


class Visitor:
    """A browser, as far as the server can tell."""

    def __init__(self, url, headers=None):
        self.address, _, self.fragment = url.partition("#")
        self.headers = headers or {}
        self.texts = []

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        http = await self.stack.enter_async_context(aiohttp.ClientSession())
        connecting = http.ws_connect(f"{self.address}socket", headers=self.headers)
        self.socket = await self.stack.enter_async_context(connecting)
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def send(self, **message):
        await self.socket.send_str(json.dumps(message))

    async def receive(self):
        """Return the next message of any kind: a dictionary, that of an image with its JPEG."""
        message = await asyncio.wait_for(self.socket.receive(), PATIENCE)
        if message.type is aiohttp.WSMsgType.BINARY:
            size = int.from_bytes(message.data[:4], "big")
            header = json.loads(message.data[4 : 4 + size])
            return {"type": "image", **header, "jpeg": message.data[4 + size :]}
        if message.type is aiohttp.WSMsgType.TEXT:
            return json.loads(message.data)
        return {"type": "closed", "code": self.socket.close_code}

    async def wait_for(self, *kinds):
        """Return the next message of one of these types; others are left out."""
        while True:
            message = await self.receive()
            if message["type"] in kinds:
                return message
            assert message["type"] != "closed", message

    async def image(self, **watch):
        """Ask for an image and return it."""
        await self.send(type="watch", **watch) if watch else await self.send(type="ready")
        return await self.wait_for("image")

    async def do(self, kind, camera="camera", **fields):
        """Give a command and return the answer to it."""
        await self.send(type=kind, camera=camera, request=7, **fields)
        answer = await self.wait_for("done", "error")
        assert answer["request"] == 7
        return answer


@pytest.fixture
def serve(doubles):
    """Return a function from cameras and settings to a Served."""
    with contextlib.ExitStack() as stack:

        def make(*cameras, **settings):
            chosen = WebSettings(**{"address": "127.0.0.1:0", "rate": 1000, **settings})
            served = Served(doubles, cameras or ("camera",), chosen)
            stack.callback(served.server.close)
            return served

        yield make


@pytest.fixture
def served(serve):
    return serve()


@pytest.fixture
def box():
    """Return a function from a box to the list that JSON takes."""
    return lambda corners: [float(v) for v in np.asarray(corners)]
