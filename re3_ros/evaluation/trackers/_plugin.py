# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that are classes in anybody's module: ``MODULE:CLASS``."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from pathlib import Path

from re3_ros.errors import ConfigError

from ._interface import TrackerFactory


def find_plugin(name: str) -> TrackerFactory:
    """Return what makes the tracker: a class, or a function that returns one.

    The module is looked for in the current folder first, as ``python`` does it. Raises ConfigError
    where there is no such module, where importing it fails, and where it holds no such thing.
    """
    module_name, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:  # noqa: PTH109  sys.path holds texts
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ConfigError(
            f"module {module_name!r} of tracker {name!r} cannot be imported "
            f"({type(error).__name__}: {error}); run in its folder, or install it"
        ) from error
    factory: TrackerFactory | None = getattr(module, attribute, None)
    if not callable(factory):
        raise ConfigError(f"{module.__file__} has no class or function {attribute!r} for {name!r}")
    methods = [m for m in ("init", "update") if not callable(getattr(factory, m, None))]
    if inspect.isclass(factory) and methods:
        raise ConfigError(
            f"{name} has no method {' and no method '.join(methods)}; a tracker needs "
            "init(image, box) and update(image)"
        )
    return factory


def source_of(name: str) -> Path:
    """Return the file that holds a plugin's module. Raises ConfigError."""
    find_plugin(name)
    file = sys.modules[name.partition(":")[0]].__file__
    if file is None:
        raise ConfigError(f"the module of {name!r} has no file")
    return Path(file)
