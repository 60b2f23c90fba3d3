# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What Foxglove draws over the images of a bag, read back with the reader of MCAP's authors."""

import pytest

from re3_ros.bags import ANNOTATIONS, ANNOTATIONS_TOPIC, STATUS_TOPIC, box_of, run_bag
from re3_ros.media import STATE_COLOURS
from re3_ros.tracking import SessionConfig, TargetState, TrackingSession

reader = pytest.importorskip("mcap.reader", reason="mcap is not installed")
decoder = pytest.importorskip("mcap_ros2.decoder", reason="mcap-ros2-support is not installed")


@pytest.fixture
def tracked(make_bag, messages, doubles, tmp_path):
    """Return the messages of a tracked bag by topic and time; the target is lost on the way."""
    config = SessionConfig(uncertain_frames=1, lost_frames=1)
    session = TrackingSession(doubles.Finder(), config=config)
    run_bag(make_bag(messages), tmp_path / "out", {"cup": doubles.truth(0)}, session)
    (path,) = (tmp_path / "out").glob("*.mcap")
    found = {}
    with path.open("rb") as file:
        made = reader.make_reader(file, decoder_factories=[decoder.DecoderFactory()])
        for schema, channel, message, decoded in made.iter_decoded_messages():
            found.setdefault(channel.topic, {})[message.log_time] = (schema.name, decoded)
    return found


def test_each_image_has_annotations_of_its_stamp(tracked, messages):
    found = tracked[ANNOTATIONS_TOPIC]
    assert list(found) == list(messages)
    for logged, (kind, drawn) in found.items():
        assert kind == ANNOTATIONS
        stamp = messages[logged].header.stamp
        for part in (drawn, *drawn.points, *drawn.texts):
            assert (part.timestamp.sec, part.timestamp.nanosec) == (stamp.sec, stamp.nanosec)


def test_lines_lie_on_the_boxes_in_the_colours_of_the_states(tracked):
    states = set()
    for logged, (_, drawn) in tracked[ANNOTATIONS_TOPIC].items():
        (target,) = tracked[STATUS_TOPIC][logged][1].targets
        (line,), (text,) = drawn.points, drawn.texts
        state = TargetState(target.state)
        states.add(state)
        assert line.type == 2, "LINE_LOOP"
        left, top, right, bottom = box_of(target.bbox)
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        for point, corner in zip(line.points, corners, strict=True):
            assert (point.x, point.y) == pytest.approx(corner)
        for colour in (line.outline_color, text.text_color):
            rgb = [v / 255 for v in STATE_COLOURS[state]]
            assert [colour.r, colour.g, colour.b, colour.a] == pytest.approx([*rgb, 1.0])
        assert text.text.startswith(f"cup {target.score:.2f}")
        assert (text.position.x, text.position.y) == pytest.approx((left, top - line.thickness))
    assert {TargetState.TRACKING, TargetState.LOST} <= states
