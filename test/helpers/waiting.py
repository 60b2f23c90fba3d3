# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The one way in which tests wait: for a condition, and as long as the slowest machine takes."""

import inspect
import time

PATIENCE = 240.0
"""Seconds after which a test gives up waiting; nothing here is a measure of speed."""


def wait_until(condition, turn=lambda: time.sleep(0.01), log=lambda: ""):
    """Return what the condition returns as soon as that is true; ``turn`` is called in between.

    If it never is, AssertionError tells what was waited for, and what ``log`` returns.
    """
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            text = f"waited {PATIENCE:g} s in vain for\n{_source(condition)}\n{log()}"
            raise AssertionError(text)
        turn()
    return answer


def _source(condition):
    try:
        return inspect.getsource(condition)
    except (OSError, TypeError):  # a function written in C, or one without a file
        return repr(condition)
