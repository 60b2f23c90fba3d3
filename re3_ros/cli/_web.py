# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 track --web``: a run that is watched, and told what to track, in a browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from re3_ros.errors import ConfigError
from re3_ros.versions import WEB, problem

from ._running import Interruption

if TYPE_CHECKING:
    from re3_ros.images import Image
    from re3_ros.media import Source
    from re3_ros.tracking import Frame, FrameResult, TrackingSession
    from re3_ros.web import WebServer

WEB_SETTINGS = {"ring_size": 600, "ring_megabytes": 512}
"""Of the session: frames for people who take their time to draw, 20 s at 30 Hz."""


def need_web() -> None:
    """Raise ConfigError if what serves the page is not installed."""
    if text := problem(WEB):
        raise ConfigError(f"--web {text}, or the extra 're3_ros[web]'")


@contextmanager
def open_page(
    session: TrackingSession, source: Source, listen: str, wish: Interruption
) -> Iterator[Page]:
    """Serve the page for as long as the block lasts, and say where. Raises ConfigError."""
    from re3_ros.web import SessionTracking, WebServer, WebSettings

    with WebServer(
        session.cameras, SessionTracking(session), WebSettings(address=listen)
    ) as server:
        typer.echo(f"open {server.url} in a browser; Ctrl-C ends")
        yield Page(session, source, server, wish)
        server.end("the run was ended" if wish.asked else f"{source.name} has ended")


class Page:
    """The page of a run with one camera."""

    def __init__(
        self, session: TrackingSession, source: Source, server: WebServer, wish: Interruption
    ) -> None:
        self._session, self._source, self._server, self._wish = session, source, server, wish
        self._camera = session.cameras[0]
        self.say = server.say
        self._waiting: Frame | None = None

    def frames(self, frames: Iterable[Frame], begun: bool) -> Iterator[Frame]:
        """Yield frames: those of files at their own pace and, unless ``begun``, from the first box
        on, until which the first one is shown."""
        from re3_ros.web import paced, started

        if self._source.is_live:
            return iter(frames)
        waiting = frames if begun else started(frames, self._is_pointed_at, self._wish)
        return paced(waiting, self._wish)

    def show(self, image: Image, result: FrameResult) -> None:
        """Show a frame and its targets."""
        from re3_ros.tracking import Frame
        from re3_ros.web import view_of

        self._server.show(self._camera, view_of(Frame(self._camera, result.stamp, image), result))
        for note in result.notes:
            self._server.say(note)

    def _is_pointed_at(self, frame: Frame) -> bool:
        """Show the first frame, once, until a box was drawn on it."""
        from re3_ros.web import view_of

        if self._waiting is not frame:
            self._waiting = frame
            self._server.show(self._camera, view_of(frame))
        return bool(self._session.targets(self._camera))
