# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Who may talk to the page: origins, host names, the token, and how often."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""The page loads nothing from elsewhere, is in no frame, and tells nobody its address."""


class Guard:
    """Decides on requests by their Host and Origin, and on clients by their token.

    A name that an attacker's DNS leads to this machine is told by its name: only addresses, this
    machine's own names and ``host``, the one it was told to listen at, are answered.
    """

    def __init__(self, host: str, needs_token: bool) -> None:
        own = socket.gethostname().lower()
        self._names = {"localhost", host.lower(), own, f"{own}.local"} - {""}
        self.token = secrets.token_urlsafe(18) if needs_token else ""
        """What a client has to know, empty if nothing."""

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Return why a request is not answered, or nothing."""
        host = headers.get("Host", "")
        if not self._is_ours(host):
            return (
                f"the host name {host[:80]!r} is not this machine's; open the page by its address, "
                "such as http://127.0.0.1:8080/"
            )
        origin = headers.get("Origin")
        if origin is not None and origin.lower() not in _origins(host.lower()):
            return f"requests from other pages ({origin[:80]!r}) are not answered"
        return ""

    def accepts(self, token: str) -> bool:
        """Tell whether a client's token is the right one, in constant time."""
        return hmac.compare_digest(token.encode(errors="replace"), self.token.encode())

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def _origins(host: str) -> tuple[str, ...]:
    return f"http://{host}", f"https://{host}"


class Bucket:
    """``rate`` things a second, and ``burst`` at once after a rest."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._then = burst, clock()

    def take(self) -> float:
        """Take one; return 0, or the seconds until the next is there, with none taken."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return (1 - self._left) / self._rate
        self._left -= 1
        return 0.0
