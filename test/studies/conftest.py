# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import json
import sys
from pathlib import Path

import pytest

STUDIES = Path(__file__).resolve().parents[2] / "studies"


@pytest.fixture(scope="module")
def script(request):
    """Return the study that a module tests: ``studies/NAME.py`` for ``test_NAME.py``."""
    name = request.path.stem.removeprefix("test_")
    spec = importlib.util.spec_from_file_location(f"study_{name}", STUDIES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def small():
    """Return options of a `compact` that takes a moment."""
    widths = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
    return {**widths, "fc_width": 32, "lstm_width": 16, "pyramid": False}


@pytest.fixture
def run_file(tmp_path):
    """Return the configuration of a run that holds most of `data_root` back."""
    stage = {"steps": 1, "unroll": 2, "batch": 1, "self_training": 0, "rate": [0, 0]}
    run = {"stills": "stills", "videos": "", "held_stills": 0.9, "stages": [stage]}
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(run))
    return path
