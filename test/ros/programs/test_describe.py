# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of the documentation against the node itself."""

import contextlib
import re
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.ros

REMEDY = "run scripts/ros-env --run python -m re3_ros.ros.describe --write ."
EVERY_NODE = re.compile(
    r"^/(rosout|parameter_events|clock)$|/[gs]et_|/(list|describe)_param|/change_"
)


def test_the_page_and_the_defaults_are_those_of_the_node(pytestconfig):
    from re3_ros.ros.programs import describe

    root = pytestconfig.rootpath
    text = (root / describe.PAGE).read_text("utf-8")
    assert set(re.findall(r"<!-- (\w+), made by", text)) == describe.blocks().keys()
    assert text == describe.page(text), REMEDY
    assert (root / describe.DEFAULTS).read_text("utf-8") == describe.defaults(), REMEDY


def test_links_of_the_tables_lead_to_headings(pytestconfig):
    from re3_ros.ros.programs import describe

    text = (pytestconfig.rootpath / describe.PAGE).read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
    linked = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert linked
    assert linked <= anchors


def test_write_changes_what_is_out_of_date_and_only_that(pytestconfig, tmp_path):
    from re3_ros.ros.programs import describe

    for name in (describe.PAGE, describe.DEFAULTS):
        (tmp_path / name).parent.mkdir()
    good = (pytestconfig.rootpath / describe.PAGE).read_text("utf-8")
    (tmp_path / describe.PAGE).write_text(good.replace("`ring_size`", "`wrong`"), "utf-8")
    (tmp_path / describe.DEFAULTS).write_text("", "utf-8")
    assert describe.main(["--write", str(tmp_path)]) == 0
    assert (tmp_path / describe.PAGE).read_text("utf-8") == good
    assert "ring_size: 64" in (tmp_path / describe.DEFAULTS).read_text("utf-8")


def test_without_arguments_the_tables_are_printed(capsys):
    from re3_ros.ros.programs import describe

    assert describe.main([]) == 0
    printed = capsys.readouterr().out
    assert "| `init_box` | `vision_msgs/Detection2D` |" in printed
    assert "`reject`, `clear`, `continue`" in printed


@pytest.mark.parametrize("cameras", [["camera"], ["left", "right"]])
def test_the_tables_are_the_graph_of_the_node(tracker, cameras):
    from re3_ros.ros.tracker._interface import PUBLISHED, SERVICES, SUBSCRIBED, names

    def told(table):
        return {
            (name.replace("~", "re3_tracker").lstrip("/"), topic.kind)
            for topic in table
            for name in names(topic, tuple(cameras))
            if not topic.needs or find_spec(topic.needs)
        }

    def found(look):
        return {
            (name.lstrip("/"), kind.replace("/msg/", "/").replace("/srv/", "/"))
            for name, kinds in look("re3_tracker", "/")
            for kind in kinds
            if not EVERY_NODE.search(name) and "transition_event" not in name
        }

    tracker.bring_up(cameras=cameras, publish_tf=True)  # depth is subscribed to on demand
    node = tracker.node
    looks = (
        (node.get_subscriber_names_and_types_by_node, SUBSCRIBED),
        (node.get_publisher_names_and_types_by_node, PUBLISHED),
        (node.get_service_names_and_types_by_node, SERVICES),
    )
    for look, table in looks:
        # Some middlewares tell whose a topic is later than that it is there.
        with contextlib.suppress(AssertionError):  # what it is instead, the next line tells
            tracker.spin(lambda look=look, table=table: found(look) == told(table))
        assert found(look) == told(table)
