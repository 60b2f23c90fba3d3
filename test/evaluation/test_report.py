# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv
import json
from typing import NamedTuple

import numpy as np
import pytest

from re3_ros.evaluation import Extras, ReportTable, summarise, write_report
from re3_ros.evaluation._runner import failed

FILES = ["report.html", "results.json", "summary.csv", "sequences.csv"]
FIGURES = ["success", "precision", "normalised_precision", "speed", "by_sequence"]


class Row(NamedTuple):
    tracker: str
    everywhere: float
    occluded: float


def read_csv(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def read_json(path):
    return json.loads(path.read_text(), parse_constant=pytest.fail)


def test_the_files(results, tmp_path):
    paths = write_report(tmp_path / "report", results, {"data": "test"})
    assert [p.name for p in paths] == FILES + [f"{name}.png" for name in FIGURES]
    assert set((tmp_path / "report").iterdir()) == set(paths)
    for plot in paths[4:]:
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_json_and_csv_hold_the_figures(results, tmp_path):
    _, json_path, summary, sequences, *_ = write_report(tmp_path, results, {"data": "test"})
    document, best = read_json(json_path), summarise(results)[0]
    assert document["about"]["data"] == "test"
    assert document["about"]["machine"]["numpy"] == np.__version__
    assert document["summary"][0]["tracker"] == best.tracker == "good"
    assert document["summary"][0]["auc"] == pytest.approx(best.auc, abs=1e-6)
    assert np.mean(document["curves"]["good"]["success"]) == pytest.approx(best.auc)
    assert [r["tracker"] for r in read_csv(summary)] == ["good", "bad"]
    rows = read_csv(sequences)
    assert [(r["tracker"], r["sequence"]) for r in rows[:2]] == [
        ("good", "left"),
        ("good", "right"),
    ]
    assert float(rows[3]["auc"]) == pytest.approx(results["bad"][1].auc, abs=1e-6)


def test_further_tables_and_occlusion_go_everywhere(results, tmp_path):
    table = ReportTable("attributes", "By attribute", ("attribute", "good"), (("blur", 0.25),))
    extras = Extras(
        occluded=(Row("good", 0.5, 0.4), Row("bad", 0.5, float("nan"))), tables=(table,)
    )
    paths = {p.name: p for p in write_report(tmp_path, results, {}, extras)}
    assert read_csv(paths["attributes.csv"]) == [{"attribute": "blur", "good": "0.25"}]
    document = read_json(paths["results.json"])
    assert document["tables"] == {"attributes": [{"attribute": "blur", "good": 0.25}]}
    assert document["occlusion"]["good"] == {"auc": 0.5, "auc_occluded": 0.4}
    assert document["occlusion"]["bad"]["auc_occluded"] is None
    page = paths["report.html"].read_text()
    assert "By attribute" in page
    assert 'id="occlusion"' in page
    assert paths["occlusion.png"].is_file()


def test_failures_of_the_main_tracker_become_filmstrips(results, tmp_path):
    page = write_report(tmp_path, results, {}, Extras(main="bad"))[0].read_text()
    assert "Worst failures of bad" in page
    assert page.count("data:image/jpeg;base64,") >= 8
    page = write_report(tmp_path, results, {}, Extras(main="good"))[0].read_text()
    assert "Worst failures" not in page


def test_flags_given_are_those_drawn(results, tmp_path):
    flags = {"left": np.arange(30) < 7}
    page = write_report(tmp_path, results, {}, Extras(main="bad", flags=flags))[0].read_text()
    assert '<rect class="span" x="0" y="0" width="7" height="1"/>' in page


def test_an_unreadable_frame_costs_its_filmstrip_alone(results, tmp_path):
    whole = write_report(tmp_path, results, {}, Extras(main="bad"))[0].read_text()
    results["bad"][1].source.frames[0].write_bytes(b"")
    page = write_report(tmp_path, results, {}, Extras(main="bad"))[0].read_text()
    assert whole.count("<article>") == 2
    assert page.count("<article>") == 1


def test_a_report_of_nothing_but_failures(tmp_path):
    results = {"a": [failed("s", "no <frames> here")], "b": [failed("s", "crashed")]}
    paths = {p.name: p for p in write_report(tmp_path, results)}
    row = read_json(paths["results.json"])["summary"][0]
    assert (row["auc"], row["failures"], row["ms"]) == (0, 1, None)
    assert "speed.png" not in paths
    page = paths["report.html"].read_text()
    assert "a, s: no &lt;frames&gt; here" in page
    assert "Not tracked to the end" in page
