# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Commands from other threads while the network runs."""

import threading
import time

import pytest

BOX = (50.0, 40.0, 90.0, 80.0)


@pytest.fixture
def held(told, monkeypatch):
    """Return events: the network has been entered; the network may go on."""
    entered, go_on = threading.Event(), threading.Event()
    embed = told.embed

    def wait(crops):
        entered.set()
        assert go_on.wait(20)
        return embed(crops)

    monkeypatch.setattr(told, "embed", wait)
    return entered, go_on


def test_commands_do_not_wait_for_the_network(told, session, frame, noise, held):
    entered, go_on = held
    it = session(told)
    it.initialise("camera", "a", BOX)
    results = []
    worker = threading.Thread(target=lambda: results.append(it.process(frame(0, noise(0)))))
    worker.start()
    assert entered.wait(20)
    try:
        assert it.targets("camera") == ("a",), "a target being started is known"
        it.initialise("camera", "b", BOX)
        it.drop("camera", "a")
        assert it.targets("camera") == ("b",)
        assert it.counters["frames_processed"] == 0
    finally:
        go_on.set()
        worker.join()
    assert [t.id for t in results[0].targets] == ["b"], "obeyed as soon as the network was free"


def test_commands_during_a_frame_wait_for_the_next(told, session, frame, noise, held):
    entered, go_on = held
    it = session(told)
    it.initialise("camera", "a", BOX)
    go_on.set()
    it.process(frame(0, noise(0)))
    entered.clear()
    go_on.clear()
    results = []
    worker = threading.Thread(target=lambda: results.append(it.process(frame(1, noise(1)))))
    worker.start()
    assert entered.wait(20)
    try:
        it.clear()
        assert it.targets("camera") == ()
    finally:
        go_on.set()
        worker.join()
    assert [t.id for t in results[0].targets] == ["a"]
    assert it.process(frame(2, noise(2))).targets == ()


def test_drop_and_start_while_the_same_target_is_being_started(told, session, frame, noise, held):
    entered, go_on = held
    it = session(told)
    it.initialise("camera", "a", BOX)
    worker = threading.Thread(target=lambda: it.process(frame(0, noise(0))))
    worker.start()
    assert entered.wait(20)
    try:
        it.drop("camera", "a")
        it.initialise("camera", "a", (10, 10, 30, 30))
    finally:
        go_on.set()
        worker.join()
    targets = it.process(frame(1, noise(1))).targets
    assert [t.box.tolist() for t in targets] == [[10, 10, 30, 30]]


def test_many_threads(tiny, session, frame, noise):
    """Four threads start, drop and clear as fast as they can while frames are processed."""
    it = session(tiny().eval(), max_targets=64)
    stop, errors = threading.Event(), []

    def command(name):
        try:
            while not stop.is_set():
                it.initialise("camera", name, BOX)
                it.initialise("camera", f"{name}2", BOX)
                it.drop("camera", name)
                assert name not in it.targets("camera")
                it.counters_of("camera")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=command, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    try:
        for k in range(15):
            result = it.process(frame(k, noise(k)))
            assert len({t.id for t in result.targets}) == len(result.targets)
            it.prepare()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert set(it.targets("camera")) <= {f"{n}2" for n in "abcd"}


def test_workers_take_turns(told, session, noise, frame, monkeypatch):
    it = session(told, cameras=("left", "right"))
    embed, errors, inside = told.embed, [], []

    def alone(crops):
        inside.append(threading.get_ident())
        assert inside == inside[:1]
        time.sleep(0.001)
        inside.pop()
        return embed(crops)

    def work(camera):
        try:
            it.initialise(camera, "a", BOX)
            for k in range(20):
                assert len(it.process(frame(k, noise(k), camera)).targets) == 1
                it.prepare()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    monkeypatch.setattr(told, "embed", alone)
    threads = [threading.Thread(target=work, args=(camera,)) for camera in it.cameras]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert it.counters["frames_processed"] == 40


def test_the_network_never_runs_under_the_lock_of_the_commands(
    told, session, noise, frame, monkeypatch
):
    it = session(told)
    embed = told.embed

    def unlocked(crops):
        assert not it._lock.locked()
        return embed(crops)

    monkeypatch.setattr(told, "embed", unlocked)
    for k in range(4):
        it.initialise("camera", "a", BOX)
        it.process(frame(k, noise(k)))
    it.initialise("camera", "b", BOX, frame(1, noise(1)).stamp)
    it.prepare()
    it.process(frame(4, noise(4)))
    it.initialise("camera", "c", BOX, frame(1, noise(1)).stamp)
    it.process(frame(5, noise(5)))
    it.nbytes("camera")
