# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The oldest versions are the same everywhere, and older ones are named in a line at the start."""

import configparser
import os
import re
import subprocess
import sys

import pytest

from re3_ros import versions
from re3_ros.errors import ConfigError

HEADLESS = {"opencv-python-headless": "opencv-python"}
ROW = re.compile(r"^\| `([\w-]+)` \| ([\d.]+) \| ([\d.]+) \|", re.MULTILINE)
RUNTIME_ROW = re.compile(r"^\| `(\w+)` \| (`.*`) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def setup(root):
    if not (root / "setup.cfg").is_file():
        pytest.skip("no setup.cfg in this tree")
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg", encoding="utf-8")
    return config


def bounds(text):
    return dict(line.split(">=") for line in text.split())


@pytest.fixture(scope="module")
def tested(root):
    """Return what .venv-oldest holds of each."""
    lines = (root / "scripts/requirements/oldest.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    return {HEADLESS.get(name, name): version for name, version in pins.items()}


@pytest.fixture
def pretend(tmp_path, monkeypatch):
    """Return a function that lets other processes find a version of a package."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))

    def install(**packages):
        for name, version in packages.items():
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (folder / "METADATA").write_text(text, encoding="utf-8")

    return install


def run(*words):
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, timeout=300
    )


def test_they_are_those_that_pip_is_told(setup):
    assert bounds(setup["options"]["install_requires"]) == versions.NEEDS
    extras = setup["options.extras_require"]
    assert {name: bounds(extras[name]) for name in versions.RUNTIMES} == versions.RUNTIMES
    assert bounds(extras["web"]) == versions.WEB


def test_the_documentation_states_them_and_those_tested(root, tested):
    text = (root / "docs/runtimes.md").read_text("utf-8")
    part = text.partition("## Versions")[2].partition("\n## ")[0]
    assert {name: (lowest, here) for name, lowest, here in ROW.findall(part)} == {
        name: (lowest, tested[name]) for name, lowest in versions.NEEDS.items()
    }
    listed = {
        name: " ".join(re.findall("`(.*?)`", rest)) for name, rest in RUNTIME_ROW.findall(part)
    }
    assert {name: bounds(text) for name, text in listed.items()} == versions.RUNTIMES


def test_the_oldest_environment_holds_none_that_is_older(tested):
    numbers, needs = versions._numbers, versions.NEEDS
    assert [n for n, lowest in needs.items() if numbers(tested[n]) < numbers(lowest)] == []
    assert numbers(tested["torch"]) < numbers(versions.RUNTIMES["openvino"]["torch"])
    assert "openvino" in tested, "which auto has to pass over"


@pytest.mark.parametrize(
    ("version", "lowest", "suffices"),
    [
        ("0.12.5", "0.12.5", True),
        ("0.9.0", "0.12.5", False),
        ("2", "2.0", True),
        ("2.13.0+cpu", "2.5", True),
        ("1.13.0a0+git7c98e70", "1.13.1", False),
        ("1.13.0a0+gitunknown", versions.NEEDS["torch"], True),  # Debian 12's 1.13.1
        ("2025.0.0-17942-1f68be9f594-releases/2025/0", "2025.0", True),
        ("unknown", "1.0", True),
        (None, "1.0", False),
    ],
)
def test_versions_are_compared_by_their_numbers(monkeypatch, version, lowest, suffices):
    monkeypatch.setattr(versions, "found", lambda _: version)
    assert (versions.problem({"cup": lowest}) == "") == suffices


def test_another_build_of_opencv_counts(pretend, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    pretend(opencv_python_headless="4.7.0.72")
    assert versions.found("opencv-python") == "4.7.0.72"


def test_what_packaging_does_not_know_is_asked_itself(tmp_path, monkeypatch):
    (tmp_path / "teapot.py").write_text("__version__ = '4.6.0'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert versions.found("teapot") == "4.6.0"
    assert versions.found("samovar") is None


def test_an_error_names_version_and_remedy_in_a_line(monkeypatch):
    here = {"typer": "0.9.0", "rich": None, "numpy": "2.0"}
    monkeypatch.setattr(versions, "found", here.get)
    with pytest.raises(ConfigError) as raised:
        versions.require("tea", {"typer": "0.12.5", "rich": "12.3", "numpy": "1.21"})
    text = str(raised.value)
    assert "\n" not in text
    assert "tea needs typer 0.12.5 or newer (here is 0.9.0), rich 12.3 or newer (here is n" in text
    assert re.search(r"-m pip install .*'typer>=0\.12\.5' 'rich>=12\.3'$", text)
    assert "numpy" not in text


@pytest.mark.parametrize("managed", [True, False])
def test_a_python_that_is_managed_by_others_is_told_that_it_is_meant(
    monkeypatch, tmp_path, managed
):
    monkeypatch.setattr(versions.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    if managed:
        (tmp_path / "EXTERNALLY-MANAGED").touch()
    text = versions.problem({"samovar": "1.0"})
    assert ("--break-system-packages" in text) == managed


def test_the_command_says_what_is_too_old_for_it(pretend):
    pretend(typer="0.9.0", pydantic="1.10.14")
    done = run("-m", "re3_ros.cli", "track", "--help")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "typer 0.12.5 or newer (here is 0.9.0)" in done.stderr
    assert "pydantic 2.0 or newer (here is 1.10.14)" in done.stderr


def test_the_node_says_what_is_too_old_for_it(pretend):
    pretend(safetensors="0.1.0", typer="0.4.0", pydantic="1.8.2")
    done = run("-m", "re3_ros.ros")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "tracker needs safetensors 0.3.0 or newer (here is 0.1.0); install" in done.stderr


def test_the_recorder_needs_more(pretend):
    pretend(rosbags="0.9.0")
    done = run("-c", "from re3_ros.ros import run; exit(run('programs.recorder'))")
    assert done.returncode == 1
    assert "recorder needs rosbags 0.11.7 or newer (here is 0.9.0)" in done.stderr


BLOCK = "import sys; sys.modules.update(typer=None, pydantic=None); import "


@pytest.mark.parametrize(
    "room",
    [
        "re3_ros.tracking",
        *(
            pytest.param(f"re3_ros.ros.{name}", marks=pytest.mark.ros)
            for name in (
                "tracker",
                "programs.follow_object",
                "programs.follower",
                "programs.recorder",
                "programs.servo",
                "demos.yard",
            )
        ),
    ],
)
def test_nodes_do_without_typer_and_pydantic(room):
    done = run("-c", BLOCK + room)
    assert done.returncode == 0, done.stderr
