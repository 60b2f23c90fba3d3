# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Small sequences on disk, and trackers whose every answer is known."""

import cv2
import numpy as np
import pytest

from re3_ros.boxes import from_xywh
from re3_ros.evaluation import Result, Track, read_sequences

TEXTURE = np.random.default_rng(5).integers(0, 120, (96, 128, 3), np.uint8)


def write_sequence(folder, boxes, absent=None):
    """Write frames with a bright patterned square at each box (x, y, w, h), nan for none."""
    (folder / "img").mkdir(parents=True)
    for number, box in enumerate(boxes, 1):
        image = TEXTURE.copy()
        if np.isfinite(box).all():
            x, y, w, h = np.rint(box).astype(int)
            cv2.rectangle(image, (x, y), (x + w - 1, y + h - 1), (0, 200, 255), -1)
            cv2.circle(image, (x + w // 2, y + h // 2), w // 4, (255, 0, 0), -1)
        cv2.imwrite(str(folder / "img" / f"{number:08d}.jpg"), image)
    lines = [",".join(f"{v:.2f}" for v in box) for box in boxes]
    (folder / "groundtruth.txt").write_text("\n".join(lines) + "\n")
    if absent is not None:
        (folder / "absent.txt").write_text("".join(f"{flag}\n" for flag in absent))
    return folder


def moving(frames, step=2.0):
    """Return boxes x, y, w, h of a 20 x 16 object that moves to the right."""
    return np.array([[10 + step * i, 30, 20, 16] for i in range(frames)])


@pytest.fixture
def write():
    """Return the writer of sequences."""
    return write_sequence


@pytest.fixture
def sequence_folder(tmp_path):
    """Return the folder of one sequence of 12 frames."""
    return write_sequence(tmp_path / "data" / "moving", moving(12))


@pytest.fixture
def data(tmp_path):
    """Return a folder of two sequences."""
    write_sequence(tmp_path / "data" / "fast", moving(8, 5))
    write_sequence(tmp_path / "data" / "slow", moving(10, 1))
    return tmp_path / "data"


class Scripted:
    """Answers from a list; an exception in it is raised. Keeps what it was called with."""

    def __init__(self, answers, colour=None):
        self.answers = list(answers)
        self.images, self.starts = [], []
        if colour:
            self.colour = colour

    def init(self, image, box):
        self.images.append(image)
        self.starts.append(box)

    def update(self, image):
        self.images.append(image)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def scripted():
    """Return the class of trackers that answer from a list."""
    return Scripted


@pytest.fixture
def boxes():
    """Return corners of the 12 true boxes of `sequence_folder`."""
    return from_xywh(moving(12))


def write_pair(folder):
    """Return two sequences of 30 frames."""
    write_sequence(folder / "left", moving(30))
    write_sequence(folder / "right", moving(30, 3))
    return read_sequences(folder)


def results_of(sequences):
    """Return the results of a tracker that is a pixel off and of one that never moves."""

    def result(sequence, boxes, ms):
        seconds = np.full(len(sequence), ms / 1e3)
        track = Track(boxes, np.full(len(sequence), np.nan), seconds)
        return Result(sequence.name, sequence.truth, track, sequence)

    return {
        "good": [result(s, s.truth + 1, 5.0) for s in sequences],
        "bad": [result(s, np.repeat(s.truth[:1], len(s), axis=0), 2.0) for s in sequences],
    }


@pytest.fixture(scope="session")
def make_pair():
    """Return the writer of two sequences."""
    return write_pair


@pytest.fixture(scope="session")
def make_results():
    """Return the maker of results on sequences."""
    return results_of


@pytest.fixture
def pair(tmp_path):
    """Return two sequences of 30 frames."""
    return write_pair(tmp_path / "pair")


@pytest.fixture
def results(pair):
    """Return the results on `pair` of a tracker that is good and of one that never moves."""
    return results_of(pair)
