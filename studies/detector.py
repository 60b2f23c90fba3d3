# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How well a target's memory tells its own box from others: what the detector bridge rests on.

    python studies/detector.py FOLDER [--weights FILE]

FOLDER holds a folder per sequence, with img/00000001.jpg ... and groundtruth.txt. Each target is
followed for a few frames, as one that is lost later. Then its memory looks at its true box, and at
boxes of that size elsewhere, in frames spread over the rest of the sequence; a look is accepted as
the node does, by its score and by the overlap of the box that it finds. The boxes elsewhere show
what is there, seldom an object of the same class, so they are easier than a detector's mistakes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.boxes import iou, is_valid
from re3_ros.datasets import Sequence, find_sequences, read_sequence
from re3_ros.network import Re3Network, load
from re3_ros.tracking import Snapshot, Tracker
from re3_ros.weights import default_weights

FOLLOWED, LATER, ELSEWHERE = 12, 4, 4
"""Frames followed; later frames looked at, and boxes elsewhere in each."""
FIRST = 40
"""The earliest frame looked at."""
OVERLAP = 0.5
SCORES = (0.4, 0.5, 0.6, 0.7, 0.8)
Array = NDArray[np.float64]


def main() -> None:
    """Print how much is accepted of either kind, by score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=default_weights())
    options = parser.parse_args()
    torch.set_num_threads(1)
    network, draw = load(options.weights), np.random.default_rng(0)
    sequences = [read_sequence(folder) for folder in find_sequences(options.folder)]
    looks = [look for sequence in sequences for look in looks_at(network, sequence, draw)]
    own = np.array([look[0] for look in looks])
    others = np.concatenate([look[1:] for look in looks])
    area = (own[:, :1] > others[:, 0]).mean() + (own[:, :1] == others[:, 0]).mean() / 2
    print(f"{len(own)} own boxes, {len(others)} elsewhere, of {len(sequences)} sequences")
    print(f"ROC area of the score: {area:.3f}")
    for score in SCORES:
        shares = [accepted(answers, score).mean() for answers in (own, others)]
        print(f"score {score}: {shares[0]:.1%} of the own, {shares[1]:.1%} of the others accepted")


def looks_at(network: Re3Network, sequence: Sequence, draw: np.random.Generator) -> Iterator[Array]:
    """Yield score and overlap (1 + ELSEWHERE, 2) for each later frame, the own box first."""
    tracker = Tracker(network)
    memory = followed(tracker, sequence)
    last = len(sequence) - 1
    for index in np.linspace(min(FIRST, last), last, LATER).astype(int):
        image, own = sequence.read(index), sequence.truth[index]
        height, width = image.shape[:2]
        if is_valid(own, width, height):
            places = [own, *elsewhere(own, width, height, draw)]
            answers = tracker.match(image, [(memory, place) for place in places])
            pairs = zip(answers, places, strict=True)
            yield np.array([(a.score, float(iou(a.box, place))) for a, place in pairs])


def followed(tracker: Tracker, sequence: Sequence) -> Snapshot:
    """Return the memory after the first frames."""
    tracker.start(sequence.read(0), {"target": sequence.truth[0]})
    for index in range(1, min(FOLLOWED, len(sequence))):
        tracker.track(sequence.read(index))
    return tracker.snapshot("target")


def elsewhere(own: Array, width: int, height: int, draw: np.random.Generator) -> Iterator[Array]:
    """Yield boxes of that size that hardly meet it; none where it fills the image."""
    half = (own[2:] - own[:2]) / 2
    centres = draw.uniform((0, 0), (width, height), (1000, 2))
    boxes = np.concatenate([centres - half, centres + half], 1)
    yield from boxes[iou(boxes, own) < 0.1][:ELSEWHERE]


def accepted(answers: Array, score: float) -> NDArray[np.bool_]:
    """Tell which answers (N, 2) the bridge would believe."""
    return (answers[:, 0] >= score) & (answers[:, 1] >= OVERLAP)


if __name__ == "__main__":
    main()
