# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import io

import numpy as np
import pytest
from rich.console import Console

from re3_ros.evaluation import ReportTable
from re3_ros.evaluation._runner import failed
from re3_ros.evaluation.report import failures, print_table, sequence_table, summary_table


def printed(table):
    """Return what a narrow terminal without colours shows."""
    console = Console(file=io.StringIO(), width=40)
    print_table(table, console)
    return console.file.getvalue()


def test_the_best_of_a_column_is_marked_with_its_ties():
    table = ReportTable(
        "t",
        "T",
        ("tracker", "AUC", "drops", "ms"),
        (("a", 0.5001, 3, 2.0), ("b", 0.5002, 1, 1.0), ("c", float("nan"), 2, None)),
        best={"AUC": "high", "ms": "low"},
        digits={"ms": 1},
    )
    assert table.texts() == [
        ["a", "0.500", "3", "2.0"],
        ["b", "0.500", "1", "1.0"],
        ["c", "", "2", ""],
    ]
    assert table.bold() == [
        [False, True, False, False],
        [False, True, False, True],
        [False, False, False, False],
    ]


def test_a_table_of_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="has 1 values"):
        ReportTable("t", "T", ("a", "b"), (("x",),))
    with pytest.raises(ValueError, match=r"best names \['speed'\]"):
        ReportTable("t", "T", ("a",), (("x",),), best={"speed": "low"})


def test_names_with_brackets_are_printed_as_they_are():
    table = ReportTable("t", "T", ("tracker", "AUC"), (("re3[b]", 0.25),), note="a note")
    text = printed(table)
    assert "re3[b]" in text
    assert "0.250" in text
    assert "a note" in text


def test_no_figure_is_cut_in_a_narrow_terminal():
    row = tuple(i / 1000 + 0.1 for i in range(20))
    names = tuple(f"tracker {i}" for i in range(20))
    text = printed(ReportTable("t", "T", ("sequence", *names), (("s", *row),)))
    assert all(f"{value:.3f}" in text for value in row)
    assert "…" not in text


def test_a_row_a_tracker_the_best_first(results):
    table = summary_table(results)
    assert [row[0] for row in table.rows] == ["good", "bad"]
    assert table.bold()[0][1:7] == [True] * 6
    assert not any(table.bold()[1][:7])
    assert table.rows[0][1] == pytest.approx(np.mean([r.auc for r in results["good"]]))


def test_a_row_a_sequence_with_its_best_tracker_in_bold(results):
    table = sequence_table(results)
    assert table.columns == ("sequence", "frames", "good", "bad")
    assert [row[:2] for row in table.rows] == [("left", 30), ("right", 30)]
    assert table.bold() == [[False, False, True, False]] * 2


def test_a_failed_sequence_says_so():
    results = {"a": [failed("s", "no frames")], "b": [failed("s", "crashed")]}
    table = sequence_table(results)
    assert table.texts()[0][2:] == ["failed", "failed"]
    assert not any(table.bold()[0])
    assert failures(results) == ["a, s: no frames", "b, s: crashed"]
    assert summary_table(results).rows[0][-1] == 1
