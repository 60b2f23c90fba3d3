# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 launch` as a user runs it, and a node that looks at what came of it."""

import contextlib
import os
import signal
import subprocess
import time

import pytest
from domain import enter_own_domain
from waiting import PATIENCE, wait_until

enter_own_domain()


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Return a file of weights of a small network, which is untrained and follows what stands."""
    from re3_ros.network import build, save

    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save(build("compact", mixed=8, heat_maps=2, fc_width=8, lstm_width=8, match=8), path, {})
    return str(path)


class Launched:
    """A running `ros2 launch re3_ros FILE`."""

    def __init__(self, node, log, arguments, what="tracker.launch.py"):
        self.node = node
        self.path = log
        self.file = log.open("w")
        command = ["ros2", "launch", "re3_ros", what, *arguments]
        self.child = subprocess.Popen(
            command, stdout=self.file, stderr=subprocess.STDOUT, start_new_session=True
        )

    def log(self):
        return self.path.read_text()

    def lifecycle(self, name):
        from re3_ros.ros import LifecycleClient

        return LifecycleClient(self.node, name, PATIENCE, lambda: self.child.poll() is None)

    def until(self, condition):
        def holds():
            answer = condition()
            assert answer or self.child.poll() is None, f"launch ended\n{self.log()}"
            return answer

        wait_until(holds, lambda: time.sleep(0.1), self.log)

    def record(self, kind, topic):
        """Return the list that the topic's messages are put into while `hear` waits."""
        found = []
        self.node.create_subscription(kind, topic, found.append, 10)
        return found

    def hear(self, condition):
        """Wait until a condition holds, and take messages meanwhile."""
        import rclpy

        self.until(lambda: rclpy.spin_once(self.node, timeout_sec=0.05) or condition())

    def is_active(self, name="/re3_tracker"):
        client = self.lifecycle(name)
        with contextlib.closing(client):
            self.until(lambda: client.state() == "active")
        return True

    def get(self, *names, node="/re3_tracker"):
        from rcl_interfaces.srv import GetParameters
        from rclpy.parameter import parameter_value_to_python

        client = self.node.create_client(GetParameters, f"{node}/get_parameters")
        answer = self.lifecycle(node).call(client, GetParameters.Request(names=names))
        return [parameter_value_to_python(value) for value in answer.values]

    def subscribed(self, topic):
        """Tell whether the node takes images from a topic."""
        infos = self.node.get_subscriptions_info_by_topic(topic)
        return any(info.topic_type == "sensor_msgs/msg/Image" for info in infos)

    def last_of(self, messages):
        """Return the last message of a row that `record` returned, now that no more are sent."""
        import rclpy

        count = -1
        while count < len(messages):
            count = len(messages)
            end = time.monotonic() + 1
            while time.monotonic() < end:
                rclpy.spin_once(self.node, timeout_sec=0.1)
        return messages[-1]

    def stop(self):
        """End it as Ctrl-C does; return the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        try:
            return self.child.wait(PATIENCE)
        finally:
            if self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)
            self.file.close()


@pytest.fixture
def launch(tmp_path):
    """Return a function from launch arguments, and perhaps a launch file, to a Launched."""
    import rclpy

    rclpy.init()
    node = rclpy.create_node("looker")
    started = []

    def start(*arguments, **options):
        started.append(Launched(node, tmp_path / f"log{len(started)}", arguments, **options))
        return started[-1]

    yield start
    for launched in started:
        if launched.child.poll() is None:
            launched.stop()
    node.destroy_node()
    rclpy.try_shutdown()
