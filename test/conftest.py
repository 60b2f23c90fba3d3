# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Skip what this machine cannot run, each with its reason; find the shared data."""

import importlib.util
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

# Two parts of the tests, and the processes that they start, share few processors: threads that wait
# for each other only cost. Whatever asks for more threads gets them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

# What a script starts in the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes tells how busy the machine is, not whether the code is right. A run
# tries the same examples as the last one, so that what fails is what was changed;
# RE3_EXAMPLES=random looks for new ones.
with suppress(ImportError):  # machines of ROS may lack it, and then run the tests that do without
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "any machine",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=os.environ.get("RE3_EXAMPLES") != "random",
    )
    settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]
NEEDS = {
    "ros": ("rclpy", "no rclpy here: run scripts/ros-env --run pytest -m ros, or source ROS 2"),
    "ros_launch": ("launch_ros", "no launch_ros here: source a full ROS 2"),
}


def pytest_collection_modifyitems(items):
    """Skip tests marked `ros` or `ros_launch` where the module they need does not exist."""
    for marker, (module, reason) in NEEDS.items():
        if importlib.util.find_spec(module) is None:
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def converted_networks(tmp_path_factory) -> None:
    """Keep converted networks for this run of the tests only, and for processes it starts.

    Parts of a run that go on side by side share them through the folder RE3_TEST_CACHE.
    """
    shared_one = os.environ.get("RE3_TEST_CACHE")
    os.environ["XDG_CACHE_HOME"] = shared_one or str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of public sequences and checkpoints that is not part of the repository."""
    folder = Path(os.environ.get("RE3_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set RE3_SHARED to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def doubles():
    """Return the module with the network that finds what is red."""
    return _double("finder")


@pytest.fixture
def session(doubles):
    """Return a session with that network."""
    from re3_ros.tracking import TrackingSession

    return TrackingSession(doubles.Finder())


@pytest.fixture
def video(tmp_path, doubles):
    """Return an MP4 file of 12 frames of its clip, at 25 Hz."""
    from re3_ros.media import VideoWriter

    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 25) as writer:
        for i in range(12):
            writer.write(doubles.picture(i))
    return path


@pytest.fixture(scope="session")
def films():
    """Return the module that writes small data sets of videos."""
    return _double("films")


@pytest.fixture
def write(films):
    """Return the writer of sequences in the simple layout."""
    return films.write_sequence


@pytest.fixture
def sequence_folder(films, tmp_path):
    """Return the folder of one sequence of 12 frames."""
    return films.write_sequence(tmp_path / "data" / "moving", films.moving(12))


@pytest.fixture
def data(films, tmp_path):
    """Return a folder of two sequences."""
    return films.write_two(tmp_path / "data")


@pytest.fixture(scope="session")
def data_root(tmp_path_factory) -> Path:
    """Return a folder of six stills and two clips in the layout that training reads."""
    return _double("stills").write_training_data(tmp_path_factory.mktemp("data"))


def _double(name):
    path = Path(__file__).parent / "doubles" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
