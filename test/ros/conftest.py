# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A running node, and another one beside it that sends images and boxes and reads results."""

import contextlib
import itertools
import threading
import time

import numpy as np
import pytest
from domain import enter_own_domain
from waiting import PATIENCE, wait_until

enter_own_domain()

QUIET = {"device": "cpu", "runtime": "torch", "silence_warning": 0.0}
"""What tests set: torch needs no time to be prepared."""
HEADS = {
    # Corners in crop coordinates (2.5 ... 7.5 is where the object was) and visibility logit.
    "still": (2.5, 2.5, 7.5, 7.5, 4.0),
    "drifting": (5.0, 2.5, 10.0, 7.5, 4.0),
    "blind": (2.5, 2.5, 7.5, 7.5, -4.0),
}
"""What small networks that answer the same to every image answer."""


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Return a function from a name in HEADS to a file of weights."""
    import torch

    from re3_ros.network import build, save

    folder = tmp_path_factory.mktemp("weights")

    def write(name):
        path = folder / f"{name}.safetensors"
        if not path.exists():
            network = build("compact", mixed=8, heat_maps=2, fc_width=8, lstm_width=8, match=8)
            with torch.no_grad():
                network.head.weight.zero_()
                network.head.bias.copy_(torch.tensor(HEADS[name]))
            save(network, path, {})
        return str(path)

    return write


@pytest.fixture(scope="session")
def ros():
    """Initialise rclpy for the whole run."""
    import rclpy

    rclpy.init()
    yield rclpy
    rclpy.try_shutdown()


class Bench:
    """A node of the test's own: publishers, recorders, and clients of the node under test."""

    def __init__(self, ros, target="/re3_tracker", alive=lambda: True):
        from re3_ros.ros.programs import LifecycleClient

        self.node = ros.create_node("bench", namespace=target.rpartition("/")[0])
        self.target = target
        self.lifecycle = LifecycleClient(self.node, target, PATIENCE, alive)
        self.executor = ros.executors.SingleThreadedExecutor()
        self.recorded = {}
        self.publishers = {}

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()

    def spin(self, until, told=lambda: ""):
        """Spin until the condition holds; say so, and what ``told`` returns, if it never does."""
        self.executor.add_node(self.node)
        try:
            return wait_until(
                until, lambda: self.executor.spin_once(0.1), lambda: f"{self.printed()}\n{told()}"
            )
        finally:
            self.executor.remove_node(self.node)

    def printed(self):
        """Return what the node under test has logged, if that is known."""
        return ""

    def rest(self, seconds=0.3):
        """Let the other side discover what is new here too: what is sent before is lost."""
        end = time.monotonic() + seconds
        self.spin(lambda: time.monotonic() > end)

    def call(self, kind, name, **fields):
        client = self.node.create_client(kind, f"{self.target}/{name}")
        try:
            return self.lifecycle.call(client, kind.Request(**fields))
        finally:
            self.node.destroy_client(client)

    def get(self, *names):
        from rcl_interfaces.srv import GetParameters
        from rclpy.parameter import parameter_value_to_python

        values = self.call(GetParameters, "get_parameters", names=names).values
        return [parameter_value_to_python(value) for value in values]

    def set(self, **values):
        """Set parameters; return the reasons of those refused."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        wanted = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        results = self.call(SetParameters, "set_parameters", parameters=wanted).results
        return [result.reason for result in results if not result.successful]

    def publisher(self, kind, topic):
        if topic not in self.publishers:
            self.publishers[topic] = self.node.create_publisher(kind, topic, 10)
        publisher = self.publishers[topic]
        self.spin(lambda: publisher.get_subscription_count() > 0)
        return publisher

    def record(self, kind, topic):
        """Return the list that the topic's messages are put into from now on."""
        if topic not in self.recorded:
            self.recorded[topic] = []
            self.node.create_subscription(kind, topic, self.recorded[topic].append, 10)
        self.spin(lambda: self.node.count_publishers(topic) > 0)
        return self.recorded[topic]


class Tracker(Bench):
    """The node under test as its user sees it. Images get stamps that rise by 0.1 s."""

    def __init__(self, ros, process, log, target="/re3_tracker"):
        super().__init__(ros, target, alive=lambda: process.exit_code is None)
        self.process = process
        self.log = log
        self.ticks = itertools.count(1)
        self.started = 0

    def bring_up(self, **parameters):
        """Configure with these parameters, activate, and record what comes out."""
        self.started = len(self.log.read_text())
        assert self.set(image_reliability="reliable", **parameters) == []
        self.lifecycle.bring_up()
        self.bring_up_topics()
        return self

    def bring_up_topics(self):
        """Open the topics of an active node, and record what comes out."""
        from sensor_msgs.msg import Image
        from std_msgs.msg import String
        from vision_msgs.msg import Detection2D, Detection2DArray

        from re3_ros.msg import TrackerStatus

        self.publisher(Detection2D, "init_box")
        self.publisher(Detection2DArray, "init_boxes")
        self.publisher(String, "drop_target")
        for prefix in self.prefixes():
            self.publisher(Image, f"{prefix}image")
            self.record(TrackerStatus, f"{prefix}status")
            self.record(Detection2DArray, f"{prefix}detections")
            self.record(Detection2D, f"{prefix}detection")
        self.rest()

    def prefixes(self):
        (cameras,) = self.get("cameras")
        return [f"{name}/" for name in cameras] if len(cameras) > 1 else [""]

    def printed(self):
        """Return the log of the node since it was brought up."""
        return self.log.read_text()[self.started :]

    def image(self, **fields):
        """Return the next image message, of 64 x 48 pixels of noise unless fields say otherwise."""
        from sensor_msgs.msg import Image

        tick = next(self.ticks)
        pixels = np.random.default_rng(tick).integers(0, 256, (48, 64, 3), np.uint8)
        message = Image(height=48, width=64, step=192, encoding="bgr8", data=pixels.tobytes())
        message.header.frame_id = "optical"
        message.header.stamp.sec, message.header.stamp.nanosec = 100 + tick // 10, tick % 10 * 10**8
        for name, value in fields.items():
            setattr(message, name, value)
        return message

    def send(self, message, prefix=""):
        from sensor_msgs.msg import Image

        self.publisher(Image, f"{prefix}image").publish(message)
        return message

    def show(self, message=None, prefix=""):
        """Send an image and return its status and detections."""
        sent = self.send(message or self.image(), prefix)

        def answer(topic):
            found = self.recorded[f"{prefix}{topic}"]
            return next((m for m in found if m.header == sent.header), None)

        self.spin(lambda: answer("status") and answer("detections"))
        return answer("status"), answer("detections")

    def point(self, box=(10, 10, 30, 30), **fields):
        """Send a box x1, y1, x2, y2 to init_box."""
        from vision_msgs.msg import Detection2D

        from re3_ros.ros.tracker._messages import bounding_box

        message = Detection2D(id=fields.pop("id", ""), bbox=bounding_box(np.array(box, float)))
        message.header.frame_id = fields.pop("frame_id", "")
        if "stamp" in fields:
            message.header.stamp = fields.pop("stamp")
        assert not fields
        self.publisher(Detection2D, "init_box").publish(message)

    def follow(self, count=1, prefix="", **fields):
        """Send a box, and images until there are so many targets; return the last status."""
        self.show(prefix=prefix)
        self.point(**fields)
        return self.show_until(lambda status: len(status.targets) == count, prefix)

    def show_until(self, condition, prefix="", make=None):
        """Show images until a status fulfils the condition; return it."""
        make = make or self.image
        seen = [self.show(make(), prefix)[0]]

        def show():
            seen[:] = [self.show(make(), prefix)[0]]

        wait_until(lambda: condition(seen[0]), show, lambda: f"{seen[0]}\n{self.printed()}")
        return seen[0]

    def reset(self):
        """Return to unconfigured from wherever the test left the node."""
        for step in {"active": ("deactivate", "cleanup"), "inactive": ("cleanup",)}.get(
            self.lifecycle.state(), ()
        ):
            assert self.lifecycle.change(step)
        for publisher in self.publishers.values():
            self.node.destroy_publisher(publisher)
        for subscription in list(self.node.subscriptions):
            self.node.destroy_subscription(subscription)
        self.publishers.clear()
        self.recorded.clear()


@pytest.fixture(scope="session")
def launched(ros, tmp_path_factory):
    """Return a Tracker around a node process that all tests share."""
    from re3_ros.ros.programs import NODE, ros_arguments, running

    log = tmp_path_factory.mktemp("node") / "log.txt"
    arguments = ros_arguments({"silence_warning": 0.0})
    with (
        log.open("w") as file,
        running(NODE, arguments, file) as process,
        contextlib.closing(Tracker(ros, process, log)) as tracker,
    ):
        yield tracker


@pytest.fixture
def tracker(launched, weights):
    """Return the shared node, unconfigured, with its parameters at their defaults."""
    from re3_ros.ros.tracker._parameters import SPECS

    defaults = {spec.name: spec.default for spec in SPECS.values()}
    quiet = {**QUIET, "weights": weights("still")}
    assert launched.set(**defaults | quiet) == []
    yield launched
    assert launched.process.exit_code is None, launched.log.read_text()
    launched.reset()


@pytest.fixture
def make_tracker(ros, tmp_path):
    """Return a function from a namespace and parameters to a Tracker of a process of its own."""
    from re3_ros.ros.programs import NODE, ros_arguments, running

    with contextlib.ExitStack() as stack:

        def make(namespace, **parameters):
            log = tmp_path / f"{namespace.strip('/')}.txt"
            values = {**QUIET, **parameters}
            arguments = ros_arguments(values, namespace=namespace)
            file = stack.enter_context(log.open("w"))
            process = stack.enter_context(running(NODE, arguments, file))
            made = Tracker(ros, process, log, f"{namespace}/re3_tracker")
            return stack.enter_context(contextlib.closing(made))

        yield make


class Rosout:
    """What a node logs, as it is sent to the topic /rosout."""

    def __init__(self, node):
        self.lines = []
        self.name = ".".join(part for part in (node.get_namespace().strip("/"), "") if part)

    def listen(self, bench):
        from rcl_interfaces.msg import Log
        from rclpy.qos import DurabilityPolicy, QoSProfile

        def take(message):
            if message.name.startswith(self.name):
                self.lines.append(message.msg)

        qos = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        bench.create_subscription(Log, "/rosout", take, qos)

    def read_text(self):
        return "\n".join(self.lines)


class Inside(Tracker):
    """A tracker node in this process, spun by a thread of its own; its parts can be exchanged."""

    def __init__(self, ros, namespace, **parameters):
        from rclpy.parameter import Parameter

        from re3_ros.ros.kit import spin
        from re3_ros.ros.kit._signals import StopFlag
        from re3_ros.ros.tracker._node import TrackerNode

        values = {**QUIET, **parameters}
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.under_test = TrackerNode(namespace=namespace, parameter_overrides=overrides)
        log = Rosout(self.under_test)
        self.exit_code = None
        super().__init__(ros, self, log, self.under_test.get_fully_qualified_name())
        log.listen(self.node)
        self.flag = StopFlag()
        self.thread = threading.Thread(target=spin, args=(self.under_test, self.flag))
        self.thread.start()

    def close(self):
        self.flag.is_set = True
        self.thread.join()
        self.under_test.do_cleanup()
        self.under_test.destroy_node()
        super().close()

    def says(self, text, times=1):
        """Wait until the node has logged so."""
        self.spin(lambda: self.log.read_text().count(text) >= times)


numbers = itertools.count(1)


@pytest.fixture
def make_inside(ros, weights):
    """Return a function from parameters to an Inside; all are closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(**parameters):
            # /rosout repeats what was said, so no two of them may have one name.
            namespace = f"/inside{next(numbers)}"
            parameters = {"weights": weights("still"), **parameters}
            return stack.enter_context(contextlib.closing(Inside(ros, namespace, **parameters)))

        yield make


@pytest.fixture
def make_bench(ros):
    """Return a function from the name of a node, and perhaps its process, to a Bench."""

    def make(target, process=None):
        alive = (lambda: process.exit_code is None) if process else (lambda: True)
        return Bench(ros, target, alive)

    return make
