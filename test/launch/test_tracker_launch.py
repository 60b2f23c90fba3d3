# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros_launch

ARGUMENTS = {
    "namespace",
    "name",
    "cameras",
    "image",
    "init_box",
    "depth",
    "camera_info",
    "detections",
    "detection",
    "status",
    "detections_3d",
    "pose",
    "debug_image",
    "params_file",
    "image_transport",
    "detector",
    "device",
    "runtime",
    "weights",
    "bond",
    "autostart",
    "use_sim_time",
    "log_level",
    "rviz",
    "rviz_config",
    "fixed_frame",
}


def share():
    from ament_index_python.packages import get_package_share_directory

    return Path(get_package_share_directory("re3_ros"))


def launch_file():
    spec = importlib.util.spec_from_file_location("tracker", share() / "launch/tracker.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_show_args_lists_every_argument_with_its_meaning():
    command = ["ros2", "launch", "re3_ros", "tracker.launch.py", "--show-args"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {line.strip()[1:-2] for line in output.splitlines() if line.startswith("    '")}
    assert found == ARGUMENTS
    assert "No description given" not in output


def test_what_it_needs_is_installed():
    files = ("config/tracker.yaml", "foxglove/re3.json", "rviz/tracker.rviz", "package.xml")
    for name in (*files, "weights"):
        assert (share() / name).exists(), name


def test_it_activates_the_node_and_ends_cleanly(launch, weights):
    launched = launch(f"weights:={weights}", "autostart:=true")
    assert launched.is_active()
    assert launched.stop() == 0
    assert "process has finished cleanly" in launched.log()


def test_autostart_acts_once_and_leaves_what_comes_later_to_others(launch, weights):
    launched = launch(f"weights:={weights}", "autostart:=true")
    assert launched.is_active()
    client = launched.lifecycle("/re3_tracker")
    for step in ("deactivate", "cleanup", "configure"):
        assert client.change(step)
    # Were it to be activated, that would be asked for now, and these be refused.
    for step in ("activate", "deactivate", "activate"):
        assert client.change(step), launched.log()
    assert "no transition" not in launched.log()


def test_after_a_configure_that_failed_the_user_has_the_say(launch, weights):
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    launched = launch("weights:=/nowhere.safetensors")
    launched.until(lambda: "re3_tracker was not configured" in launched.log())
    client = launched.node.create_client(SetParameters, "/re3_tracker/set_parameters")
    right = [Parameter("weights", value=weights).to_parameter_msg()]
    lifecycle = launched.lifecycle("/re3_tracker")
    answer = lifecycle.call(client, SetParameters.Request(parameters=right))
    assert answer.results[0].successful
    for step in ("configure", "activate"):
        assert lifecycle.change(step), launched.log()
    assert "no transition" not in launched.log()


def test_without_autostart_the_node_waits_for_its_manager(launch, weights):
    launched = launch(f"weights:={weights}", "autostart:=false")
    client = launched.lifecycle("/re3_tracker")
    assert client.state() == "unconfigured"
    assert client.change("configure")
    assert client.state() == "inactive", "and stays there: nothing activates it"


def test_name_namespace_and_topics_are_those_given(launch, weights):
    launched = launch(
        f"weights:={weights}",
        "namespace:=robot",
        "name:=eye",
        "image:=/cam/image_raw",
        "detections:=found",
        "init_box:=/click",
    )
    assert launched.is_active("/robot/eye")
    launched.until(lambda: launched.subscribed("/cam/image_raw"))
    topics = {name for name, _ in launched.node.get_topic_names_and_types()}
    assert {"/robot/found", "/robot/status", "/robot/detection", "/click"} <= topics


def test_several_cameras_take_their_images_from_the_topics_in_order(launch, weights):
    launched = launch(f"weights:={weights}", "cameras:=left,right", "image:=/l/raw,/r/raw")
    assert launched.is_active()
    assert launched.get("cameras") == [["left", "right"]]
    launched.until(lambda: launched.subscribed("/l/raw") and launched.subscribed("/r/raw"))
    launched.until(lambda: launched.node.count_publishers("/left/detections"))


def test_the_parameters_file_counts_and_arguments_override_it(launch, weights, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "/**:\n  ros__parameters:\n"
        "    weights: /nowhere\n    reset_interval: 7\n    cameras: [front]\n    device: cpu\n"
        "    runtime: onnx\n"
    )
    launched = launch(
        f"params_file:={path}", f"weights:={weights}", "runtime:=torch", "use_sim_time:=true"
    )
    assert launched.is_active()
    names = ("weights", "reset_interval", "cameras", "device", "runtime", "use_sim_time")
    assert launched.get(*names) == [weights, 7, ["front"], "cpu", "torch", True]


def test_if_configure_fails_the_log_says_so_and_the_node_can_be_set_right(launch, weights):
    launched = launch("weights:=/nowhere.safetensors")
    launched.until(lambda: "re3_tracker was not configured" in launched.log())
    assert "no weights at /nowhere.safetensors" in launched.log()
    assert launched.lifecycle("/re3_tracker").state() == "unconfigured"


def test_the_log_level_reaches_the_node(launch, weights):
    launched = launch(f"weights:={weights}", "log_level:=error")
    assert launched.is_active()
    assert "is ready on" not in launched.log()


@pytest.mark.parametrize(
    ("cameras", "image", "says"),
    [("", "/a,/b", "name the cameras"), ("a,b", "/a,/b,/c", "one for each")],
)
def test_image_topics_that_do_not_fit_the_cameras_are_an_error(cameras, image, says):
    with pytest.raises(RuntimeError, match=says):
        launch_file().remappings({"cameras": cameras, "image": image, "init_box": "init_box"})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("image:=/raw", {"image": "/raw", "debug_image": "debug_image"}),
        ("cameras:=front image:=/raw", {"image": "/raw", "debug_image": "debug_image"}),
        (
            "cameras:=left,right image:=/l/raw,/r/raw",
            {"image": "/l/raw", "debug_image": "left/debug_image", "markers": "left/markers"},
        ),
        ("cameras:=left,right", {"image": "left/image"}),
    ],
)
def test_rviz_shows_the_topics_of_the_first_camera(given, shown):
    file = launch_file()
    values = {name: "" if name in ("image", "cameras") else name for name in ARGUMENTS}
    values |= (argument.split(":=") for argument in given.split())
    found = dict(file.views(values))
    assert {name: found.get(name) for name in shown} == shown


@pytest.mark.parametrize(("frame", "told"), [("", []), ("odom", ["-f", "odom"])])
def test_rviz_draws_in_the_frame_that_is_asked_for(frame, told):
    file = launch_file()
    values = {**dict.fromkeys(ARGUMENTS, ""), "use_sim_time": "false"}
    node = file.viewer({**values, "rviz_config": "my.rviz", "fixed_frame": frame})
    texts = [part.text for word in node.cmd for part in word if hasattr(part, "text")]
    assert texts[texts.index("-d") :][: 2 + len(told)] == ["-d", "my.rviz", *told]
    assert ("-f" in texts) == bool(told)


def test_it_works_without_the_autostart_of_newer_distros():
    assert "autostart=" not in (share() / "launch" / "tracker.launch.py").read_text()
