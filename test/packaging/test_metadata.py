# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The descriptions of the package agree with each other and with what is in the tree."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import re3_ros

DISTRIBUTION = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "sklearn": "scikit-learn",
    "typing_extensions": "typing-extensions",
    "vot": "vot-toolkit",
    "yaml": "pyyaml",
}
ROSDEP = {
    "pillow": "python3-pil",
    "pyyaml": "python3-yaml",
}
NOT_BY_ROSDEP = {"safetensors", "rosbags"}


@pytest.fixture(scope="module")
def package(root):
    return ET.parse(root / "package.xml").getroot()


@pytest.fixture(scope="module")
def setup(root):
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg", encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def required(setup):
    return {re.split("[<>=]", r)[0] for r in setup["options"]["install_requires"].split()}


def listed(path: Path) -> set[str]:
    """Return the names in a requirements file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {m.group().lower() for line in lines if (m := re.match(r"[A-Za-z][\w.-]*", line))}


def imported(paths):
    """Return the top names of everything that is not in Python's own library."""
    nodes = [n for p in paths for n in ast.walk(ast.parse(p.read_text(encoding="utf-8")))]
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.level == 0}
    return {n.split(".")[0] for n in names} - sys.stdlib_module_names - {"re3_ros"}


def test_every_import_is_asked_for(root, modules, package, setup, required):
    extras = " ".join(setup["options.extras_require"].values()).split()
    extra = {re.split("[<>=]", r)[0] for r in extras}
    keys = {e.text for e in package.iter() if e.tag.endswith("depend")}
    names = {DISTRIBUTION.get(n, n) for n in imported([*modules, *root.glob("launch/*.py")])}
    assert names - required - extra <= keys


def test_versions_agree(root, package, setup):
    changes = (root / "CHANGELOG.rst").read_text("utf-8")
    newest = re.search(r"^(\d+\.\d+\.\d+) \(", changes, re.MULTILINE)
    versions = {
        package.findtext("version"),
        setup["metadata"]["version"],
        newest.group(1),
        re3_ros.__version__,
    }
    assert len(versions) == 1


def test_name_and_licence_agree(package, setup):
    assert package.findtext("name") == setup["metadata"]["name"] == "re3_ros"
    assert package.findtext("license") == setup["metadata"]["license"] == "Apache-2.0"


def test_constraints_pin_every_requirement(root, required):
    assert required <= listed(root / "constraints.txt")


def test_torch_is_pinned_to_one_version_everywhere(root):
    pins = re.findall(r"^torch\b.*", (root / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert pins == ["torch==2.13.0"]


def test_test_environment_holds_every_requirement_and_the_other_opencv(root, required):
    names = listed(root / "scripts/requirements/test.txt")
    assert required - names == {"opencv-python"}
    assert "opencv-contrib-python" in names


def test_ros_environment_holds_every_requirement_but_torch(root, required):
    assert required - listed(root / "scripts/ros_env/requirements.txt") == {"torch"}


def test_every_pin_of_the_ros_environment_has_a_hash(root):
    text = (root / "scripts/ros_env/requirements.txt").read_text("utf-8")
    entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    assert not [e for e in entries if not re.search(r"==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", e)]


def test_ros_package_asks_for_every_requirement(package, required):
    keys = {e.text for e in package.iter() if e.tag.endswith("depend")}
    names = required - NOT_BY_ROSDEP - {"opencv-python"} | {"opencv"}
    assert {ROSDEP.get(n, f"python3-{n}") for n in names} <= keys


def test_what_rosdep_does_not_install_comes_from_pip(root):
    assert listed(root / "scripts/requirements/ros.txt") >= NOT_BY_ROSDEP


def test_what_pip_brings_to_a_ros_machine_is_as_new_as_everywhere(root, setup):
    everywhere = setup["options"]["install_requires"].split()
    lines = (root / "scripts/requirements/ros.txt").read_text("utf-8").splitlines()
    bounds = dict(re.match(r"([\w-]+)(.*)", line).groups() for line in lines if line[:1].isalpha())
    assert bounds.pop("setuptools") == "<80"
    ours = {name: f"{name}{bound}" for name, bound in bounds.items() if name != "openvino"}
    assert set(ours.values()) <= set(everywhere)
    assert f"openvino{bounds['openvino']}" in setup["options.extras_require"]["openvino"].split()


def test_rosdep_is_asked_for_nothing_that_pip_would_have_to_install(package):
    keys = {e.text for e in package.iter() if e.tag.endswith("depend")}
    assert not {key for key in keys if key.endswith("-pip")}


def test_ros_package_is_built_by_ament_cmake(package):
    assert package.findtext("export/build_type") == "ament_cmake"
    assert package.findtext("member_of_group") == "rosidl_interface_packages"


def test_every_message_is_generated(root):
    cmake = (root / "CMakeLists.txt").read_text("utf-8")
    assert set(re.findall(r"msg/\w+\.msg", cmake)) == {
        f"msg/{p.name}" for p in (root / "msg").glob("*.msg")
    }


def test_wheel_carries_the_modules_and_weights(root, tmp_path):
    pytest.importorskip("setuptools", reason="no setuptools here to build a wheel with")
    source = tmp_path / "source"
    shutil.copytree(root / "re3_ros", source / "re3_ros")
    for name in ("setup.py", "setup.cfg", "LICENSE"):
        shutil.copy(root / name, source)
    (source / "README.md").touch()
    command = [sys.executable, "setup.py", "-q", "bdist_wheel", "--dist-dir", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, env={**os.environ})
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = [p for p in (root / "re3_ros").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    assert {str(p.relative_to(root)) for p in wanted} <= packed
    assert not [name for name in packed if name.startswith("test")]
