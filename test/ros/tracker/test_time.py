# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images of wrong times, pauses, and other resolutions, through the real node."""

import numpy as np
import pytest

pytestmark = pytest.mark.ros

LONG_AGO = 5


def at(message, seconds):
    message.header.stamp.sec = seconds
    return message


def sender(tracker):
    """Return a function that sends an image of the past, without spinning: others do."""
    from sensor_msgs.msg import Image

    publisher = tracker.publisher(Image, "image")

    def send():
        message = at(tracker.image(), LONG_AGO)
        publisher.publish(message)
        return message

    return send


def reject_all(tracker):
    """Follow a target, then send images of the past until a status says what becomes of them."""
    tracker.follow(id="cup")
    tracker.show()
    seen, send = tracker.recorded["status"], sender(tracker)
    return tracker.spin(lambda: send() and next((s for s in seen if s.fault), None))


def shown_again(tracker):
    """Send images of the past until one is processed."""
    seen, send = tracker.recorded["status"], sender(tracker)

    def done():
        send()
        found = (s for s in seen if not s.fault and s.header.stamp.sec == LONG_AGO)
        return next(found, None)

    return tracker.spin(done)


def test_a_node_that_rejects_all_images_says_so_and_why(tracker):
    from diagnostic_msgs.msg import DiagnosticArray

    tracker.bring_up(diagnostic_period=0.1)
    told = tracker.record(DiagnosticArray, "/diagnostics")
    status = reject_all(tracker)
    assert status.fault.startswith("images are rejected: frame of camera 'camera' is stamped")
    assert status.fault.endswith(
        "set time_jump to clear or continue, or call ~/clear to begin time anew"
    )
    assert status.frames_rejected > 0
    assert len(status.targets) == 0
    cameras = lambda: [s for m in told for s in m.status if s.name.endswith("camera camera")]  # noqa: E731
    tracker.spin(lambda: any("before the last one" in s.message for s in cameras()))
    after, _ = tracker.show()
    assert [t.id for t in after.targets] == ["cup"]
    assert after.fault == ""


def test_time_jump_may_be_set_meanwhile(tracker):
    tracker.bring_up()
    reject_all(tracker)
    assert tracker.set(time_jump="continue") == []
    assert [t.id for t in shown_again(tracker).targets] == ["cup"]
    assert "expected one of reject" in tracker.set(time_jump="panic")[0]


def test_clear_begins_time_anew(tracker):
    from std_srvs.srv import Trigger

    tracker.bring_up()
    reject_all(tracker)
    assert tracker.call(Trigger, "clear").success
    assert len(shown_again(tracker).targets) == 0


def test_so_does_activation(tracker):
    tracker.bring_up()
    reject_all(tracker)
    for step in ("deactivate", "activate"):
        assert tracker.lifecycle.change(step)
    assert len(shown_again(tracker).targets) == 0


def test_an_image_of_the_future_costs_no_other(tracker):
    tracker.bring_up()
    tracker.follow(id="cup")
    tracker.show(at(tracker.image(), 2_000_000_000))
    status, _ = tracker.show()
    assert status.frames_rejected == 0
    assert status.targets[0].state == status.targets[0].TRACKING
    tracker.spin(lambda: "not believed" in tracker.printed())


def test_a_box_sent_in_a_pause_waits_for_the_next_image(tracker):
    from std_srvs.srv import SetBool

    tracker.bring_up()
    tracker.show()
    assert tracker.call(SetBool, "enable", data=False).success
    ignored = tracker.send(tracker.image()).header
    tracker.spin(lambda: any(s.header == ignored for s in tracker.recorded["status"]))
    tracker.point(id="cup")
    tracker.spin(lambda: "following 'cup'" in tracker.printed())
    assert tracker.call(SetBool, "enable", data=True).success
    ages = [tracker.show()[0].targets[0].frames_since_init for _ in range(2)]
    assert ages == [0, 1], "on the first image after the pause, not on the last before it"


def test_a_larger_image_moves_the_box_with_it(tracker):
    tracker.bring_up()
    before = tracker.follow(id="cup", box=(10, 10, 30, 30)).targets[0]
    pixels = np.zeros((96, 128, 3), np.uint8).tobytes()
    large = tracker.image(height=96, width=128, step=384, data=pixels)
    after = tracker.show(large)[0].targets[0]
    assert after.state == after.TRACKING
    assert after.bbox.center.position.x == pytest.approx(2 * before.bbox.center.position.x, abs=1)
    assert after.bbox.size_x == pytest.approx(2 * before.bbox.size_x, abs=1)
    tracker.spin(lambda: "scaled with them" in tracker.printed())


def test_a_box_too_large_names_the_parameter(tracker):
    tracker.bring_up()
    tracker.show()
    tracker.point(id="cup", box=(-500, 0, 500, 40))
    tracker.spin(lambda: "raise max_side" in tracker.printed())
    assert len(tracker.show()[0].targets) == 0
