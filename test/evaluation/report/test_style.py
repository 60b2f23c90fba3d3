# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from xml.etree import ElementTree as ET

import pytest

from re3_ros.evaluation.report._style import (
    COLOURS,
    DARK,
    LIGHT,
    add_legend,
    css_variables,
    drawn,
    pick_main,
    styles,
    themed,
    to_svg,
)


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_stands_out_from_the_page(palette):
    """WCAG asks for 4.5 of text and for 3 of graphics."""
    assert contrast(palette["ink"], palette["paper"]) > 7
    assert contrast(palette["soft"], palette["paper"]) > 4.5
    for number in range(COLOURS):
        assert contrast(palette[f"c{number}"], palette["paper"]) > 4


def test_both_pages_name_the_same_colours():
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert "--paper: #ffffff;" in css_variables(LIGHT)


def test_a_report_is_about_the_first_of_ours():
    assert pick_main(["csrt", "re3-procedure", "re3"]) == "re3-procedure"
    assert pick_main(["csrt", "kcf"]) == "csrt"


def test_each_tracker_is_told_from_the_others_by_more_than_colour():
    looks = styles([f"t{i}" for i in range(8)], "t3")
    assert looks["t3"].number == 0
    assert [name for name, look in looks.items() if look.main] == ["t3"]
    assert len({look.colour for look in looks.values()}) == 8
    assert len({look.marker for look in looks.values()}) == 8
    assert looks["t3"].width > looks["t0"].width


def test_more_trackers_than_colours_differ_in_their_dash():
    looks = styles([f"t{i}" for i in range(12)])
    assert len({(look.colour, look.dash) for look in looks.values()}) == 12
    assert len({(look.colour, look.marker) for look in looks.values()}) == 12


@pytest.fixture
def figure():
    with drawn(3) as made:
        axes = made.subplots()
        axes.plot([0, 1], [0, 1], color=LIGHT["c1"], label="a<b> & $x$")
        add_legend(made)
    return made


def test_a_figure_follows_the_page(figure):
    svg = to_svg(figure, "curve", 'Plot of "a" & <b>')
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'Plot of "a" & <b>'
    assert root.get("viewBox")
    assert root.get("width") is None
    assert not [colour for colour in LIGHT.values() if colour in svg]
    assert "var(--c1)" in svg
    assert "var(--ink)" in svg


def test_text_stays_text_as_it_was_written(figure):
    texts = [e.text for e in ET.fromstring(to_svg(figure, "curve", "t")).iter() if e.text]
    assert "a<b> & $x$" in texts


def test_two_figures_on_a_page_share_no_id(figure):
    def ids(name):
        return {e.get("id") for e in ET.fromstring(to_svg(figure, name, "t")).iter()} - {None}

    first, second = ids("one"), ids("two")
    assert first
    assert not first & second


def test_what_a_figure_refers_to_is_in_it(figure):
    root = ET.fromstring(to_svg(figure, "one", "t"))
    ids = {e.get("id") for e in root.iter()}
    used = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
    clips = [e.get("clip-path") for e in root.iter() if e.get("clip-path")]
    assert used
    assert clips
    assert {v[1:] for v in used} | {v[5:-1] for v in clips} <= ids


def test_the_same_figure_gives_the_same_text(figure):
    assert to_svg(figure, "one", "t") == to_svg(figure, "one", "t")


def test_only_whole_colours_are_replaced():
    assert themed("fill: #FFFFFF; stroke: #ffffff80") == "fill: var(--paper); stroke: #ffffff80"
