# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""VOT's supervised experiment, run by the VOT toolkit itself: accuracy, robustness, EAO.

The toolkit stays a program of its own (``pip install vot-toolkit``, better into an environment of
its own: it brings another build of OpenCV). It is given a workspace with our sequences, and starts
trackers through TraX.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from re3_ros.boxes import to_xywh
from re3_ros.datasets import Sequence
from re3_ros.errors import ConfigError, SourceError

from ._specs import TRAX, TrackerSpec

DRIVER = Path(__file__).with_name("_vot_driver.py")
BURN_IN = 10
SKIPPED = 5
SENSITIVITY = 30
EXPERIMENT = "supervised"


@dataclass(frozen=True)
class VotResult:
    """What the toolkit says of one tracker."""

    tracker: str
    accuracy: float
    """Mean overlap, the first frames after a start left out."""
    robustness: float
    """``exp(-30 failures / frames)``, the chance to survive 30 frames."""
    failures: float
    """Failures a sequence, mean over sequences."""
    eao: float
    """Expected average overlap over the lengths of `VotOptions`."""
    failure: str | None = None
    """Why there are no figures, None if there are."""


@dataclass(frozen=True)
class VotOptions:
    """How the toolkit is run."""

    python: str = sys.executable
    """The Python that has vot-toolkit."""
    threads: int = 1
    """Threads of a tracker of ours."""
    timeout: int = 60
    """Seconds that a tracker may take for a frame."""
    eao_range: tuple[int, int] = (100, 356)
    """Lengths over which the EAO is averaged, cut to what the data has; those of VOT2018."""


def run_vot(
    specs: Iterable[TrackerSpec],
    sequences: Iterable[Sequence],
    workspace: Path | str,
    options: VotOptions | None = None,
) -> list[VotResult]:
    """Run the toolkit's supervised experiment, the best EAO first.

    Its workspace is a folder below ``workspace``, one for each set of sequences.

    Sequences in which the target is absent somewhere are not for this experiment, which would
    count absence as failure. What the toolkit finished in this folder before is not run again.

    A tracker that fails there has no figures, but the reason.

    Raises ConfigError where there is no toolkit, SourceError where no sequence is left.
    """
    options, kept = options or VotOptions(), fully_labelled(sequences)
    _check_toolkit(options.python)
    digest = hashlib.sha256("".join(s.name + s.fingerprint() for s in kept).encode()).hexdigest()
    root = Path(workspace).resolve() / digest[:12]
    names = write_workspace(specs, kept, root, options)
    figures = [_measure(label, name, root, options.python) for label, name in names.items()]
    return sorted(figures, key=lambda f: -np.nan_to_num(f.eao, nan=-1.0))


def fully_labelled(sequences: Iterable[Sequence]) -> list[Sequence]:
    """Return the sequences in which the target is always there and labelled."""
    return [s for s in sequences if np.isfinite(s.truth).all()]


def write_workspace(
    specs: Iterable[TrackerSpec],
    sequences: Iterable[Sequence],
    root: Path,
    options: VotOptions | None = None,
) -> dict[str, str]:
    """Write a workspace of the toolkit; return its name for each tracker, by ours.

    Frames are links to ours. Raises SourceError where no sequence is `fully_labelled`.
    """
    options, kept, specs = options or VotOptions(), fully_labelled(sequences), list(specs)
    if not kept:
        raise SourceError("no sequence shows its target in every frame, as VOT's experiment needs")
    root.mkdir(parents=True, exist_ok=True)
    names = {spec.label: _name(spec) for spec in specs}
    _write_trackers(root / "trackers.ini", {names[s.label]: s for s in specs}, options)
    (root / "config.yaml").write_text(
        yaml.safe_dump({"registry": ["./trackers.ini"], "stack": _stack(kept, options)})
    )
    folder = root / "sequences"
    for sequence in kept:
        _write_sequence(folder / sequence.name, sequence)
    (folder / "list.txt").write_text("".join(f"{s.name}\n" for s in kept))
    (root / "results").mkdir(exist_ok=True)
    return names


def _stack(sequences: list[Sequence], options: VotOptions) -> dict[str, Any]:
    longest = max(len(s) for s in sequences)
    low, high = options.eao_range
    high = min(high, longest)
    low = min(low, high // 2)
    analyses: list[dict[str, Any]] = [
        {"type": "supervised_average_ar", "sensitivity": SENSITIVITY, "burnin": BURN_IN},
        {"type": "supervised_eao_score", "burnin": BURN_IN, "low": low, "high": high},
    ]
    experiment = {
        "type": "supervised",
        "repetitions": 1,
        "skip_initialize": SKIPPED,
        "analyses": analyses,
    }
    return {"title": "re3_ros", "experiments": {EXPERIMENT: experiment}}


def _name(spec: TrackerSpec) -> str:
    """Return a name that the toolkit accepts, another one for each content of the weights file:
    what it has finished under a name, it does not run again."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', spec.label)}-{spec.fingerprint()[:8]}"


def _write_trackers(path: Path, specs: Mapping[str, TrackerSpec], options: VotOptions) -> None:
    config = configparser.ConfigParser(interpolation=None)
    for name, spec in specs.items():
        config[name] = {
            "label": spec.label,
            "protocol": "trax",
            "command": _command(spec, options.threads),
            "timeout": str(options.timeout),
        }
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


def _command(spec: TrackerSpec, threads: int) -> str:
    """Return what the toolkit starts: the tracker itself if it speaks TraX, else ours around it."""
    if spec.name.startswith(TRAX):
        return spec.name.removeprefix(TRAX)
    files = {
        "--weights": spec.weights,
        "--nano-backbone": spec.backbone,
        "--nano-head": spec.head,
        "--vit-model": spec.model,
    }
    given = [
        word for option, path in files.items() if path for word in (option, str(path.resolve()))
    ]
    words = [sys.executable, "-m", "re3_ros.cli", "trax", spec.name]
    words += ["--device", spec.device, "--runtime", spec.runtime]
    return shlex.join([*words, "--threads", str(threads), *given])


def _write_sequence(folder: Path, sequence: Sequence) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "color").mkdir(parents=True)
    for number, frame in enumerate(sequence.frames, 1):
        (folder / "color" / f"{number:08d}.jpg").symlink_to(frame.resolve())
    rows = to_xywh(sequence.truth)
    text = "".join(",".join(f"{v:.4f}" for v in row) + "\n" for row in rows)
    (folder / "groundtruth.txt").write_text(text)
    (folder / "sequence").write_text(
        f"name={sequence.name}\nfps=30\nformat=default\nchannel.default=color\n"
        f"channels.color=color/%08d.jpg\nlength={len(sequence)}\n"
    )


def _check_toolkit(python: str) -> None:
    command = [python, "-c", "import vot, vot.tracker.trax"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said, working = done.stderr.strip() or "no reason given", done.returncode == 0
    except OSError as error:
        said, working = str(error), False
    if not working:
        raise ConfigError(
            f"{python} has no working VOT toolkit ({said.splitlines()[-1]}); make an environment "
            "with pip install vot-toolkit 'attributee<0.1.10' and name its Python (--vot PYTHON)"
        )


def _measure(label: str, name: str, root: Path, python: str) -> VotResult:
    """Run one tracker, and the analysis of what it did."""
    report = root / "analysis" / f"{name}.json"
    report.unlink(missing_ok=True)
    said = _run(python, "evaluate", "--workspace", str(root), name)
    said += _run(
        python, "analysis", "--workspace", str(root), "--format", "json", "--name", name, name
    )
    if not report.is_file():
        lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()
        reason = lines[0].strip() if lines else "the toolkit said nothing"
        nan = float("nan")
        return VotResult(label, nan, nan, nan, nan, reason)
    (ratio, expected) = json.loads(report.read_text())["results"][EXPERIMENT]["results"]
    accuracy, failures, (robustness, _), *_ = ratio[0]
    return VotResult(label, accuracy, robustness, failures, expected[0][0])


def _run(python: str, *arguments: str) -> str:
    """Run the toolkit; return what it said, without colours."""
    done = subprocess.run(
        [python, str(DRIVER), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
