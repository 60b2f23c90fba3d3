# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A signal at any moment from the start on ends each program with exit code 0, without a trace."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from waiting import PATIENCE, wait_until

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[3]
SCRIPTS = (
    "re3_follow_object",
    "re3_follower",
    "re3_recorder",
    "re3_servo",
    "re3_table",
    "re3_tracker",
    "re3_yard",
    "select_box",
)
# Who looks at the graph of ROS may go on to see a node that ended in this way; none has its name.
APART = ["--ros-args", "-r", "__ns:=/moments"]
PROGRAMS = {
    **{name: [str(ROOT / "scripts" / name), *APART] for name in SCRIPTS},
    "node": ["-m", "re3_ros.ros", *APART],
    "start": ["-m", "re3_ros.ros.start", "--name", "moment", "--ros-args"],
}
MOMENTS = (0.0, 0.4, 0.9, 1.6, 3.0)
"""Seconds after signals are caught; what a program does then differs from machine to machine."""


def is_caught(pid, number):
    """Tell whether a process has a handler for a signal; None if there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    (mask,) = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return bool(int(mask, 16) >> (number - 1) & 1)


def run_until(moment, number, words, log, domain):
    """Return the exit code of a program that gets a signal at a moment."""
    with log.open("w") as file:
        command = [sys.executable, *words, "-p", "device:=cpu"]
        child = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env=domain, start_new_session=True
        )
        # Before, Python has not got to us.
        wait_until(lambda: is_caught(child.pid, signal.SIGTERM) or child.poll() is not None)
        assert child.poll() is None, log.read_text()
        time.sleep(moment)
        child.send_signal(number)
        return child.wait(PATIENCE)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_signal_at_any_moment_ends_it_with_0_and_no_trace(program, tmp_path):
    codes = {}
    numbers = itertools.cycle([signal.SIGINT, signal.SIGTERM])

    def one(moment, number):
        log = tmp_path / f"{moment}.txt"
        domain = {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": ""}
        codes[moment] = run_until(moment, number, PROGRAMS[program], log, domain)

    threads = [
        threading.Thread(target=one, args=pair) for pair in zip(MOMENTS, numbers, strict=False)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logs = {moment: (tmp_path / f"{moment}.txt").read_text() for moment in MOMENTS}
    assert codes == dict.fromkeys(MOMENTS, 0), logs
    traces = [text for text in logs.values() if "Traceback" in text or "Interrupt" in text]
    assert not traces


def test_signals_are_caught_before_anything_slow_is_imported():
    code = "import sys; from re3_ros.ros import run; print(*sys.modules)"
    words = [sys.executable, "-c", code]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert not {"rclpy", "torch", "numpy", "cv2"} & set(loaded)


BUSY = """
import sys, time
from re3_ros.ros.kit import stop_flag

with stop_flag() as stop, stop.nothing_to_lose():
    print("busy", flush=True)
    end = time.monotonic() + 600
    while time.monotonic() < end:
        {work}
sys.exit(5)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", ["time.sleep(600)", "sorted(range(1000))"])
def test_work_with_nothing_to_lose_that_does_not_look_is_ended(work, number):
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY.format(work=work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "busy\n"
    child.send_signal(number)
    _, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, errors
    assert "ending at once" in errors
    assert "Traceback" not in errors


QUICK = """
import os, signal, threading
from re3_ros.ros.kit import stop_flag

with stop_flag() as stop:
    with stop.nothing_to_lose():
        os.kill(os.getpid(), signal.SIGINT)
    print("left", stop.is_set, threading.active_count())
"""


def test_work_that_ends_in_time_is_left_as_usual():
    words = [sys.executable, "-c", QUICK]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout == "left True 1\n"
    assert not done.stderr


ENDS = """
from re3_ros.ros.kit import one_interrupt
import os, signal, sys

try:
    with one_interrupt():
        try:
            os.kill(os.getpid(), signal.{name})
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            print("cleaned up")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_what_ends_processes_is_interrupted_once(name):
    words = [sys.executable, "-c", ENDS.format(name=name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (130, "cleaned up\n")
    assert not done.stderr
