# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Latency from image to box: re3 both ways, and OpenCV's trackers, in one run. See README.md."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table

from re3_ros.boxes import Boxes, iou
from re3_ros.crops import Image, crop, decode, search_window
from re3_ros.evaluation import (
    OpenCVTracker,
    Sequence,
    limit_threads,
    read_sequence,
    shared_folder,
)
from re3_ros.network import Re3Network, load
from re3_ros.tracking import Frame, Tracker, TrackingSession
from re3_ros.weights import default_weights

WARM_UP = 20
NANO = "nanotrack_backbone_sim.onnx", "nanotrack_head_sim.onnx"
AHEAD, JOINT, SESSION = "re3 ahead", "re3 joint", "re3 session"


class Joint:
    """Both crops are cut and embedded, in one batch, when the image is there. No resets."""

    def __init__(self, network: Re3Network, device: str) -> None:
        self.network, self.device = network.to(device).eval(), device

    @torch.inference_mode()
    def init(self, image: Image, box: Boxes) -> None:
        """Start."""
        first = self._crop(image, box)
        self.template = self.network.template(self.network.embed(first))
        _, self.state = self.network(first, first, self.network.initial_state(1), self.template)
        self.image, self.box = image, box

    @torch.inference_mode()
    def update(self, image: Image) -> Boxes:
        """Return the box."""
        crops = self._crop(self.image, self.box), self._crop(image, self.box)
        output, self.state = self.network(*crops, self.state, self.template)
        corners = output.corners[0].cpu().numpy()
        self.box = decode(corners, search_window(self.box, self.network.context))
        self.image = image
        return self.box

    def prepare(self) -> None:
        """Nothing is done between frames."""

    def _crop(self, image: Image, box: Boxes) -> torch.Tensor:
        cut = crop(image, box, self.network.crop_size, self.network.context)
        return torch.from_numpy(cut).to(self.device).permute(2, 0, 1)[None]


class Ahead:
    """The tracker: the first crop of a frame is embedded between frames."""

    def __init__(self, network: Re3Network, device: str) -> None:
        self.tracker = Tracker(network, device)

    def init(self, image: Image, box: Boxes) -> None:
        """Start."""
        self.tracker.start(image, {"target": box})

    def update(self, image: Image) -> Boxes:
        """Return the box."""
        return self.tracker.track(image)["target"].box

    def prepare(self) -> None:
        """Do what can be done between frames."""
        self.tracker.prepare()


class Session:
    """The whole session, as the node drives it."""

    def __init__(self, network: Re3Network, device: str) -> None:
        self.session, self.stamp = TrackingSession(network, ("camera",), device=device), 0

    def init(self, image: Image, box: Boxes) -> None:
        """Start."""
        self.session.initialise("camera", "target", box)
        self.update(image)

    def update(self, image: Image) -> Boxes:
        """Return the box."""
        self.stamp += 1
        return self.session.process(Frame("camera", self.stamp, image)).targets[0].box

    def prepare(self) -> None:
        """Do what can be done between frames."""
        self.session.prepare()


class Peer:
    """One of OpenCV's; it does nothing between frames and holds its box where it finds none."""

    def __init__(self, name: str, models: Path) -> None:
        files = (models / file for file in NANO)
        self.tracker = OpenCVTracker(name, dict(zip(("backbone", "head"), files, strict=True)))

    def init(self, image: Image, box: Boxes) -> None:
        """Start."""
        self.box = box
        self.tracker.init(image, box)

    def update(self, image: Image) -> Boxes:
        """Return the box."""
        found = self.tracker.update(image)
        self.box = self.box if found is None else np.asarray(found, np.float64)
        return self.box

    def prepare(self) -> None:
        """Nothing is done between frames."""


Contender = Joint | Ahead | Session | Peer


def contenders(
    network: Re3Network, device: str, models: Path
) -> dict[str, Callable[[], Contender]]:
    """Return what is measured, by name."""
    table: dict[str, Callable[[], Contender]] = {
        JOINT: lambda: Joint(network, device),
        AHEAD: lambda: Ahead(network, device),
        SESSION: lambda: Session(network, device),
        "kcf": lambda: Peer("kcf", models),
        "csrt": lambda: Peer("csrt", models),
    }
    if (models / NANO[0]).is_file():
        table["nano"] = lambda: Peer("nano", models)
    return table


def run_once(tracker: Contender, images: list[Image], truth: Boxes) -> dict[str, NDArray[Any]]:
    """Return milliseconds to the box and between frames, and IoU, of each frame after warm-up."""
    tracker.init(images[0], truth[0])
    tracker.prepare()
    _wait()
    rows = []
    for image, box in zip(images[1:], truth[1:], strict=True):
        begin = time.perf_counter()
        answer = tracker.update(image)
        arrived = time.perf_counter()
        tracker.prepare()
        _wait()
        rows.append((arrived - begin, time.perf_counter() - arrived, iou(answer, box)))
    table = np.array(rows)[WARM_UP:]
    return {"latency": table[:, 0] * 1e3, "between": table[:, 1] * 1e3, "iou": table[:, 2]}


def measure(
    table: dict[str, Callable[[], Contender]], sequence: Sequence, rounds: int
) -> dict[str, dict[str, float]]:
    """Run the contenders in turn, round after round, so that all meet the same moods of the
    machine; return the figures of each."""
    rgb = [sequence.read(i) for i in range(len(sequence))]
    bgr = [sequence.read(i, "bgr") for i in range(len(sequence))]
    runs: dict[str, list[dict[str, NDArray[Any]]]] = {name: [] for name in table}
    for _ in progress(range(rounds), description="rounds"):
        for name, make in table.items():
            tracker = make()
            images = bgr if isinstance(tracker, Peer) else rgb
            runs[name].append(run_once(tracker, images, sequence.truth))
    return {name: _figures(rows) for name, rows in runs.items()}


def _figures(runs: list[dict[str, NDArray[Any]]]) -> dict[str, float]:
    latency = np.concatenate([r["latency"] for r in runs])
    between = np.concatenate([r["between"] for r in runs])
    return {
        "median_ms": float(np.median(latency)),
        "p99_ms": float(np.percentile(latency, 99)),
        "min_ms": float(latency.min()),
        "between_frames_ms": float(np.median(between)),
        "mean_iou": float(np.nanmean(np.concatenate([r["iou"] for r in runs]))),
    }


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _show(figures: dict[str, dict[str, float]]) -> None:
    table = Table(title="Image to box, milliseconds", title_justify="left")
    table.add_column("tracker", no_wrap=True)
    for head in ("median", "99 %", "min", "between frames", "of 'ahead'", "mean IoU"):
        table.add_column(head, justify="right")
    for name, f in figures.items():
        ratio = f["median_ms"] / figures[AHEAD]["median_ms"]
        times = (f["median_ms"], f["p99_ms"], f["min_ms"], f["between_frames_ms"])
        table.add_row(name, *(f"{t:.2f}" for t in times), f"{ratio:.2f} x", f"{f['mean_iou']:.2f}")
    Console().print(table)


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if os.name == "posix" else []
    model = next((l.split(":")[1].strip() for l in lines if l.startswith("model name")), "")
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "opencv": cv2.__version__,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def main(
    sequence: Annotated[
        Path | None, typer.Option(help="Default: a public one they all hold.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Default: the shipped ones.")] = None,
    models: Annotated[Path | None, typer.Option(help="Folder of NanoTrack's files.")] = None,
    frames: Annotated[int, typer.Option(min=WARM_UP + 10, help="Frames of a round.")] = 150,
    rounds: Annotated[int, typer.Option(min=1, help="Times that all take turns.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch and of OpenCV.")] = 1,
    device: Annotated[str, typer.Option(help="Device of re3.")] = "cpu",
    output: Annotated[Path, typer.Option(help="JSON file.")] = Path("output/latency.json"),
) -> None:
    """Measure the time from image to box of re3 and of OpenCV's trackers, taking turns."""
    limit_threads(threads)
    chosen = read_sequence(sequence or shared_folder() / "data" / "bench" / "TLP_CarChase2")
    table = contenders(
        load(weights or default_weights()), device, models or shared_folder() / "peers/nanotrack_v2"
    )
    load_before = os.getloadavg()[0]
    figures = measure(table, chosen.first(frames), rounds)
    _show(figures)
    about = {"sequence": chosen.name, "frames": min(frames, len(chosen)), "rounds": rounds}
    about |= {"threads": threads, "device": device, "load_before": load_before, **_machine()}
    if load_before > 0.5:
        typer.echo(f"load was {load_before:.1f} before the run: not for the record", err=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"about": about, "figures": figures}, indent=1))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
