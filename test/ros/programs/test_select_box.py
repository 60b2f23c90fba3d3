# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tool that boxes are drawn with: by clicks, and by a mouse on a virtual screen."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from waiting import PATIENCE

pytestmark = pytest.mark.ros

TOOL = "re3_ros.ros.select_box"


@pytest.fixture
def tool(make_bench, tmp_path):
    """Return a function from options to a bench that shows images to a running select_box."""
    from re3_ros.ros.programs import ros_arguments, running

    with contextlib.ExitStack() as stack:

        def make(environment=None, **parameters):
            log = tmp_path / "select.txt"
            file = stack.enter_context(log.open("w"))
            arguments = ros_arguments(parameters, namespace="/pick")
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv("DISPLAY", raising=False)
                patch.delenv("WAYLAND_DISPLAY", raising=False)
                for name, value in (environment or {}).items():
                    patch.setenv(name, value)
                process = stack.enter_context(running(TOOL, arguments, file))
            bench = stack.enter_context(contextlib.closing(make_bench("/pick/select_box", process)))
            bench.process, bench.log = process, log
            bench.boxes = boxes(bench)
            return bench

        yield make


def boxes(bench):
    from vision_msgs.msg import Detection2D

    return bench.record(Detection2D, "/pick/init_box")


def show(bench, second, size=(120, 160)):
    """Publish a grey image of that time."""
    from sensor_msgs.msg import Image

    height, width = size
    message = Image(height=height, width=width, step=3 * width, encoding="rgb8")
    message.data = np.full((height, width, 3), 90, np.uint8).tobytes()
    message.header.stamp.sec, message.header.frame_id = second, "optical"
    bench.publisher(Image, "/pick/image").publish(message)
    return message


def click(bench, x, y):
    from geometry_msgs.msg import Point

    bench.publisher(Point, "/pick/image_mouse_left").publish(Point(x=float(x), y=float(y)))


def corners(message):
    bbox = message.bbox
    x, y = bbox.center.position.x, bbox.center.position.y
    half = bbox.size_x / 2, bbox.size_y / 2
    return [x - half[0], y - half[1], x + half[0], y + half[1]]


def says(bench, text):
    bench.spin(lambda: text in bench.log.read_text())


def test_two_clicks_make_a_box_under_the_header_of_the_image(tool):
    bench = tool(id="cup")
    says(bench, "no window: there is no display")
    for _ in range(30):  # what was sent before the tool has discovered us passes it by
        show(bench, 7)
        bench.rest()
        click(bench, 90, 20)
        click(bench, 30, 80)
        end = time.monotonic() + 2.0
        bench.spin(lambda e=end: bench.boxes or time.monotonic() > e)
        if bench.boxes and bench.boxes[-1].header.stamp.sec:
            break
    box = bench.boxes[-1]
    assert corners(box) == [30, 20, 90, 80]
    assert (box.id, box.header.frame_id, box.header.stamp.sec) == ("cup", "optical", 7)


def test_boxes_that_are_none_are_not_sent_and_the_next_one_is(tool):
    bench = tool(window=False, camera="left")
    says(bench, "no window: window is false")
    bench.spin(lambda: click(bench, float("nan"), 5) or "is ignored" in bench.log.read_text())
    for x, y in ((10, 10), (11, 50), (10, 10), (40, 50)):
        click(bench, x, y)
    (box,) = bench.spin(lambda: bench.boxes)
    assert corners(box) == [10, 10, 40, 50]
    assert box.header.frame_id == "left"
    assert box.header.stamp.sec == box.header.stamp.nanosec == 0, "no image yet: the newest"
    assert "1 x 40 pixels is too small" in bench.log.read_text()


def test_a_display_that_does_not_answer_means_no_window(tool):
    bench = tool({"DISPLAY": ":987"}, id="cup")
    says(bench, "no window: the display does not answer")
    bench.spin(lambda: click(bench, float("nan"), 5) or "is ignored" in bench.log.read_text())
    click(bench, 10, 10)
    click(bench, 40, 50)
    (box,) = bench.spin(lambda: bench.boxes)
    assert corners(box) == [10, 10, 40, 50]


def test_a_reliability_that_is_none_is_one_line():
    words = ["-p", "image_reliability:=perhaps", "-p", "window:=false"]
    command = [sys.executable, "-m", TOOL, "--ros-args", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert "image_reliability is 'perhaps'; expected one of best_effort, reliable" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(tool, number):
    bench = tool(window=False)
    os.kill(bench.process.pid, number)
    bench.spin(lambda: bench.process.exit_code is not None)
    assert bench.process.exit_code == 0


@pytest.fixture
def screen():
    """Return the name of a virtual screen."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} here: apt install xvfb xdotool")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as lines:
            yield f":{lines.readline().strip()}"
        server.terminate()


class Mouse:
    """Moves the mouse in the window of the tool."""

    def __init__(self, screen, bench):
        self.environment = {**os.environ, "DISPLAY": screen}
        self.bench = bench
        search = ["search", "--onlyvisible", "--name", "select_box"]
        self.window = bench.spin(lambda: self.run(*search).split()[:1])[0]

    def run(self, *words):
        command = ["xdotool", *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        ).stdout

    def do(self, *words):
        """Do something and leave the tool time to see it."""
        self.run(*words)
        end = time.monotonic() + 0.5
        self.bench.spin(lambda: time.monotonic() > end)

    def move(self, x, y):
        self.do("mousemove", "--window", self.window, str(x), str(y))


def drag(mouse, bench):
    """Drag a box on an image of second 7, while images of second 9 arrive."""
    for _ in range(10):
        show(bench, 7)
        bench.rest(0.2)
    mouse.move(30, 20)
    mouse.do("mousedown", "1")
    for _ in range(5):
        show(bench, 9)
        bench.rest(0.2)
    mouse.move(60, 50)
    mouse.move(90, 80)
    mouse.do("mouseup", "1")
    bench.rest(1.0)


def test_a_box_is_dragged_with_the_mouse_on_the_image_that_stood_still(tool, screen):
    pytest.importorskip("cv2")
    bench = tool({"DISPLAY": screen}, id="cup")
    if "built without windows" in bench.log.read_text():
        pytest.skip("this OpenCV has no windows")
    says(bench, "drag a box in the window")
    show(bench, 7)
    mouse = Mouse(screen, bench)
    for _ in range(5):  # until the picture is there, the window ignores the mouse
        drag(mouse, bench)
        if bench.boxes:
            break
    box = bench.boxes[0]
    assert corners(box) == pytest.approx([30, 20, 90, 80], abs=3)
    assert (box.id, box.header.stamp.sec) == ("cup", 7), "the image that it was drawn on"
    for _ in range(5):
        mouse.do("key", "--window", mouse.window, "Escape")
        if bench.process.exit_code is not None:
            break
    bench.spin(lambda: bench.process.exit_code is not None)
    assert bench.process.exit_code == 0
