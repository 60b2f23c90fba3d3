# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import waiting

CLAIM = """
import os, domain
os.getpid = lambda: 5
print(domain.own_domain(), domain.own_domain(), flush=True)
input()
"""


@contextlib.contextmanager
def claimed():
    """Run a process that holds a domain; return the two answers that it got."""
    child = subprocess.Popen(
        [sys.executable, "-c", CLAIM],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        yield child.stdout.readline().split()


def test_processes_that_run_at_a_time_have_domains_of_their_own():
    with claimed() as first, claimed() as second:
        assert len(set(first)) == len(set(second)) == 1
        assert first != second


def test_a_wait_returns_what_was_waited_for():
    values = iter([0, "", None, 7, 8])
    assert waiting.wait_until(lambda: next(values)) == 7


def test_a_wait_in_vain_tells_what_for_and_the_log(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    with pytest.raises(AssertionError, match=r"(?s)in vain for.*never_comes.*the node said"):
        waiting.wait_until(lambda: [].count("never_comes"), log=lambda: "the node said")
