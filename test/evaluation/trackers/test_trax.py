# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""TraX: its messages, our trackers as servers, other programs as trackers."""

import io
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.datasets import read_sequence
from re3_ros.errors import ConfigError, Re3Error, SourceError
from re3_ros.evaluation import run_reinitialised, run_sequence
from re3_ros.evaluation.trackers import TraxTracker, serve_trax
from re3_ros.evaluation.trackers._trax import (
    Message,
    encode_image,
    encode_region,
    parse_image,
    parse_message,
    parse_region,
)

BOX = np.array([10.0, 20, 30, 60])


def lines(*messages):
    return io.StringIO("".join(m if isinstance(m, str) else m.encode() for m in messages))


def frame(sequence, index):
    return f"file://{sequence.frames[index]}"


@pytest.fixture
def sequence(sequence_folder):
    return read_sequence(sequence_folder)


WORDS = st.text(
    st.characters().filter(lambda c: c == "\n" or not unicodedata.category(c).startswith("C")),
    min_size=1,
    max_size=20,
)


@given(arguments=st.lists(WORDS, max_size=3), value=WORDS)
def test_messages_survive_the_wire(arguments, value):
    sent = Message("state", tuple(arguments), {"trax.reason": value})
    line = sent.encode()
    assert line.count("\n") == 1
    assert parse_message(line, len(arguments)) == sent


def test_what_libtrax_says_is_understood():
    hello = parse_message(
        '@@TRAX:hello "trax.version=4" "vot=python" "trax.name=a \\"b\\" \\\\c" \n'
    )
    assert hello.properties == {"trax.version": "4", "vot": "python", "trax.name": 'a "b" \\c'}
    assert parse_message("a line that the tracker prints\n") is None


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("10,20,20,40", BOX),
        ("10,20,30,20,30,60,10,60", BOX),
        ("20,20,30,40,20,60,10,40", BOX),
        ("mask:8,20,25,41,2,20,5,20,5,20,953", [10, 20, 30, 23]),
        ("mask:10,20,20,40,0,800", BOX),
    ],
)
def test_regions_are_read_by_their_outermost_points(text, box):
    np.testing.assert_allclose(parse_region(text), box)


@pytest.mark.parametrize("kind", ["rectangle;polygon;", "polygon;mask;", "mask;"])
def test_regions_are_written_as_the_other_side_wants_them(kind):
    text = encode_region(BOX, kind)
    np.testing.assert_allclose(parse_region(text), BOX)
    assert text.startswith("mask:") == (kind == "mask;")


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,x,4", "mask:0,0,2,2,4", "blob:1,2,3,4"])
def test_other_regions_are_refused(text):
    with pytest.raises(SourceError, match=r"region|mask"):
        parse_region(text)


@pytest.mark.parametrize("kind", ["path;data;", "data;", "memory;"])
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_images_arrive_as_they_were(sequence, kind, colour):
    text = encode_image(sequence.frames[3], kind)
    np.testing.assert_array_equal(parse_image(text, colour), sequence.read(3, colour))


def test_paths_may_be_escaped(sequence, tmp_path):
    path = tmp_path / "a name%20.jpg"
    path.write_bytes(sequence.frames[0].read_bytes())
    for text in (f"file://{path}", str(path), f"file://{tmp_path}/a%20name%2520.jpg"):
        np.testing.assert_array_equal(parse_image(text, "rgb"), sequence.read(0))


@pytest.mark.parametrize(
    "text", ["file:///nowhere/1.jpg", "data:image/png;base64;AAAA", "image:9;9;rgb;AAAA", "image:1"]
)
def test_images_that_cannot_be_read_are_named(text):
    with pytest.raises(SourceError, match=r"image"):
        parse_image(text, "rgb")


def test_the_server_answers_every_frame(sequence, scripted, boxes):
    tracker = scripted([(boxes[1], 0.75), None], colour="bgr")
    answers = io.StringIO()
    start = Message("initialize", (frame(sequence, 0), "10,30,20,16"))
    requests = lines(
        "noise\n",
        start,
        Message("frame", (frame(sequence, 1),)),
        Message("frame", (frame(sequence, 2),)),
        Message("quit"),
        Message("frame", ("never read",)),
    )
    assert serve_trax(lambda: tracker, "mine", requests, answers) == 3
    hello, *states = [parse_message(s) for s in answers.getvalue().splitlines()]
    assert hello.properties["trax.name"] == "mine"
    assert [s.arguments[0] for s in states] == [
        "10.0000,30.0000,20.0000,16.0000",
        "12.0000,30.0000,20.0000,16.0000",
        "12.0000,30.0000,20.0000,16.0000",
    ]
    assert states[1].properties == {"confidence": "0.750000"}
    np.testing.assert_array_equal(tracker.starts, boxes[:1])
    np.testing.assert_array_equal(tracker.images[1], sequence.read(1, "bgr"))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('@@TRAX:frame "a.jpg"\n', "before 'initialize'"),
        ('@@TRAX:initialize "a.jpg"\n', "needs 2 arguments"),
        ('@@TRAX:initialize "/nowhere.jpg" "1,2,3,4"\n', "cannot be read"),
        ("@@TRAX:dance\n", "'dance' makes no sense"),
    ],
)
def test_nonsense_ends_the_conversation_with_the_reason(message, reason, scripted):
    answers = io.StringIO()
    with pytest.raises(SourceError, match=reason):
        serve_trax(lambda: scripted([]), "mine", lines(message), answers)
    last = parse_message(answers.getvalue().splitlines()[-1], 0)
    assert last.name == "quit"
    assert reason in last.properties["trax.reason"]


def test_a_tracker_that_raises_ends_the_conversation(sequence, scripted):
    requests = lines(
        Message("initialize", (frame(sequence, 0), "10,30,20,16")),
        Message("frame", (frame(sequence, 1),)),
    )
    answers = io.StringIO()
    with pytest.raises(Re3Error, match="mine failed: RuntimeError: out of luck"):
        serve_trax(lambda: scripted([RuntimeError("out of luck")]), "mine", requests, answers)
    assert "out of luck" in answers.getvalue().splitlines()[-1]


# A tracker after the protocol's specification that owes nothing to the code under test.
FOREIGN = """
import re, sys
version, kind, region, log = sys.argv[1:]
print("starting up")
print(f'@@TRAX:hello "trax.version={version}" "trax.image={kind};" "trax.region={region};"')
sys.stdout.flush()
log = open(log, "w")
for line in sys.stdin:
    log.write(line[:100].strip() + "\\n")
    log.flush()
    words = re.findall('"([^"]*)"', line)
    if line.startswith("@@TRAX:quit"):
        break
    if line.startswith("@@TRAX:initialize"):
        x, y, w, h = words[-1].split(",")[:4]
        moved = 0
        if version == "4":  # its first image comes with the next message
            moved = -1
            continue
    else:
        moved += 1
    print("chatter")
    print(f'@@TRAX:state "{float(x) + 2 * moved},{y},{w},{h}" "confidence=0.5"')
    sys.stdout.flush()
"""


@pytest.fixture
def foreign(tmp_path):
    """Return a function that gives the command of a TraX tracker that moves as the object does."""
    (tmp_path / "foreign.py").write_text(FOREIGN)

    def command(version="3", kind="path", region="rectangle"):
        log = tmp_path / "log.txt"
        return f"{sys.executable} {tmp_path}/foreign.py {version} {kind} {region} {log}", log

    return command


@pytest.mark.parametrize(("version", "kind"), [("3", "path"), ("4", "path"), ("3", "data")])
def test_any_command_that_speaks_trax_can_be_measured(sequence, foreign, boxes, version, kind):
    command, log = foreign(version, kind)
    track = run_sequence(lambda: TraxTracker(command), sequence)
    assert track.failure is None
    np.testing.assert_allclose(track.boxes, boxes)
    assert (track.scores[1:] == 0.5).all()
    said = [line.split()[0] for line in log.read_text().splitlines()]
    start = ["@@TRAX:initialize"] + ["@@TRAX:frame"] * (version == "4")
    assert said == [*start, *["@@TRAX:frame"] * 11, "@@TRAX:quit"]


def test_each_start_of_the_reinitialised_protocol_is_a_new_process(write, tmp_path, foreign):
    boxes = np.array([[10, 10, 10, 10]] * 2 + [[90, 70, 10, 10]] * 30, float)
    jumping = read_sequence(write(tmp_path / "jumps", boxes))
    command, log = foreign()
    run = run_reinitialised(lambda: TraxTracker(command), jumping)
    assert run.failure is None
    assert run.drops >= 1
    assert log.read_text().splitlines()[-1] == "@@TRAX:quit"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('no protocol')", "ended with exit code 0"),
        ("raise SystemExit('no weights here')", "ended with exit code 1: no weights here"),
        ("print('@@TRAX:quit \"trax.reason=busy\"')", "sent 'quit', not 'hello': busy"),
        ("print('@@TRAX:hello \"trax.channels=color;depth;\"')", "only color can be given"),
        ("print('@@TRAX:hello')\nwhile input(): print('@@TRAX:state \"1,2\"')", "region '1,2'"),
    ],
)
def test_how_a_command_fails_is_told(sequence, tmp_path, script, reason):
    (tmp_path / "bad.py").write_text(script)
    track = run_sequence(lambda: TraxTracker(f"{sys.executable} {tmp_path}/bad.py"), sequence)
    assert reason in track.failure


@pytest.mark.parametrize(
    ("command", "reason"),
    [("no-such-program -x", "is no program"), ("", "needs a command"), ("a 'b", "cannot be split")],
)
def test_a_command_that_cannot_be_run_is_refused(command, reason):
    with pytest.raises(ConfigError, match=reason):
        TraxTracker(command)
