# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The server: a page, its two other files, and a socket for each browser."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, web
from typing_extensions import Self

from re3_ros.errors import ConfigError

from . import _settings as limits
from ._address import bind, is_loopback, page_url, parse_address
from ._client import Client
from ._commands import Commands
from ._feed import Feed
from ._guard import SECURITY_HEADERS, Guard
from ._protocol import dumps
from ._settings import WebSettings
from ._tracking import Tracking
from ._views import View

PAGE = Path(__file__).parent / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


class WebServer:
    """Serves the page from a thread of its own until `close`. All methods are for any thread.

    ``cameras`` are the names of the tabs; boxes, drops and names go to ``tracking``. ``url`` is
    where to look, and holds the token, if one is needed: unless only this machine can reach the
    address. Raises ConfigError if the address cannot be had, and for no or equal names.
    """

    def __init__(
        self, cameras: Sequence[str], tracking: Tracking, settings: WebSettings | None = None
    ) -> None:
        self._settings = settings or WebSettings()
        if not cameras or len(set(cameras)) < len(cameras):
            raise ConfigError(f"cameras are {list(cameras)!r}; expected different names")
        address = parse_address(self._settings.address)
        self._socket = bind(address)
        self._guard = Guard(address.host, needs_token=not is_loopback(self._socket))
        token = f"#token={self._guard.token}" if self._guard.token else ""
        self.url = page_url(address, self._socket) + token
        self._pool = ThreadPoolExecutor(1, "web-encoder")
        self._feeds = {camera: Feed(camera, self._settings, self._pool) for camera in cameras}
        self._commands = Commands(self._feeds, tracking)
        self._clients: set[Client] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._ended = ""
        self._leaving, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="web", daemon=True)
        self._thread.start()
        self._runner: web.AppRunner = self._wait(self._open())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, camera: str, view: View) -> None:
        """Show the newest view of a camera. Costs nothing to speak of while nobody looks."""
        self._do(self._show, self._feeds[camera], view)

    def clear(self, camera: str) -> None:
        """Forget a camera's newest view."""
        self._do(self._feeds[camera].clear)

    def say(self, text: str) -> None:
        """Tell everybody."""
        self._do(self._say, dumps(type="notice", text=text))

    def end(self, text: str) -> None:
        """Tell everybody, those that come later too, that nothing more will come."""
        self._do(self._end, text)

    def is_watched(self, camera: str) -> bool:
        """Tell whether somebody looks at a camera."""
        feed = self._feeds[camera]
        return any(c.feed is feed and c.looks for c in tuple(self._clients))

    def close(self) -> None:
        """Let go of the address; a second call does nothing."""
        if self._loop.is_closed():
            return
        self._wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._pool.shutdown()

    def _do(self, work: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *arguments)

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _show(self, feed: Feed, view: View) -> None:
        feed.put(view)
        for client in self._clients:
            if client.feed is feed:
                client.notice()

    def _say(self, text: str) -> None:
        for client in self._clients:
            client.tell(text)

    def _end(self, text: str) -> None:
        self._ended = text
        self._say(dumps(type="end", text=text))

    async def _open(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._check], client_max_size=limits.MESSAGE_BYTES)
        for path in FILES:
            app.router.add_get(path, self._file)
        app.router.add_get("/socket", self._serve)
        app.on_response_prepare.append(_secure)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        return runner

    async def _shut(self) -> None:
        """Send what waits to be sent, and say good-bye."""
        for client in tuple(self._clients):
            await client.flush()
        self._leaving.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._empty.wait(), 2 * limits.FAREWELL)
        await self._runner.cleanup()

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if refusal := self._guard.refusal(request.headers):
            return web.Response(status=403, text=f"{refusal}\n")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name, kind = FILES[request.path]
        text = (PAGE / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=kind, charset="utf-8")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= self._settings.clients:
            text = f"{len(self._sockets)} pages are open, which is the most; close one of them\n"
            return web.Response(status=503, text=text)
        socket = web.WebSocketResponse(
            timeout=limits.FAREWELL,
            max_msg_size=limits.MESSAGE_BYTES,
            heartbeat=limits.HEARTBEAT,
            compress=False,
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="this is for the page: open / in a browser\n")
        self._sockets.add(socket)
        self._empty.clear()
        try:
            await socket.prepare(request)
            await self._talk_until_the_end(socket)
        finally:
            self._sockets.discard(socket)
            if not self._sockets:
                self._empty.set()
        return socket

    async def _talk_until_the_end(self, socket: web.WebSocketResponse) -> None:
        tasks = [asyncio.create_task(w) for w in (self._talk(socket), self._leaving.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended, _ = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
        if self._leaving.is_set():
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"end")

    async def _talk(self, socket: web.WebSocketResponse) -> None:
        client = Client(socket, self._commands, next(iter(self._feeds)), self._settings.rate)
        if not await client.admit(self._guard):
            return
        client.tell(dumps(type="hello", cameras=list(self._feeds)))
        if self._ended:
            client.tell(dumps(type="end", text=self._ended))
        self._clients.add(client)
        try:
            await client.run()
        finally:
            self._clients.discard(client)


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
