# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, and where it lies."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE = {"build", "install", "log", "dist", "demo", "output", "outputs", "runs", "__pycache__"}


def is_ours(path: Path) -> bool:
    """Tell whether a file was written by hand: not hidden (but .ci), not a command's output."""
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") for part in parts if part != ".ci")
    made = parts[0] in MADE or any(p == "__pycache__" or p.endswith(".egg-info") for p in parts)
    return not hidden and not made


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*") if is_ours(p) and p.is_file())


@pytest.fixture(scope="session")
def modules(files) -> list[Path]:
    """Return the Python files of the package."""
    return [p for p in files if p.suffix == ".py" and p.is_relative_to(ROOT / "re3_ros")]


@pytest.fixture(scope="session")
def architecture():
    """Return the program that draws the rooms."""
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "scripts/architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
