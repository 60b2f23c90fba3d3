# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One browser: what it asks for is answered, and images go as fast as it shows them."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from aiohttp import WSMsgType, web

from re3_ros.errors import InputError

from . import _settings as limits
from ._commands import Commands
from ._guard import Bucket, Guard
from ._protocol import COMMANDS, Fields, command_of, dumps, read, request_of, text_of

WRONG_TOKEN = 4401
"""Code that a socket is closed with where the token was not the right one; 4000 and up are free."""
GONE = (ConnectionError, RuntimeError)
"""What aiohttp raises where a socket has been closed meanwhile."""
_log = logging.getLogger(__name__)


class Client:
    """Talks to one browser until it leaves.

    An image is sent when the browser has asked for it (``ready``), and then one: whoever is slow,
    or looks elsewhere, gets fewer, always the newest.
    """

    def __init__(
        self, socket: web.WebSocketResponse, commands: Commands, camera: str, rate: float
    ) -> None:
        self.feed = commands.feed(camera)
        self._socket, self._commands, self._period = socket, commands, 1 / rate
        self._answers: asyncio.Queue[str] = asyncio.Queue(limits.ANSWERS)
        self._wake = asyncio.Event()
        self._ready, self._seen, self._asked = False, 0, -limits.LOOKING
        self._messages = Bucket(limits.MESSAGES, limits.MESSAGE_BURST)
        self._allowed = Bucket(limits.COMMANDS, limits.COMMAND_BURST)

    @property
    def looks(self) -> bool:
        """Whether it wants images."""
        return self._ready or time.monotonic() - self._asked < limits.LOOKING

    async def admit(self, guard: Guard) -> bool:
        """Return whether it knows the token, if one is needed; close the socket if not."""
        if not guard.token:
            return True
        reason = "the token is missing: it has to be the first message"
        with suppress(asyncio.TimeoutError, InputError, TypeError):
            fields = read(await asyncio.wait_for(self._socket.receive_str(), limits.PATIENCE))
            if guard.accepts(text_of(fields, "token")):
                return True
            reason = "the token is wrong; it is in the address that was printed at the start"
            await asyncio.sleep(0.5)
        with suppress(*GONE):
            await self._socket.send_str(dumps(type="error", text=reason))
            await self._socket.close(code=WRONG_TOKEN, message=b"token")
        return False

    async def run(self) -> None:
        """Serve it until it leaves."""
        tasks = [asyncio.create_task(work) for work in (self._receive(), self._send())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception) and not isinstance(ended, GONE):
                    _log.error("a page is not served any more", exc_info=ended)

    def notice(self) -> None:
        """See that there is a new view."""
        if self._ready:
            self._wake.set()

    def tell(self, text: str) -> None:
        """Send a text, unless too many wait already."""
        with suppress(asyncio.QueueFull):
            self._answers.put_nowait(text)
            self._wake.set()

    async def flush(self) -> None:
        """Send the texts that wait."""
        with suppress(*GONE):
            while not self._answers.empty():
                await self._socket.send_str(self._answers.get_nowait())

    async def _receive(self) -> None:
        async for message in self._socket:
            await asyncio.sleep(self._messages.take())
            if message.type is WSMsgType.TEXT:
                await self._take(message.data)
            else:
                await self._answer(type="error", text="expected JSON as text, not bytes")

    async def _answer(self, **fields: object) -> None:
        await self._answers.put(dumps(**fields))
        self._wake.set()

    async def _take(self, text: str) -> None:
        request = None
        try:
            fields = read(text)
            request = request_of(fields)
            done = self._do(fields)
        except InputError as error:
            await self._answer(type="error", request=request, text=str(error))
        except Exception:  # noqa: BLE001, it is logged, and the page goes on
            _log.exception("a message of a page could not be dealt with")
            text = "this could not be done; the log says why"
            await self._answer(type="error", request=request, text=text)
        else:
            if done:
                await self._answer(type="done", request=request, text=done)

    def _do(self, fields: Fields) -> str:
        """Do what a message asks for; return what to tell of it."""
        if fields["type"] in COMMANDS:
            if self._allowed.take():
                raise InputError(
                    f"too many commands: at most {limits.COMMANDS:g} a second; this one is left out"
                )
            return self._commands.do(command_of(fields))
        if fields["type"] == "watch":
            self.feed, self._seen = self._commands.feed(text_of(fields, "camera")), 0
            self._be_ready()
        elif fields["type"] == "ready":
            self._be_ready()
        return ""

    def _be_ready(self) -> None:
        self._ready, self._asked = True, time.monotonic()
        self._wake.set()

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()
            feed = self.feed
            if self._ready and feed.number and feed.number != self._seen:
                packet = await feed.packet()
                if feed is self.feed:  # and it does not look at another camera by now
                    self._ready, self._seen = False, packet.number
                    await self._socket.send_bytes(packet.data)
                    await asyncio.sleep(self._period)
