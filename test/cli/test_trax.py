# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 trax`` as other programs start it: a process, spoken to by lines."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from waiting import PATIENCE

CHATTY = """
print("loading")

class Chatty:
    def init(self, image, box):
        print("init", image.shape)
        self.box = box
    def update(self, image):
        print("update")
        return self.box + 1, 0.5
"""


@pytest.fixture
def frames(tmp_path):
    """Return the paths of two frames, and write a module with a tracker that prints."""
    (tmp_path / "chatty.py").write_text(CHATTY)
    paths = [tmp_path / f"frame {n}.png" for n in range(2)]
    for path in paths:
        cv2.imwrite(str(path), np.full((48, 64, 3), 80, np.uint8))
    return paths


def run(arguments, lines, folder):
    command = [sys.executable, "-m", "re3_ros.cli", "trax", *arguments]
    text = "".join(f"@@TRAX:{line}\n" for line in lines)
    return subprocess.run(
        command,
        input=text,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_only_the_protocol_goes_to_standard_output(frames, tmp_path):
    lines = [
        f'initialize "file://{frames[0]}" "10,12,20,16"',
        f'frame "file://{frames[1]}"',
        "quit",
    ]
    done = run(["chatty:Chatty"], lines, tmp_path)
    assert done.returncode == 0, done.stderr
    hello, *states = done.stdout.splitlines()
    assert hello.startswith('@@TRAX:hello "trax.version=3" "trax.name=chatty:Chatty"')
    assert states == [
        '@@TRAX:state "10.0000,12.0000,20.0000,16.0000"',
        '@@TRAX:state "11.0000,13.0000,20.0000,16.0000" "confidence=0.500000"',
    ]
    assert "init (48, 64, 3)" in done.stderr


def test_the_tracker_of_this_package_speaks_it(frames, tmp_path):
    lines = [f'initialize "{frames[0]}" "10,12,20,16"', f'frame "{frames[1]}"']
    done = run(["--runtime", "torch"], lines, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("@@TRAX:state") == 2
    assert "confidence=" in done.stdout.splitlines()[-1]


def test_failures_are_told_to_both_sides(tmp_path):
    done = run(["mosse"], ['initialize "/nowhere.jpg" "1,2,3,4"'], tmp_path)
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].startswith('@@TRAX:quit "trax.reason=image /nowhere.jpg')
    assert "Error: image /nowhere.jpg cannot be read" in done.stderr


def test_what_cannot_be_served_is_refused(re3):
    code, out, err = re3("trax", "trax:some-command")
    assert (code, out) == (2, "")
    assert "speaks TraX by itself" in err
    assert re3("trax", "no-such-tracker")[0] == 2
