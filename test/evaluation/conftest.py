# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers whose every answer is known, and results on small sequences."""

import numpy as np
import pytest

from re3_ros.boxes import from_xywh
from re3_ros.datasets import read_sequences
from re3_ros.evaluation import SequenceResult, Trajectory


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
def boxes(films):
    """Return corners of the 12 true boxes of `sequence_folder`."""
    return from_xywh(films.moving(12))


def results_of(sequences):
    """Return the results of a tracker that is a pixel off and of one that never moves."""

    def result(sequence, boxes, ms):
        seconds = np.full(len(sequence), ms / 1e3)
        track = Trajectory(boxes, np.full(len(sequence), np.nan), seconds)
        return SequenceResult(sequence.name, sequence.truth, track, sequence)

    return {
        "good": [result(s, s.truth + 1, 5.0) for s in sequences],
        "bad": [result(s, np.repeat(s.truth[:1], len(s), axis=0), 2.0) for s in sequences],
    }


@pytest.fixture(scope="session")
def make_pair(films):
    """Return the writer of two sequences of 30 frames, which returns them."""

    def make(folder):
        films.write_sequence(folder / "left", films.moving(30))
        films.write_sequence(folder / "right", films.moving(30, 3))
        return read_sequences(folder)

    return make


@pytest.fixture(scope="session")
def make_results():
    """Return the maker of results on sequences."""
    return results_of


@pytest.fixture
def pair(make_pair, tmp_path):
    """Return two sequences of 30 frames."""
    return make_pair(tmp_path / "pair")


@pytest.fixture
def results(pair):
    """Return the results on `pair` of a tracker that is good and of one that never moves."""
    return results_of(pair)
