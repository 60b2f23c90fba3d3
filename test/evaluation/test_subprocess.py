# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that crash or hang, in real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

from re3_ros.errors import ConfigError
from re3_ros.evaluation import ComparisonOptions, OnePass, Reinitialisation, measure
from re3_ros.evaluation.trackers import parse_specs

TRACKERS = """
import os, signal, subprocess, sys, time
from re3_ros.errors import ConfigError

class Still:
    def init(self, image, box):
        self.box = box
    def update(self, image):
        return self.box

class Dies(Still):
    def update(self, image):
        os.kill(os.getpid(), signal.SIGSEGV)

class Leaves(Still):
    def update(self, image):
        sys.exit("enough")

class Hangs(Still):
    def update(self, image):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open("child.pid", "w").write(str(child.pid))
        time.sleep(600)

class Tells(Still):
    def update(self, image):
        command = ["printenv", "OMP_NUM_THREADS"]
        raise ValueError(subprocess.run(command, capture_output=True, text=True).stdout.strip())

class Complains(Still):
    def __init__(self):
        raise ConfigError("no such model")
"""


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """Write a module of trackers with all sorts of manners into the current folder."""
    (tmp_path / "manners.py").write_text(TRACKERS)
    monkeypatch.chdir(tmp_path)
    # Spawned processes find the module as a user's do: in the folder where they are started.
    yield
    sys.modules.pop("manners", None)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_who_crashes_or_hangs_fails_and_the_others_go_on(data, tmp_path, plugins):
    names = ["manners:Dies", "manners:Hangs", "manners:Leaves", "manners:Still"]
    options = ComparisonOptions(jobs=2, timeout=8, only=("slow",))
    results = measure(OnePass(), parse_specs(names), data, tmp_path / "cache", options)
    reasons = {name: rs[0].failure for name, rs in results.items()}
    assert reasons["manners:Still"] is None
    assert reasons["manners:Dies"] == "crashed: its process died by SIGSEGV"
    assert reasons["manners:Leaves"] == "crashed: SystemExit: enough"
    assert reasons["manners:Hangs"].startswith("hung: no frame was finished within 8 s")
    assert [rs[0].auc > 0 for rs in results.values()] == [False, False, False, True]
    assert len(results["manners:Dies"][0].truth) == 10
    child = int(Path("child.pid").read_text())
    wait_until(lambda: not is_running(child))
    kept = {path.parent.name.rpartition("-")[0] for path in (tmp_path / "cache").rglob("*.npz")}
    assert kept == {"manners_Still"}


def test_programs_of_a_tracker_are_told_the_number_of_threads(data, tmp_path, plugins):
    options = ComparisonOptions(threads=3, only=("slow",))
    results = measure(OnePass(), parse_specs(["manners:Tells"]), data, tmp_path / "c", options)
    assert results["manners:Tells"][0].failure == "frame 2 of 10: ValueError: 3"


def test_with_reinitialisation_a_crash_is_a_drop_on_every_frame(data, tmp_path, plugins):
    options = ComparisonOptions(only=("slow",))
    runs = measure(Reinitialisation(), parse_specs(["manners:Dies"]), data, tmp_path / "c", options)
    (run,) = runs["manners:Dies"]
    assert (run.sequence, run.frames, run.drops) == ("slow", 10, 10)
    assert run.failure == "crashed: its process died by SIGSEGV"


@pytest.mark.parametrize("jobs", [0, 1])
def test_what_the_user_can_mend_ends_the_run(data, tmp_path, plugins, jobs):
    with pytest.raises(ConfigError, match="no such model"):
        measure(
            OnePass(),
            parse_specs(["manners:Complains"]),
            data,
            tmp_path / "cache",
            ComparisonOptions(jobs=jobs),
        )


SCRIPT = """
import os, sys
from re3_ros.evaluation import ComparisonOptions, OnePass, measure
from re3_ros.evaluation.trackers import parse_specs
if __name__ == "__main__":
    measure(OnePass(), parse_specs(["manners:Hangs"]), sys.argv[1], "cache", ComparisonOptions())
"""


def test_workers_end_with_a_killed_parent(data, tmp_path, plugins):
    (tmp_path / "script.py").write_text(SCRIPT)
    root = Path(__file__).parents[2]
    run = subprocess.Popen(
        [sys.executable, "script.py", str(data)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    written = Path("child.pid")
    wait_until(lambda: written.exists() and written.read_text() != "")
    run.send_signal(signal.SIGKILL)
    run.wait()
    child = int(written.read_text())
    wait_until(lambda: not is_running(child))


UNGUARDED = """
import sys
from re3_ros.evaluation import compare
from re3_ros.evaluation.trackers import parse_specs
compare(parse_specs(["manners:Still"]), sys.argv[1], "cache")
"""


def test_a_script_without_a_guard_is_told_so(data, tmp_path, plugins):
    (tmp_path / "script.py").write_text(UNGUARDED)
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "script.py", str(data)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode
    assert "a worker process ended while it started" in run.stderr
