# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from typing import NamedTuple

import numpy as np
import pytest

from re3_ros.evaluation.report import _plots
from re3_ros.evaluation.report._plots import (
    loss_text,
    normalised_plot,
    occlusion_plot,
    precision_plot,
    sequence_plot,
    success_plot,
)
from re3_ros.evaluation.report._style import styles


class Row(NamedTuple):
    tracker: str
    everywhere: float
    occluded: float
    frames: int = 40
    sequences: int = 3


def labels(plot):
    return [t.get_text() for t in plot.figure.legends[0].get_texts()]


def drawn_lines(plot):
    return {line.get_label(): line.get_ydata() for line in plot.figure.axes[0].lines}


def test_success_curves_are_those_of_the_summaries(summaries, looks):
    plot = success_plot(summaries, looks)
    good, bad = summaries
    assert labels(plot) == [f"good {good.auc:.3f}", f"bad {bad.auc:.3f}"]
    np.testing.assert_array_equal(drawn_lines(plot)[f"bad {bad.auc:.3f}"], bad.success)
    assert f"good {good.auc:.3f}, bad {bad.auc:.3f}" in plot.alt


def test_precision_is_ranked_by_its_own_figure(summaries, looks):
    plot = precision_plot(summaries[::-1], looks)
    assert labels(plot)[0] == f"good {summaries[0].precision:.3f}"
    values = drawn_lines(plot)[f"good {summaries[0].precision:.3f}"]
    assert values[20] == pytest.approx(summaries[0].precision)


def test_the_area_of_normalised_precision_is_that_of_the_table(results, summaries, looks):
    plot = normalised_plot(results, looks)
    assert labels(plot) == [f"{s.tracker} {s.normalised_precision:.3f}" for s in summaries]


def test_occlusion_draws_both_figures_and_tells_the_loss(looks):
    plot = occlusion_plot([Row("good", 0.6, 0.57), Row("bad", 0.4, 0.2)], looks)
    at = [tuple(c.get_offsets()[0]) for c in plot.figure.axes[0].collections]
    assert at == [(0.4, 0), (0.2, 0), (0.6, 1), (0.57, 1)]
    assert [t.get_text() for t in plot.figure.axes[0].texts] == ["−50.0 %", "−5.0 %"]
    assert "good 0.600 and 0.570 (−5.0 %), bad" in plot.alt
    assert "the 3 sequences" in plot.caption
    assert "the 40 in which" in plot.caption
    assert occlusion_plot([], looks) is None


def test_no_loss_is_told_where_there_is_none_to_tell():
    assert loss_text(Row("a", 0.5, 0.55)) == "+10.0 %"
    assert loss_text(Row("a", 0.0, 0.0)) == ""
    assert loss_text(Row("a", 0.5, float("nan"))) == ""


def test_sequences_are_in_the_order_of_the_main_tracker(results):
    results["good"][0], results["good"][1] = results["good"][1], results["bad"][0]
    results["bad"] = results["bad"][::-1]
    plot = sequence_plot(results, styles(results, "good"))
    axes = plot.figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["left", "right"]
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == pytest.approx(sorted(r.auc for r in results["good"]))
    (marks,) = axes.collections
    assert list(marks.get_offsets()[:, 0]) == pytest.approx(
        [results["bad"][1].auc, results["bad"][0].auc]
    )
    assert "right" in plot.alt


def test_of_many_sequences_those_with_the_lowest_figures_are_drawn(results, looks, monkeypatch):
    assert "left out" not in sequence_plot(results, looks).caption
    monkeypatch.setattr(_plots, "MOST_BARS", 1)
    plot = sequence_plot(results, looks)
    worst = min(results["good"], key=lambda r: r.auc)
    assert [t.get_text() for t in plot.figure.axes[0].get_yticklabels()] == [worst.sequence]
    assert "The 1 sequences on which it did best are left out." in plot.caption
