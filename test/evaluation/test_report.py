# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv
import json

import cv2
import numpy as np
import pytest

from re3_ros.evaluation import (
    TrackerSpec,
    compare,
    find_sequences,
    sequence_table,
    summarise,
    write_report,
)

pytestmark = pytest.mark.skipif(not hasattr(cv2, "legacy"), reason="needs opencv-contrib-python")

MOSSE, FLOW = TrackerSpec("mosse"), TrackerSpec("medianflow")


def test_the_report(data, tmp_path):
    results = compare([MOSSE, FLOW], data, tmp_path / "cache")
    paths = write_report(tmp_path / "report", results, {"data": "test"})
    names = ["results.json", "summary.csv", "sequences.csv", "success.png", "precision.png"]
    assert [p.name for p in paths] == names
    document = json.loads(paths[0].read_text(), parse_constant=pytest.fail)
    best = summarise(results)[0]
    assert document["about"]["data"] == "test"
    assert document["summary"][0]["tracker"] == best.tracker
    assert document["summary"][0]["auc"] == pytest.approx(best.auc, abs=1e-6)
    assert np.mean(document["curves"][best.tracker]["success"]) == pytest.approx(best.auc)
    with paths[2].open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["tracker"], r["sequence"]) for r in rows[:2]] == [
        ("mosse", "fast"),
        ("mosse", "slow"),
    ]
    assert float(rows[0]["auc"]) == pytest.approx(results["mosse"][0].auc, abs=1e-6)
    for plot in paths[3:]:
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_report_of_nothing_but_failures(data, tmp_path):
    for folder in find_sequences(data):
        (folder / "groundtruth.txt").write_text("none\n")
    results = compare([MOSSE], data, tmp_path / "cache")
    paths = write_report(tmp_path / "report", results)
    row = json.loads(paths[0].read_text())["summary"][0]
    assert (row["auc"], row["failures"], row["ms"]) == (0, 2, None)
    assert sequence_table(results).row_count == 2
