# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 trax``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from ._options import DeviceOption, OnnxOption, RuntimeOption, VitOption, WeightsOption


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(trax)


def trax(
    tracker: Annotated[
        str, typer.Argument(help="re3, re3@FILE, mosse, kcf, ..., or MODULE:CLASS of your own.")
    ] = "re3",
    weights: WeightsOption = None,
    device: DeviceOption = "cpu",
    runtime: RuntimeOption = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the tracker.")] = 1,
    nano_backbone: OnnxOption = None,
    nano_head: OnnxOption = None,
    vit_model: VitOption = None,
) -> None:
    """Track for a program that speaks TraX, such as the VOT toolkit, which starts this command."""
    from re3_ros.errors import ConfigError
    from re3_ros.evaluation.trackers import TrackerSpec, limit_threads, parse_spec, serve_trax
    from re3_ros.tracking import pick_device

    common = TrackerSpec(
        "re3", weights, pick_device(device), nano_backbone, nano_head, vit_model, runtime
    )
    spec = parse_spec(tracker, common)
    if spec.name.startswith("trax:"):
        raise ConfigError(f"{tracker!r} speaks TraX by itself; start its command")
    limit_threads(threads)
    with _own_output() as output:
        spec.check()
        serve_trax(spec.create, spec.label, sys.stdin, output)


@contextmanager
def _own_output() -> Iterator[TextIO]:
    """Keep standard output for the protocol; what else is printed goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as output:
            yield output
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
