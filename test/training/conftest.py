# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a run that takes a moment, and a run that takes two minutes."""

import subprocess
import sys
import threading
import time

import pytest
import yaml

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16, "pyramid": True}


@pytest.fixture(scope="session")
def recipe():
    """Return a function that gives the values of a tiny run's configuration."""

    def values(steps=(2, 2), **changes):
        stages = [
            {"steps": steps[0], "unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]},
            {
                "steps": steps[1],
                "unroll": 3,
                "batch": 2,
                "self_training": 0.5,
                "rate": [1e-3, 1e-4],
            },
        ]
        stages[0]["frozen"] = ["trunk."]
        shared = {"options": SMALL, "stills": "stills", "videos": "videos", "held_out": ["two"]}
        exact = {"precision": "float32", "threads": 1, "save_every": 1}
        return {**shared, **exact, "stages": stages, **changes}

    return values


class TimedRun:
    """`re3 train --minutes 2`, which goes on while other tests run."""

    def __init__(self, folder, values, data):
        self.folder, config = folder / "run", folder / "run.yaml"
        config.write_text(yaml.safe_dump(values))
        command = [sys.executable, "-m", "re3_ros.cli", "train", str(config), "--minutes", "2"]
        command += ["--data", str(data), "--output", str(self.folder)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self):
        self.out, self.err = self.process.communicate()
        self.took = time.monotonic() - self.began

    def wait(self):
        """Return once it has ended."""
        self._thread.join()
        return self


@pytest.fixture(scope="session", autouse=True)
def begun(request, recipe, data_root, tmp_path_factory):
    """Begin the run with the first of these tests, if the test of it is among them."""
    if not any(
        "two_minutes" in getattr(item, "fixturenames", ()) for item in request.session.items
    ):
        yield None
        return
    values = recipe(steps=(1, 3), average=0.5, held_tracks=1, save_every=500)
    run = TimedRun(tmp_path_factory.mktemp("timed"), values, data_root)
    yield run
    run.process.kill()
    run.wait()


@pytest.fixture
def two_minutes(begun):
    """Return the run of two minutes, ended."""
    return begun.wait()
