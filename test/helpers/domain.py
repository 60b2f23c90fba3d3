# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A ROS domain in which nobody else is: neither other tests on this machine, nor a robot."""

import contextlib
import functools
import os
import socket

DOMAINS = range(10, 100)
FIRST, LAST = 10, 249
"""Ports of a domain, of the 250 from 7400 on (DDSI-RTPS 9.6.2): its first participant receives at
one, and nothing uses the other, as no machine has 120 participants."""
_held = []


@functools.cache
def own_domain():
    """Return the number of a free domain, which is this process's until its end."""
    for step in range(len(DOMAINS)):
        domain = DOMAINS[(os.getpid() + step) % len(DOMAINS)]
        with contextlib.suppress(OSError):
            _bind(domain, FIRST).close()
            _held.append(_bind(domain, LAST))
            return domain
    raise RuntimeError(f"no ROS domain from {DOMAINS[0]} to {DOMAINS[-1]} is free here")


def enter_own_domain():
    """Let ROS in this process, and in those that it starts, meet nobody but themselves."""
    os.environ["ROS_DOMAIN_ID"] = str(own_domain())
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"


def _bind(domain, port):
    """Return a socket at a port; OSError if somebody is there."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind(("", 7400 + 250 * domain + port))
    except OSError:
        bound.close()
        raise
    return bound
