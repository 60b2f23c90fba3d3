# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The stack that a thread's signal handlers run on."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class SignalStack(ctypes.Structure):
    """``stack_t`` of sigaltstack(2), as Linux lays it out."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("size", ctypes.c_size_t),
    )


def signal_stack() -> SignalStack:
    """Return the calling thread's alternative signal stack; its address is None if it has none."""
    stack = SignalStack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    return stack


@contextmanager
def keep_signal_stack() -> Iterator[None]:
    """Give the calling thread its signal stack back once the block is left.

    A library that replaces it by one that holds a single signal's frame lets the process crash when
    a second signal interrupts the handler of the first: SIGTERM after SIGINT, for example.
    """
    if sys.platform != "linux":
        yield
        return
    before = signal_stack()
    try:
        yield
    finally:
        ctypes.CDLL(None).sigaltstack(ctypes.byref(before), None)
