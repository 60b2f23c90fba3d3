# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the page is served."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import NamedTuple

from re3_ros.errors import ConfigError

DEFAULT_ADDRESS = "127.0.0.1:8080"
_FORM = re.compile(r"(?:(?P<host>\[[^\]]*\]|[^:\[\]]*):)?(?P<port>\d{1,5})")


class Address(NamedTuple):
    """A host and a port to listen at; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address in ``HOST:PORT``, ``[IPv6]:PORT`` or ``PORT``. Raises ConfigError."""
    match = _FORM.fullmatch(text.strip())
    if match is None or int(match["port"]) > 65535:
        raise ConfigError(
            f"{text!r} is no address to listen at; expected HOST:PORT such as {DEFAULT_ADDRESS}, "
            "0.0.0.0:8080 for all networks of this machine, or a port alone"
        )
    host = (match["host"] or "").strip("[]")
    return Address(host or "127.0.0.1", int(match["port"]))


def bind(address: Address) -> socket.socket:
    """Return a socket that listens there. Raises ConfigError, with a way out."""
    try:
        family, _, _, _, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family, backlog=64)
    except OSError as error:
        raise ConfigError(
            f"the page cannot be served at {address}: {error.strerror or error}; give an address "
            "of this machine and a free port, such as 127.0.0.1:0 for any"
        ) from error


def is_loopback(listening: socket.socket) -> bool:
    """Tell whether only this machine can reach a socket."""
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def page_url(address: Address, listening: socket.socket) -> str:
    """Return what a person on this machine, or on its network, enters to see the page."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        host = socket.gethostname()
    elif not is_loopback(listening):
        host = address.host
    return f"http://{Address(host, port)}/"
