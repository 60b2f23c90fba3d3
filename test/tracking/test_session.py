# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames and commands in, results out."""

import numpy as np
import pytest
import torch

from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network import build, save
from re3_ros.network.runtimes import is_installed
from re3_ros.tracking import Frame, SessionConfig, TargetState, Tracker, TrackingSession

BOX = (50.0, 40.0, 90.0, 80.0)
OTHER = (10.0, 10.0, 40.0, 30.0)


@pytest.fixture
def play(noise, frame):
    """Return a function that puts frames k of a camera through a session."""

    def run(session, ks, camera="camera"):
        return [session.process(frame(k, noise(k), camera)) for k in ks]

    return run


def by_id(result):
    return {target.id: target for target in result.targets}


def boxes(result):
    return {target.id: target.box.tolist() for target in result.targets}


def test_results_are_those_of_the_tracker(tiny, noise, session, play):
    network = tiny().eval()
    tracked, tracker = session(network), Tracker(network)
    tracked.initialise("camera", "a", BOX)
    first, *others = play(tracked, range(6))
    assert boxes(first) == {"a": list(BOX)}
    assert by_id(first)["a"].state is TargetState.NEW
    tracker.start(noise(0), {"a": BOX})
    for k, result in enumerate(others, 1):
        assert boxes(result)["a"] == tracker.track(noise(k))["a"].box.tolist()
        target = by_id(result)["a"]
        assert target.frames_since_init == target.frames_since_reset == k


def test_frame_and_result_belong_together(told, session, play, frame, noise):
    tracked = session(told)
    result = play(tracked, [3])[0]
    assert (result.camera, result.stamp) == ("camera", frame(3, noise(3)).stamp)
    assert (result.width, result.height) == (160, 120)
    assert result.targets == ()
    assert result.latency > 0


def test_boxes_come_out_clipped(told, session, play):
    tracked = session(told)
    tracked.initialise("camera", "a", (-10, 100, 30, 140))
    result = play(tracked, range(2))[1]
    assert boxes(result) == {"a": [0, 100, 30, 120]}
    np.testing.assert_allclose(result.targets[0].whole, (-10, 100, 30, 140))


def test_targets_keep_their_order(told, session, play):
    tracked = session(told)
    for name in ("b", "a", "c"):
        tracked.initialise("camera", name, BOX)
    play(tracked, range(2))
    tracked.initialise("camera", "b", OTHER)
    assert [t.id for t in play(tracked, [2])[0].targets] == ["b", "a", "c"]
    assert tracked.targets("camera") == ("b", "a", "c")


def test_initialise_on_the_newest_frame(tiny, session, play):
    """Zero means the frame last processed; the target is tracked from it to the present one."""
    network = tiny().eval()
    late, early = session(network), session(network)
    play(late, range(3))
    late.initialise("camera", "a", BOX)
    play(early, range(2))
    early.initialise("camera", "a", BOX, stamp=3 * 33_000_000)
    assert boxes(play(late, [3])[0]) == boxes(play(early, [2, 3])[1])


@pytest.mark.parametrize("prepared", [False, True])
def test_initialise_in_the_past_equals_initialise_in_time(
    tiny, session, play, frame, noise, prepared
):
    network = tiny().eval()
    late, early = session(network), session(network)
    early.initialise("camera", "a", BOX, stamp=frame(2, noise(2)).stamp)
    in_time = play(early, range(12))[-1]
    play(late, range(9))
    late.initialise("camera", "a", BOX, stamp=frame(2, noise(2)).stamp)
    if prepared:
        late.prepare()
    after = play(late, range(9, 12))[-1]
    assert boxes(after) == boxes(in_time)
    assert by_id(after)["a"].frames_since_init == by_id(in_time)["a"].frames_since_init == 9


def test_fast_forward_is_bounded(tiny, session, play, frame, noise):
    network = tiny().eval()
    tracked = session(network, max_forward=4)
    play(tracked, range(40))
    network.embedded = 0
    tracked.initialise("camera", "a", BOX, stamp=frame(0, noise(0)).stamp)
    tracked.prepare()
    assert network.embedded == 1 + 2 * 4
    assert by_id(play(tracked, [40])[0])["a"].frames_since_init == 5


def test_box_may_overtake_its_frame(told, session, play, frame, noise):
    tracked = session(told)
    play(tracked, range(2))
    tracked.initialise("camera", "a", BOX, stamp=frame(3, noise(3)).stamp)
    assert tracked.targets("camera") == ("a",)
    results = play(tracked, range(2, 5))
    assert [len(r.targets) for r in results] == [0, 1, 1]
    assert [t.frames_since_init for r in results for t in r.targets] == [0, 1]


def test_frame_that_never_came(told, session, play, frame, noise):
    """Its box is refused once a later frame shows that it was skipped."""
    tracked = session(told)
    play(tracked, range(3))
    tracked.initialise("camera", "a", BOX, stamp=frame(6, noise(6)).stamp)
    assert play(tracked, [3, 4])[1].rejected == ()
    result = play(tracked, [9])[0]
    assert result.targets == ()
    assert "target 'a': no frame is remembered" in result.rejected[0]
    assert tracked.counters["boxes_rejected_stamp"] == 1
    assert play(tracked, [10])[0].rejected == ()


def test_pending_box_beside_the_first_frame(told, session, play):
    tracked = session(told)
    tracked.initialise("camera", "a", (500, 500, 600, 600))
    tracked.initialise("camera", "b", BOX)
    result = play(tracked, [0])[0]
    assert boxes(result) == {"b": list(BOX)}
    assert "outside the 160 x 120 image" in result.rejected[0]
    assert tracked.targets("camera") == ("b",)


def test_initialise_again(tiny, session, play):
    network = tiny().eval()
    again, fresh = session(network), session(network)
    again.initialise("camera", "a", OTHER)
    play(again, range(5))
    play(fresh, range(5))
    for tracked in (again, fresh):
        tracked.initialise("camera", "a", BOX)
    results = [play(tracked, range(5, 9))[-1] for tracked in (again, fresh)]
    assert boxes(results[0]) == boxes(results[1])
    assert by_id(results[0])["a"].frames_since_init == 4


def test_several_on_one_frame_and_on_different_frames(tiny, session, play, frame, noise):
    network = tiny().eval().double()
    tracked = session(network)
    play(tracked, range(6))
    wanted = {"a": (BOX, 1), "b": (OTHER, 1), "c": (BOX, 4)}
    for name, (box, k) in wanted.items():
        tracked.initialise("camera", name, box, stamp=frame(k, noise(k)).stamp)
    result = boxes(play(tracked, [6])[0])
    for name, (box, k) in wanted.items():
        single = session(network)
        single.initialise("camera", name, box, stamp=frame(k, noise(k)).stamp)
        assert boxes(play(single, range(7))[-1])[name] == pytest.approx(result[name], abs=1e-6)


def test_drop_one_and_clear_all(told, session, play):
    tracked = session(told, cameras=("left", "right"))
    for camera in tracked.cameras:
        for name in "abc":
            tracked.initialise(camera, name, BOX)
        play(tracked, [0], camera)
    tracked.drop("left", "b")
    assert tracked.targets("left") == ("a", "c")
    assert list(boxes(play(tracked, [1], "left")[0])) == ["a", "c"]
    tracked.clear("left")
    assert boxes(play(tracked, [2], "left")[0]) == {}
    assert list(boxes(play(tracked, [2], "right")[0])) == ["a", "b", "c"]
    tracked.clear()
    assert boxes(play(tracked, [3], "right")[0]) == {}


@pytest.mark.parametrize(
    ("commands", "left"), [("id", ()), ("di", ("a",)), ("ic", ()), ("ici", ("a",)), ("dd", ())]
)
def test_the_last_command_for_a_target_counts(told, session, play, commands, left):
    tracked = session(told)
    tracked.initialise("camera", "a", OTHER)
    play(tracked, [0])
    for command in commands:
        if command == "i":
            tracked.initialise("camera", "a", BOX)
        elif command == "d" and tracked.targets("camera"):
            tracked.drop("camera", "a")
        else:
            tracked.clear()
    assert tracked.targets("camera") == left
    assert boxes(play(tracked, [1])[0]) == {name: list(BOX) for name in left}


def test_cameras_do_not_know_of_each_other(tiny, session, play):
    network = tiny().eval()
    both, alone = session(network, cameras=("left", "right")), session(network)
    both.initialise("left", "a", BOX)
    both.initialise("right", "a", OTHER)
    alone.initialise("camera", "a", BOX)
    for k in range(5):
        left, _ = play(both, [k], "left"), play(both, [k + 50], "right")
        assert boxes(left[0]) == boxes(play(alone, [k])[0])
    assert both.counters_of("left")["frames_processed"] == 5
    assert both.counters["frames_processed"] == 10


def test_weights_from_a_file(tmp_path, noise):
    save(build("compact"), tmp_path / "w.safetensors", {})
    tracked = TrackingSession(tmp_path / "w.safetensors", config=SessionConfig(runtime="torch"))
    tracked.warm_up()
    tracked.initialise("camera", "a", BOX)
    assert len(tracked.process(Frame("camera", 0, noise(0))).targets) == 1
    with pytest.raises(WeightsError):
        TrackingSession(str(tmp_path / "none.safetensors"))


@pytest.mark.parametrize("cameras", [(), ("a", "a"), "camera"])
def test_names_of_cameras_are_checked(told, cameras):
    with pytest.raises(ConfigError, match="cameras are"):
        TrackingSession(told, cameras)


def test_the_caller_may_not_be_surprised_by_numpy(told, noise):
    """A view of a larger array, as the node hands over, and integers of numpy."""
    image = np.zeros((120, 200, 3), np.uint8)[:, 20:180]
    tracked = TrackingSession(told, config=SessionConfig())
    tracked.initialise("camera", "a", np.float32(BOX), np.int64(0))
    assert len(tracked.process(Frame("camera", np.int64(5), image)).targets) == 1


@pytest.mark.parametrize(("runtime", "left"), [("torch", 2), ("openvino-float32", 1)])
def test_torch_makes_way_for_the_threads_of_other_runtimes(runtime, left):
    if not is_installed(runtime.partition("-")[0]):
        pytest.skip(f"{runtime} is not installed")
    network = build("paper", trunk_widths=[8] * 5, fc_width=8, lstm_width=8)
    before = torch.get_num_threads()
    try:
        TrackingSession(network, config=SessionConfig(runtime=runtime, threads=2))
        assert torch.get_num_threads() == left
    finally:
        torch.set_num_threads(before)
