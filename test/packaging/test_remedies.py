# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What messages tell a user to do can be done: commands, options, scripts and extras exist."""

import ast
import configparser
import re

import pytest
import typer

from re3_ros.cli._app import app

COMMAND = re.compile(r"(?<![\w/.'-])`?re3 ([a-z]+)(?: ([a-z-]+))?")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SCRIPT = re.compile(r"\bscripts/[\w./-]+\w")
EXTRA = re.compile(r"re3_ros\[(\w+)\]")
OTHERS = {
    "--workspace": "of the VOT toolkit",
    "--name": "of the VOT toolkit",
    "--break-system-packages": "of pip",
    "--ros-args": "of ROS",
    "--run": "of scripts/ros-env",
    "--nproc-per-node": "of torchrun",
    "--write": "of re3_ros.ros.describe",
}
NO_COMMANDS = {"and", "or", "in", "is", "alone", "procedure"}
"""Words that follow the tracker's name."""


def walk(command, options):
    """Return the tree of commands by name, and collect their options."""
    for parameter in command.params:
        options |= {*parameter.opts, *parameter.secondary_opts}
    commands = getattr(command, "commands", {})
    return {name: walk(inner, options) for name, inner in commands.items()}


@pytest.fixture(scope="module")
def options():
    return {"--help"}


@pytest.fixture(scope="module")
def commands(options):
    return walk(typer.main.get_command(app), options)


@pytest.fixture(scope="module")
def texts(modules, root):
    """Return (place, text) of all texts in the package but docstrings."""
    found = []
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        plain = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in plain:
                found.append((f"{path.relative_to(root)}:{node.lineno}", node.value))
    return found


def test_commands_that_messages_name_exist(texts, commands):
    unknown = []
    for place, text in texts:
        for name, inner in COMMAND.findall(text):
            known = name in commands and (not commands[name] or inner in {"", *commands[name]})
            if name not in NO_COMMANDS and not known and name != "train":
                unknown.append((place, name, inner))
    assert not unknown


def test_options_that_messages_name_exist(texts, commands, options):
    assert commands
    named = {(place, o) for place, text in texts for o in OPTION.findall(text)}
    ours = {(p, o) for p, o in named if not p.startswith(("re3_ros/ros/", "re3_ros/bench"))}
    assert not {(p, o) for p, o in ours if o not in options and o not in OTHERS}


def test_scripts_that_messages_name_exist(texts, root):
    if not (root / "scripts").is_dir():
        pytest.skip("no scripts in this tree")
    named = {(place, s) for place, text in texts for s in SCRIPT.findall(text)}
    assert named
    assert not {(place, s) for place, s in named if not (root / s).exists()}


def test_extras_that_messages_name_exist(texts, root):
    if not (root / "setup.cfg").is_file():
        pytest.skip("no setup.cfg in this tree")
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg", encoding="utf-8")
    named = {(place, e) for place, text in texts for e in EXTRA.findall(text)}
    assert named
    assert not {(place, e) for place, e in named if e not in parser["options.extras_require"]}


def test_topics_are_named_by_options_that_exist(commands, options):
    from re3_ros.bags._reader import OPTIONS

    assert commands
    assert set(OPTIONS.values()) <= options


def test_the_command_is_installed_by_colcon(root):
    if not (root / "CMakeLists.txt").is_file():
        pytest.skip("no CMakeLists.txt in this tree")
    text = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "install_program(re3 bin)" in text
    assert (root / "scripts" / "re3").stat().st_mode & 0o111
