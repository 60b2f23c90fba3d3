# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Malformed messages of many kinds while a good target is tracked: it must not feel them.

Each is sent to the node over DDS in the middle of an episode of the same images. Afterwards the
node lives, the good target's boxes are bit for bit those of an episode that nothing disturbed, and
a counter rose, or the log names what was wrong.

With RE3_CORPUS_REPORT=FILE the lines of the log are waited for, and FILE gets them in a table.
"""

import importlib.util
import os
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.ros

_spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
corpus = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(corpus)

REPORT = os.environ.get("RE3_CORPUS_REPORT")
HELD_BACK = 5.2
"""Seconds after which the log says a thing again; counters need no such wait."""
DISTURBED, LAST = 3, 12
"""The box is drawn on image 0 of an episode; the messages come before DISTURBED; the counter has to
have risen by LAST."""
BOX = (40, 30, 80, 70)
NEAR = 1e-3
"""Pixels by which a batch of two targets may round differently from one of one."""
COUNTED = [*corpus.IMAGES, *corpus.BOX_CASES, *corpus.ARRAY_CASES]
APART = len(COUNTED) // len(corpus.DROP_CASES)
CASES = [
    # Those without a counter as far apart as can be, so that no line of theirs is held back.
    *(c for k, one in enumerate(corpus.DROP_CASES) for c in (one, *COUNTED[k * APART :][:APART])),
    *COUNTED[len(corpus.DROP_CASES) * APART :],
    *corpus.COMPRESSED_CASES,
]
said: dict[str, float] = {}
"""When a message that no counter counts was last sent, by topic."""


def picture(index):
    """Return a textured square that walks over textured ground, BGR."""
    rng = np.random.default_rng(0)
    shape = (corpus.HEIGHT // 8, corpus.WIDTH // 8, 3)
    ground = np.kron(rng.integers(60, 140, shape), np.ones((8, 8, 1)))
    square = np.kron(rng.integers(0, 256, (10, 10, 3)), np.ones((4, 4, 1)))
    x, y = BOX[0] + 2 * index, BOX[1] + index
    ground[y : y + 40, x : x + 40] = square
    return ground.astype(np.uint8)


class Walk:
    """The node, up and running with one kind of image; `episode` after episode."""

    def __init__(self, tracker, kind):
        from sensor_msgs.msg import CompressedImage, Image
        from std_msgs.msg import String
        from vision_msgs.msg import Detection2D, Detection2DArray

        from re3_ros.msg import TrackerStatus
        from re3_ros.ros.tracker._parameters import SPECS

        self.tracker, self.compressed = tracker, kind == corpus.COMPRESSED
        tracker.started = len(tracker.log.read_text())
        chosen = {"device": "cpu", "runtime": "torch", "silence_warning": 0.0}
        chosen["image_reliability"] = "reliable"
        if self.compressed:
            chosen["image_transport"] = "compressed"
        defaults = {spec.name: spec.default for spec in SPECS.values()}
        assert tracker.set(**{**defaults, **chosen}) == []
        tracker.lifecycle.bring_up()
        topic, image = (
            ("image/compressed", CompressedImage) if self.compressed else ("image", Image)
        )
        kinds = {corpus.BOX: Detection2D, corpus.BOXES: Detection2DArray, corpus.DROP: String}
        self.out = {name: tracker.publisher(kind, name) for name, kind in kinds.items()}
        self.out[kind] = self.images = tracker.publisher(image, topic)
        self.statuses = tracker.record(TrackerStatus, "status")
        tracker.rest()
        self.calm = self.undisturbed()

    def undisturbed(self):
        """Return what an episode gives that nothing disturbs; the same twice."""
        found = []
        for _ in range(2):
            self.begin()
            for index in range(DISTURBED, LAST + 1):
                self.show(self.message(index))
            found.append(self.found)
        assert found[0] == found[1]
        assert len(set(found[0])) == LAST, "it moves"
        return found[0]

    def raw(self, index):
        """Return an Image message."""
        shape = {"height": corpus.HEIGHT, "width": corpus.WIDTH, "step": corpus.STEP}
        return self.tracker.image(data=picture(index).tobytes(), **shape)

    def unfinished(self, index):
        """Return the message of an image; a compressed one with bare pixels, to be encoded yet."""
        from sensor_msgs.msg import CompressedImage

        raw = self.raw(index)
        return CompressedImage(header=raw.header, data=raw.data) if self.compressed else raw

    def message(self, index):
        """Return the right message of an image."""
        return corpus.file()(self.unfinished(index)) if self.compressed else self.raw(index)

    def show(self, message):
        """Send an image; note how the good target is, and return the status."""
        self.images.publish(message)
        seen = self.tracker.spin(
            lambda: next((s for s in self.statuses if s.header == message.header), None)
        )
        self.found += [fingerprint(t) for t in seen.targets if t.id == "good"]
        self.seen = seen
        return seen

    def begin(self):
        """Start the good target on image 0 and walk up to the disturbance."""
        from std_srvs.srv import Trigger

        self.statuses.clear()
        self.found = []
        assert self.tracker.call(Trigger, "clear").success
        first = self.message(0)
        assert not self.show(first).targets
        told = len(self.tracker.printed())
        self.tracker.point(BOX, id="good", stamp=first.header.stamp)
        self.tracker.spin(lambda: "following 'good'" in self.tracker.printed()[told:])
        for index in range(1, DISTURBED):
            self.show(self.message(index))

    def spoiled(self, case, index):
        """Return the message of a case."""
        from std_msgs.msg import String
        from vision_msgs.msg import Detection2DArray

        if case.topic in {corpus.IMAGE, corpus.COMPRESSED}:
            return case.spoil(self.unfinished(index))
        right = {corpus.BOX: throw_off, corpus.DROP: String}.get(case.topic)
        return case.spoil(right() if right else Detection2DArray(detections=[throw_off()]))

    def send(self, case, index):
        """Send the message of a case, and let the node have it before what comes after."""
        self.out[case.topic].publish(self.spoiled(case, index))
        self.tracker.rest(min(0.1 * 2 ** (index - DISTURBED), 5.0))  # longer on a busy machine

    def counted(self, case):
        return getattr(self.seen, case.counter) if case.counter else 0


def throw_off():
    """Return a box that would throw the good target off, if it were taken."""
    from vision_msgs.msg import Detection2D

    from re3_ros.ros.tracker._messages import bounding_box

    return Detection2D(id="good", bbox=bounding_box(np.array([90.0, 60.0, 140.0, 110.0])))


def fingerprint(target):
    box = target.bbox
    place = box.center.position.x, box.center.position.y, box.size_x, box.size_y
    return (*place, target.score, target.state)


@pytest.fixture(scope="module")
def walks(launched):
    """Return a function from a kind of image to a Walk with it."""
    now = {}

    def become(kind):
        if kind not in now:
            finish()
            now[kind] = Walk(launched, kind)
        return now[kind]

    def finish():
        if now:
            launched.reset()
            now.clear()

    yield become
    finish()


@pytest.fixture(scope="module")
def report():
    """Collect the rows of the table, and write it in the end."""
    rows = []
    yield lambda *row: rows.append(row)
    if REPORT:
        head = ["| message | what is wrong | counted in | the log says |", "|---|---|---|---|"]
        body = ["| " + " | ".join(row) + " |" for row in rows]
        Path(REPORT).write_text("\n".join([*head, *body, ""]))


def kind_of(case):
    return corpus.COMPRESSED if case.topic == corpus.COMPRESSED else corpus.IMAGE


def name_of(case):
    return f"{case.topic} {case.name}".replace(" ", "_").replace(",", "")


def chosen(outcome):
    cases = [case for case in CASES if case.outcome == outcome]
    return pytest.mark.parametrize("case", cases, ids=name_of)


@chosen(corpus.REFUSED)
def test_what_is_malformed_changes_a_counter_only(walks, report, case):
    walk = walks(kind_of(case))
    walk.begin()
    before, errors, told = walk.counted(case), walk.seen.errors, len(walk.tracker.printed())
    if REPORT or not case.counter:
        last = time.monotonic() if REPORT else said.get(case.topic, 0.0)
        time.sleep(max(0.0, last + HELD_BACK - time.monotonic()))
        said[case.topic] = time.monotonic()
    walk.send(case, DISTURBED)
    for index in range(DISTURBED, LAST + 1):
        walk.show(walk.message(index))
        if not case.counter and case.says in walk.tracker.printed()[told:]:
            break
        if case.counter and walk.counted(case) > before:
            break
        if case.topic in {corpus.IMAGE, corpus.COMPRESSED}:
            walk.send(case, index + 1)  # the newest image wins: this one may have been replaced
    lines = [line for line in walk.tracker.printed()[told:].splitlines() if "[WARN]" in line]
    assert walk.counted(case) - before == (case.rises if case.counter else 0), lines
    assert walk.found == walk.calm[: len(walk.found)]
    assert len(walk.found) > DISTURBED - 1
    assert walk.seen.errors == errors, "nothing was raised that nobody expected"
    assert walk.tracker.process.exit_code is None
    if REPORT or not case.counter:
        assert case.says in "\n".join(lines)
        report(
            f"`{case.topic}`", case.name, f"`{case.counter}`" if case.counter else "", say(lines)
        )


@chosen(corpus.TAKEN)
def test_what_looks_odd_but_is_right_is_taken(walks, case):
    walk = walks(kind_of(case))
    walk.begin()
    rejected = walk.seen.frames_rejected, walk.seen.boxes_rejected, walk.seen.errors
    if case.topic in {corpus.IMAGE, corpus.COMPRESSED}:
        walk.show(walk.spoiled(case, DISTURBED))
    else:
        walk.send(case, DISTURBED)
        walk.show(walk.message(DISTURBED))
    for index in range(DISTURBED + 1, LAST + 1):
        walk.show(walk.message(index))
    assert (walk.seen.frames_rejected, walk.seen.boxes_rejected, walk.seen.errors) == rejected
    others = {t.id for t in walk.seen.targets} - {"good"}
    assert len(others) == (case.topic == corpus.BOX)
    if others:
        np.testing.assert_allclose(walk.found, walk.calm, atol=NEAR)
    else:
        assert walk.found == walk.calm


def test_an_image_from_the_future_is_named_and_costs_no_other(walks):
    walk = walks(corpus.IMAGE)
    walk.begin()
    rejected, told = walk.seen.frames_rejected, len(walk.tracker.printed())
    early = walk.message(DISTURBED)
    early.header.stamp.sec = 2_000_000_000
    walk.show(early)
    for index in range(DISTURBED + 1, LAST + 1):
        walk.show(walk.message(index))
    assert walk.found == walk.calm
    assert walk.seen.frames_rejected == rejected
    walk.tracker.spin(lambda: "not believed" in walk.tracker.printed()[told:])


def test_there_are_kinds_enough():
    assert len({(case.topic, case.name) for case in CASES}) == len(CASES) > 80
    assert sum(case.outcome == corpus.REFUSED for case in CASES) > 60


def say(lines):
    """Return the first line of a log as a cell of a table."""
    text = lines[0].split("]: ", 1)[-1]
    short = text if len(text) <= 150 else f"{text[:110]} ... {text[-30:]}"
    return f"`{short}`".replace("|", "/").replace("\t", " ")
