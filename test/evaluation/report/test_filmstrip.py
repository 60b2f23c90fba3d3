# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import base64
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.errors import SourceError
from re3_ros.evaluation import SequenceResult, Trajectory
from re3_ros.evaluation._runner import failed
from re3_ros.evaluation.report._filmstrip import (
    TILE_WIDTH,
    TILES,
    Failure,
    filmstrip,
    frames_to_show,
    worst_failures,
)

TRUTH = np.tile([10.0, 10.0, 30.0, 30.0], (20, 1))


def result(name, lost=(), absent=(), truth=TRUTH):
    """Return a result that is right but for some lost frames."""
    truth, boxes = truth.copy(), truth.copy()
    boxes[list(lost)] += 100
    truth[list(absent)] = np.nan
    return SequenceResult(
        name, truth, Trajectory(boxes, np.zeros(len(truth)), np.zeros(len(truth)))
    )


def test_the_longest_stretch_is_the_failure():
    (failure,) = worst_failures([result("a", lost=[2, 3, 8, 9, 10, 15])])
    assert failure == Failure("a", 8, 10, 6 / 20)


def test_an_absence_does_not_end_a_failure_and_is_none():
    (failure,) = worst_failures([result("a", lost=[5, 6, 9], absent=[7, 8, 10])])
    assert failure[1:3] == (5, 9)
    assert worst_failures([result("a", absent=[7, 8])]) == []


def test_the_worst_sequences_come_first_and_crashed_ones_not_at_all():
    results = [result("a", [3]), result("b", [3, 4, 5]), result("c"), failed("d", "crashed")]
    results.append(result("e", [3, 4]))
    assert [f.sequence for f in worst_failures(results)] == ["b", "e", "a"]
    assert [f.sequence for f in worst_failures(results, most=1)] == ["b"]


@given(st.data())
def test_shown_frames_are_in_the_sequence_and_in_order(data):
    n = data.draw(st.integers(1, 500))
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first, n - 1))
    shown = frames_to_show(Failure("a", first, last, 0.5), n)
    assert shown[0] == 0
    assert {first, last} <= set(shown)
    assert shown == sorted(set(shown))
    assert len(shown) <= TILES
    assert shown[-1] == last


@pytest.fixture
def strip(pair, results):
    (_, right) = pair
    (failure,) = worst_failures(results["bad"][1:])
    of_right = {name: rs[1] for name, rs in results.items()}
    return filmstrip(failure, right, of_right, "bad", np.arange(30) >= 20)


def test_a_strip_shows_the_way_into_the_failure(strip, results):
    lost = np.flatnonzero(results["bad"][1].overlaps < 0.1)
    assert strip.tiles[0].frame == 1
    assert lost[0] + 1 in [t.frame for t in strip.tiles]
    assert strip.tiles[-1].frame == 30
    assert f"bad is off the target from frame {lost[0] + 1} to the end of 30" in strip.text
    assert f"good {results['good'][1].auc:.3f}" in strip.text
    assert strip.spans == ((20, 10),)


def test_a_tile_is_the_piece_of_the_frame_that_it_names(strip, pair):
    tile = strip.tiles[-1]
    x, y, w, h = tile.window
    data = np.frombuffer(base64.b64decode(tile.image.split(",")[1]), np.uint8)
    seen = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert seen.shape == (round(TILE_WIDTH * h / w), TILE_WIDTH, 3)
    frame = pair[1].read(29, "bgr")[y : y + h, x : x + w]
    expected = cv2.resize(frame, seen.shape[1::-1])
    assert np.abs(seen.astype(int) - expected).mean() < 12


def test_a_tile_holds_truth_and_the_main_box_whole(strip, results):
    for tile in strip.tiles:
        x, y, w, h = tile.window
        for mark in tile.marks:
            if mark.tracker in {None, "bad"}:
                assert x <= mark.x
                assert mark.x + mark.width <= x + w
                assert y <= mark.y
                assert mark.y + mark.height <= y + h


def test_the_truth_lies_above_the_main_box_and_that_above_the_others(strip, results):
    marks = strip.tiles[-1].marks
    assert [m.tracker for m in marks] == ["good", "bad", None]
    x1, y1, x2, y2 = results["good"][1].trajectory.boxes[29]
    assert marks[0][1:] == pytest.approx((x1, y1, x2 - x1, y2 - y1), abs=0.06)
    assert "bad IoU 0.00" in strip.tiles[-1].alt
    assert strip.tiles[-1].alt.startswith("Frame 30 of right: good IoU 0.8")


def test_the_timeline_is_that_of_the_main_and_the_best_other_tracker(strip, results):
    assert [t.tracker for t in strip.traces] == ["bad", "good"]
    points = [p.split(",") for p in strip.traces[0].lines[0].split()]
    assert [int(x) for x, _ in points] == list(range(30))
    values = [1 - float(y) for _, y in points]
    assert values == pytest.approx(results["bad"][1].overlaps, abs=1e-3)


def test_an_absence_cuts_the_timeline_and_leaves_no_true_box(pair, results):
    (_, right) = pair
    truth = right.truth.copy()
    truth[10:30] = np.nan
    truth[20] = right.truth[20]
    cut = {name: replace(rs[1], truth=truth) for name, rs in results.items()}
    strip = filmstrip(Failure("right", 5, 12, 0.5), replace(right, truth=truth), cut, "bad")
    assert len(strip.traces[0].lines) == 2
    last = strip.tiles[-1]
    assert last.frame == 13
    assert None not in [m.tracker for m in last.marks]
    assert "good IoU undefined, the target is absent" in last.alt
    assert strip.spans == ()


def test_a_crashed_rival_is_left_out_of_the_pictures(pair, results):
    (_, right) = pair
    crashed = Trajectory(np.full((30, 4), np.nan), np.zeros(30), np.zeros(30), "crashed")
    both = {"bad": results["bad"][1], "good": replace(results["good"][1], trajectory=crashed)}
    strip = filmstrip(Failure("right", 10, 29, 0.5), right, both, "bad")
    assert {m.tracker for t in strip.tiles for m in t.marks} == {"bad", None}


def test_a_frame_that_cannot_be_read_is_named(pair, results):
    (_, right) = pair
    right.frames[0].write_bytes(b"")
    of_right = {name: rs[1] for name, rs in results.items()}
    with pytest.raises(SourceError, match="00000001"):
        filmstrip(Failure("right", 10, 29, 0.5), right, of_right, "bad")
