# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.evaluation import Reinitialised, summarise
from re3_ros.evaluation._runner import failed
from re3_ros.evaluation.report._scatter import reinit_plots, speed_plot
from re3_ros.evaluation.report._style import styles


@pytest.fixture
def runs():
    """Return runs of 300 frames: one with a drop and IoU 0.6, one with none and 0.4."""
    good = Reinitialised(np.full(200, 0.6), 1), Reinitialised(np.full(100, 0.6), 0)
    return {"good": list(good), "bad": [Reinitialised(np.full(300, 0.4), 0)]}


def marks(plot):
    return {tuple(c.get_offsets()[0].round(3)) for c in plot.figure.axes[0].collections}


def test_speed_is_frames_a_second_by_the_median(summaries, looks):
    plot = speed_plot(summaries, looks)
    at = {tuple(c.get_offsets()[0].round(3)) for c in plot.figure.axes[0].collections}
    assert at == {(200.0, round(summaries[0].auc, 3)), (500.0, round(summaries[1].auc, 3))}
    assert "good" in plot.alt
    assert "at 200 frames a second" in plot.alt


def test_names_of_equal_trackers_are_not_written_over_each_other(results):
    twins = {"one": results["good"], "two": results["good"]}
    axes = speed_plot(summarise(twins), styles(twins)).figure.axes[0]
    first, second = (text.xy[1] for text in axes.texts)
    assert abs(first - second) > 0.04


def test_without_times_there_is_no_plot_of_speed():
    results = {"broken": [failed("s", "crashed")]}
    assert speed_plot(summarise(results), styles(results)) is None


def test_accuracy_and_robustness_are_those_of_all_frames_together(runs):
    (plot,) = reinit_plots(runs, {})
    assert marks(plot) == {(round(np.exp(-0.1), 3), 0.6), (1.0, 0.4)}
    assert "good 0.600 and 0.905" in plot.alt


def test_where_speed_is_known_both_are_drawn_over_it(runs, results):
    _, accuracy, robustness = reinit_plots(runs, results)
    assert marks(accuracy) == {(200.0, 0.6), (500.0, 0.4)}
    assert marks(robustness) == {(200.0, 0.905), (500.0, 1.0)}
    assert [p.title for p in (accuracy, robustness)] == [
        "Accuracy over speed, restarted",
        "Robustness over speed, restarted",
    ]
    assert accuracy.caption.startswith("Accuracy with re-initialisation over frames a second")
