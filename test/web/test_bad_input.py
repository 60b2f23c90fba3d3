# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a browser sends, it gets a clear answer, and tracking goes on."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
import time

import aiohttp
import pytest
from waiting import PATIENCE

START = {"type": "start", "camera": "camera", "name": "x", "box": [1, 1, 20, 20], "stamp": "0"}


def start(**fields):
    return json.dumps({**START, **fields})


BAD = {
    "nothing": ("", "not JSON"),
    "no JSON": ("{", "not JSON"),
    "deep": ("[" * 5000, "not JSON"),
    "a list": ("[1, 2]", "no type that is known"),
    "unknown type": ('{"type": "shutdown"}', "no type that is known"),
    "a type that is none": ('{"type": ["start"]}', "no type that is known"),
    "outside": (start(box=[500, 500, 600, 600]), "outside the 160 x 120 image"),
    "NaN": (start(box=[float("nan"), 1, 20, 20]), "NaN is no number"),
    "infinite": ('{"box": [1e999, 1, 2, 3], ' + start()[1:].replace('"box"', '"b"'), "not finite"),
    "huge": (start(box=[10**400, 1, 20, 20]), "not finite"),
    "three": (start(box=[1, 2, 3]), "four numbers"),
    "texts": (start(box=["1", 1, 20, 20]), "'1' in it"),
    "true": (start(box=[True, 1, 20, 20]), "True in it"),
    "nested": (start(box=[[1], 1, 20, 20]), "in it"),
    "inverted": (start(box=[20, 20, 1, 1]), "both sides must be"),
    "small": (start(box=[5, 5, 6, 6]), "both sides must be"),
    "a sliver inside": (start(box=[159, 10, 300, 50]), "both sides must be"),
    "no stamp": (start(stamp="soon"), "digits"),
    "a number": (start(stamp=5), "digits"),
    "late": (start(stamp="9" * 19), "2^63|digits"),
    "forgotten": (start(stamp="77"), "remembered"),
    "unknown camera": (start(camera="nose"), "no camera 'nose'"),
    "no camera": ('{"type": "drop", "name": "x"}', "camera is None"),
    "long name": (start(name="x" * 65), "at most 64"),
    "two lines": (start(name="a\nb"), "line breaks"),
    "unknown drop": ('{"type": "drop", "camera": "camera", "name": "x"}', "no target 'x'"),
    "unknown rename": (
        '{"type": "rename", "camera": "camera", "name": "x", "label": "y"}',
        "no target 'x'",
    ),
    "watch nothing": ('{"type": "watch", "camera": "x"}', "no camera 'x'"),
}


@pytest.fixture
def following(served, doubles):
    """Return a page whose session follows one target."""
    served.play(0)
    served.session.initialise("camera", "cup", doubles.truth(0))
    served.play(1)
    return served


def is_undisturbed(following):
    """Tell whether the target is followed as before."""
    (target,) = following.play(2).targets
    return target.id == "cup" and target.frames_since_init == 2


def test_each_is_answered_and_nothing_lost(following):
    async def visit():
        async with following.visit() as visitor:
            await visitor.image(camera="camera")
            answers = {}
            for name, (text, _) in BAD.items():
                following.server._clients.copy().pop()._allowed._left = 20.0  # the rate has a test
                await visitor.socket.send_str(text)
                answers[name] = await visitor.wait_for("error", "done")
            await visitor.socket.send_bytes(b"\x00\xff")
            answers["bytes"] = await visitor.wait_for("error")
            await visitor.send(**{**START, "request": 5, "box": []})
            answers["request"] = await visitor.wait_for("error")
            return answers

    answers = asyncio.run(visit())
    for name, (_, expected) in BAD.items():
        told = answers[name]["text"]
        assert answers[name]["type"] == "error", (name, told)
        assert any(e in told for e in expected.split("|")), (name, told)
        assert len(told) < 400
    assert "not bytes" in answers["bytes"]["text"]
    assert answers["request"]["request"] == 5
    assert is_undisturbed(following)


@pytest.mark.parametrize(("size", "codes"), [(9000, {1009}), (10_000_000, {1009, 1006})])
def test_a_message_too_big_ends_its_connection_and_no_other(following, size, codes):
    async def visit():
        async with following.visit() as one, following.visit() as other:
            await one.wait_for("hello")
            with contextlib.suppress(ConnectionError):  # it is not even read to its end
                await one.socket.send_str(json.dumps({"type": "start", "x": "y" * size}))
            closed = await one.receive()
            return closed, await other.image(camera="camera")

    closed, image = asyncio.run(visit())
    assert closed["type"] == "closed"
    assert closed["code"] in codes
    assert image["jpeg"]
    assert is_undisturbed(following)


def test_a_thousand_boxes_are_a_thousand_answers_and_few_targets(following, box, doubles):
    async def visit():
        async with following.visit() as visitor:
            await visitor.image(camera="camera")
            there = box(doubles.truth(1))
            for i in range(1000):
                await visitor.send(**{**START, "name": f"t{i}", "box": there, "request": i})
            return [await visitor.wait_for("done", "error") for _ in range(1000)]

    answers = asyncio.run(visit())
    assert [a["request"] for a in answers] == list(range(1000))
    refused = [a for a in answers if a["type"] == "error"]
    assert len(refused) > 800
    assert all("too many commands" in a["text"] or "max_targets" in a["text"] for a in refused)
    result = following.play(2)
    assert result.targets[0].id == "cup"
    assert result.targets[0].frames_since_init == 2
    assert len(result.targets) <= 32


HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 64,  # reserved bits
        b"\x81\x05hello",  # no mask
        b"\x81\xff" + struct.pack(">Q", 2**62) + b"\0" * 4,  # longer than all memory
        b"\x81\x82\0\0\0\0\xff\xfe",  # no UTF-8
        b"\x81",  # the half of a header
    ],
)
def test_broken_frames_end_their_connection_alone(following, garbage):
    host, port = following.url.removeprefix("http://").strip("/").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as raw:
        key = base64.b64encode(os.urandom(16)).decode()
        raw.sendall(HANDSHAKE.format(key).encode())
        assert b"101 Switching" in raw.recv(4096)
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass

    async def visit():
        async with following.visit() as visitor:
            return await visitor.image(camera="camera")

    assert asyncio.run(visit())["jpeg"]
    assert is_undisturbed(following)


def fetch(served, path="", method="GET", **headers):
    """Return status, text and headers of a request."""

    async def ask():
        url = served.url.partition("#")[0] + path
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, url, headers=headers) as answer,
        ):
            return answer.status, await answer.text(), answer.headers

    return asyncio.run(ask())


def test_the_page_comes_whole_and_from_here(served):
    for path in ("", "page.js", "page.css", "icon.svg"):
        status, text, headers = fetch(served, path)
        assert status == 200
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Frame-Options"] == "DENY"
    assert fetch(served, "../setup.cfg")[0] == 404
    assert fetch(served, method="POST")[0] == 405
    assert fetch(served, "socket")[0] == 426


@pytest.mark.parametrize("path", ["", "socket"])
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "evil.example"}, "not this machine's"),  # its DNS leads here
        ({"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}, "not this machine's"),
        ({"Host": "[::1"}, "not this machine's"),
        ({"Origin": "http://evil.example"}, "other pages"),
        ({"Origin": "null"}, "other pages"),
        ({"Origin": "http://127.0.0.1:1"}, "other pages"),
        ({"Origin": "http://[half"}, "other pages"),
    ],
)
def test_other_origins_and_other_names_are_refused(served, path, headers, reason):
    status, text, _ = fetch(served, path, **headers)
    assert status == 403
    assert reason in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "192.168.0.7:8080", "[::1]:8080"])
def test_own_names_and_addresses_are_answered(served, host):
    assert fetch(served, Host=host, Origin=f"http://{host}")[0] == 200


def test_no_more_pages_than_allowed(serve):
    served = serve(clients=2)

    async def visit():
        async with served.visit() as one, served.visit() as other:
            await one.wait_for("hello")
            await other.wait_for("hello")
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with served.visit():
                    pass
        deadline = time.monotonic() + PATIENCE
        while not await comes_in():  # the server has yet to notice that the others have gone
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        return refused.value.status

    async def comes_in():
        try:
            async with served.visit() as third:
                await third.wait_for("hello")
        except aiohttp.WSServerHandshakeError:
            return False
        return True

    assert asyncio.run(visit()) == 503


class TestToken:
    """Any address but this machine's own needs the token."""

    @pytest.fixture
    def open_page(self, serve, doubles):
        served = serve(address="0.0.0.0:0")
        served.token = served.url.partition("#token=")[2]
        served.url = f"http://127.0.0.1:{served.url.partition('#')[0].rpartition(':')[2]}"
        served.play(0)
        return served

    def visit(self, page, *messages):
        async def go():
            async with page.visit() as visitor:
                for message in messages:
                    await visitor.socket.send_str(message)
                return [await visitor.receive() for _ in range(2)]

        return asyncio.run(go())

    def test_the_right_one_opens(self, open_page):
        assert len(open_page.token) >= 24
        token = json.dumps({"type": "token", "token": open_page.token})
        hello, image = self.visit(open_page, token, '{"type": "ready"}')
        assert hello["type"] == "hello"
        assert image["type"] == "image"

    @pytest.mark.parametrize(
        "message",
        [
            '{"type": "token", "token": "guess"}',
            '{"type": "token", "token": ""}',
            '{"type": "token", "token": "\\ud800"}',
            '{"type": "token"}',
            '{"type": "watch", "camera": "camera"}',
            start(),
            "garbage",
        ],
    )
    def test_nothing_else_does(self, open_page, message):
        error, closed = self.visit(open_page, message)
        assert error["type"] == "error"
        assert "token" in error["text"]
        assert closed == {"type": "closed", "code": 4401}
        assert open_page.session.targets("camera") == ()

    def test_here_none_is_needed(self, served):
        assert "token" not in served.url
