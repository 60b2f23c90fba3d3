# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import itertools
import re
from html.parser import HTMLParser

import pytest

from re3_ros.evaluation import ReportTable
from re3_ros.evaluation.report import Extras, sequence_table, write_report
from re3_ros.evaluation.report._style import DARK, LIGHT

VOID = {"meta", "br", "hr", "img", "link", "input"}
HOSTILE = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Keeps elements with their attributes and texts; fails on tags that do not match."""

    def __init__(self):
        super().__init__()
        self.open, self.elements = [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, texts in self.open:
            texts.append(data)

    def all(self, tag):
        return [(attrs, "".join(texts).strip()) for t, attrs, texts in self.elements if t == tag]


def read(text):
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def results(tmp_path_factory, make_pair, make_results):
    return make_results(make_pair(tmp_path_factory.mktemp("pair")))


@pytest.fixture(scope="module")
def text(results, tmp_path_factory):
    table = ReportTable("by-size", "By size", ("size", "good"), (("small", 0.25),), note="A & B.")
    extras = Extras(tables=(table,), main="bad")
    folder = tmp_path_factory.mktemp("report")
    return write_report(folder, results, {"data": "two"}, extras)[0].read_text()


@pytest.fixture
def page(text):
    return read(text)


def test_it_needs_no_other_file(page, text):
    links = [a.get("href") or a.get("src") or a.get("xlink:href") for _, a, _ in page.elements]
    assert all(link.startswith(("#", "data:")) for link in links if link)
    assert not page.all("script")
    assert not page.all("link")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_every_link_leads_to_an_element_of_its_own(page):
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for attrs, _ in page.all("a")]
    assert len(links) >= 6
    assert {link[1:] for link in links} <= set(ids)


def test_every_picture_is_told_in_words(page):
    pictures = page.all("svg")
    assert len(pictures) > 10
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs, _ in pictures)


def test_it_says_its_language_and_fits_a_phone(page):
    ((html, _),) = page.all("html")
    assert html["lang"] == "en"
    named = {a.get("name"): a.get("content") for a, _ in page.all("meta")}
    assert "width=device-width" in named["viewport"]
    assert page.all("title")[0][1] == "Tracker evaluation"


def test_headings_leave_no_level_out(page):
    levels = [int(t[1]) for t, _, _ in page.elements if re.fullmatch(r"h\d", t)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_dark_and_light_are_both_there(text):
    for palette in (LIGHT, DARK):
        assert all(f"--{name}: {colour};" in text for name, colour in palette.items())
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_cells_hold_what_the_tables_hold(page, results):
    cells = [text for _, text in page.all("td")]
    for row in sequence_table(results).texts():
        assert row[1:] in [cells[i : i + len(row) - 1] for i in range(len(cells))]
    assert "0.250" in cells
    assert [text for _, text in page.all("caption")] == [
        "One-pass evaluation, mean over sequences",
        "AUC by sequence",
        "By size",
        "This run",
    ]


def test_the_best_is_in_bold(page, results):
    bold = [text for _, text in page.all("b")]
    assert f"{results['good'][0].auc:.3f}" in bold
    assert f"{results['bad'][0].auc:.3f}" not in bold


def test_a_strange_name_is_a_name(results, tmp_path):
    strange = {HOSTILE: results["good"], "bad": results["bad"]}
    page = read(write_report(tmp_path, strange, {"data": HOSTILE})[0].read_text())
    assert not page.all("script")
    assert HOSTILE in [text for _, text in page.all("th")]
    assert any(HOSTILE in attrs["aria-label"] for attrs, _ in page.all("svg"))
