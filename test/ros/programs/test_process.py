# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import signal

import pytest
from waiting import wait_until

pytestmark = pytest.mark.ros

SLEEP = ["-n1", "-r1", "print('begun', flush=True); import time; time.sleep(600)"]


@pytest.fixture
def sleeper(tmp_path):
    """Return a process that catches no signal, in its sleep, and its log."""
    from re3_ros.ros.programs import running

    log = tmp_path / "log"
    with log.open("w") as file, running("timeit", SLEEP, file) as process:
        wait_until(lambda: "begun" in log.read_text())
        yield process, log


def test_what_does_not_catch_signals_yet_is_ended_without_a_trace_and_well(sleeper):
    process, log = sleeper
    assert process.stop() == 0
    assert log.read_text() == "begun\n"


def test_what_ended_by_another_signal_did_not_end_well(sleeper):
    process, _ = sleeper
    process.signal(signal.SIGKILL)
    process.wait()
    assert process.stop() == -signal.SIGKILL
