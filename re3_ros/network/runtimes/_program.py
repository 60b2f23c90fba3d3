# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A graph as a `torch.export` program, which every other format is converted from."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from re3_ros.errors import ConfigError

from ._traceable import Graph

if TYPE_CHECKING:
    from torch.export import ExportedProgram

MOST_TARGETS = 4096


def export_program(graph: Graph) -> ExportedProgram:
    """Return the program of a graph; its first axis is open, 1 to `MOST_TARGETS` targets.

    Raises ConfigError where torch is older than `torch.export`.
    """
    try:
        from torch.export import Dim, export
    except ImportError:
        raise ConfigError(
            f"torch {torch.__version__} has no torch.export, which networks are converted with; "
            "install a newer torch, or choose runtime torch"
        ) from None
    targets = Dim("targets", min=1, max=MOST_TARGETS)
    dynamic = tuple({0: targets} for _ in graph.example)
    # A module whose forward takes *rest has one entry for all of them.
    shapes = (*dynamic[:2], dynamic[2:]) if len(dynamic) > 2 else dynamic
    with torch.no_grad(), quiet():
        return export(graph.module, graph.example, dynamic_shapes=shapes)


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings of torch and of converters about parts of their own, and without the thread
    that tqdm starts when torch asks it for a progress bar, even one that is not shown."""
    tqdm: Any = import_module("tqdm").tqdm if find_spec("tqdm") else SimpleNamespace()
    interval = getattr(tqdm, "monitor_interval", None)
    tqdm.monitor_interval = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        tqdm.monitor_interval = interval
