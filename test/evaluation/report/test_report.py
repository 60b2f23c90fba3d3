# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from re3_ros.evaluation import ReportTable, summarise
from re3_ros.evaluation._runner import failed
from re3_ros.evaluation.report import Extras, write_report, write_tables

FILES = ["report.html", "results.json", "summary.csv", "sequences.csv"]
FIGURES = ["success", "precision", "normalised_precision", "speed", "by_sequence"]


def hide(result, frames):
    """Return the result with its first frames labelled as occluded."""
    labels = replace(result.source, occluded=np.arange(len(result.truth)) < frames)
    return replace(result, source=labels)


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


def test_further_tables_go_everywhere(results, tmp_path):
    table = ReportTable("attributes", "By attribute", ("attribute", "good"), (("blur", 0.25),))
    paths = {p.name: p for p in write_report(tmp_path, results, {}, Extras(tables=(table,)))}
    assert read_csv(paths["attributes.csv"]) == [{"attribute": "blur", "good": "0.25"}]
    (row,) = read_json(paths["results.json"])["tables"]["attributes"]["rows"]
    assert row == {"attribute": "blur", "good": 0.25}
    assert "By attribute" in paths["report.html"].read_text()


def test_the_reader_learns_how_it_was_run(results, tmp_path):
    about = {"weights_sha256": {"re3_x": "abc"}, "jobs": 2, "device": None}
    page = write_report(tmp_path, results, about)[0].read_text()
    for name, value in (("weights sha256, re3_x", "abc"), ("jobs", "2"), ("numpy", np.__version__)):
        assert f'<th scope="row">{name}</th><td class="fact">{value}</td>' in page
    assert ">device<" not in page


def test_a_table_of_occlusion_that_is_given_is_the_one_shown(results, tmp_path):
    hidden = {name: [hide(r, 7) for r in rs] for name, rs in results.items()}
    table = ReportTable("occlusion", "Mine", ("tracker",), (("good",),))
    page = write_report(tmp_path, hidden, {}, Extras(tables=(table,)))[0].read_text()
    assert "Mine" in page
    assert "AUC under occlusion" not in page


def test_labels_of_occlusion_give_figure_table_and_shading(results, tmp_path):
    hidden = {name: [hide(r, 7) for r in rs] for name, rs in results.items()}
    paths = {p.name: p for p in write_report(tmp_path, hidden, {}, Extras(main="bad"))}
    rows = {row["tracker"]: row for row in read_csv(paths["occlusion.csv"])}
    seen = np.mean([r.only(np.arange(30) < 7).auc for r in results["bad"]])
    assert float(rows["bad"]["occluded"]) == pytest.approx(seen, abs=1e-6)
    assert paths["occlusion.png"].is_file()
    page = paths["report.html"].read_text()
    assert 'id="figure-occlusion"' in page
    assert '<rect class="span" x="0" y="0" width="7" height="1"/>' in page


def test_failures_of_the_main_tracker_become_filmstrips(results, tmp_path):
    page = write_report(tmp_path, results, {}, Extras(main="bad"))[0].read_text()
    assert "Worst failures of bad" in page
    assert page.count("data:image/jpeg;base64,") >= 8
    page = write_report(tmp_path, results, {}, Extras(main="good"))[0].read_text()
    assert "Worst failures" not in page


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


def test_tables_alone_make_a_report_too(tmp_path):
    table = ReportTable("reinit", "Restarts", ("tracker", "drops"), (("re3", 3), ("csrt", 5)))
    extras = Extras(tables=(table,))
    paths = write_tables(tmp_path, "Restarts", "2 trackers", ["csrt", "re3"], {"data": "x"}, extras)
    assert [p.name for p in paths] == ["report.html", "results.json", "reinit.csv"]
    assert read_json(paths[1])["tables"]["reinit"]["rows"][1] == {"tracker": "csrt", "drops": 5}
    page = paths[0].read_text()
    assert "<title>Restarts</title>" in page
    assert 'href="#section-reinit"' in page
    assert "Sequence by sequence" not in page
    assert "Area under the success curve" not in page
