# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: drawing by mouse, finger and keys, and everything after it."""

import asyncio
import contextlib
import threading

import numpy as np
import pytest
from browsing import Person, browser
from waiting import PATIENCE

from re3_ros.boxes import iou
from re3_ros.tracking import Frame
from re3_ros.web import view_of

BOX = (50.0, 40.0, 74.0, 64.0)


@pytest.fixture(scope="module")
def driver():
    with browser() as started:
        yield started


class Film:
    """A camera that does not stop: the clip's square at ``box``, or nothing while ``hidden``."""

    def __init__(self, served):
        self.served, self.hidden, self.going = served, False, True
        self.index = 0
        self.result = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        quiet = threading.Event()
        while self.going:
            self.index += 1
            image = self.served.doubles.picture(0, hidden=True)
            if not self.hidden:
                image[40:64, 50:74] = (230, 30, 40)
            camera = self.served.session.cameras[0]
            frame = Frame(camera, 10**9 + self.index * 20_000_000, image)
            self.result = self.served.session.process(frame)
            self.served.server.show(camera, view_of(frame, self.result))
            quiet.wait(0.02)

    def close(self):
        self.going = False
        self.thread.join()


@pytest.fixture
def filming(serve):
    """Return a function from cameras and settings to a page in front of a running camera."""
    with contextlib.ExitStack() as stack:

        def make(*cameras, **settings):
            served = serve(*cameras, **settings)
            served.film = stack.enter_context(contextlib.closing(Film(served)))
            return served

        yield make


@pytest.fixture
def page(filming):
    return filming()


@pytest.fixture
def look(driver):
    """Return a function from a URL to a person in front of it."""
    before = driver.current_window_handle
    opened = []

    def make(url):
        opened.append(Person(driver, url))
        return opened[-1]

    yield make
    for person in opened:
        person.go()
        assert not [e for e in driver.get_log("browser") if e["level"] == "SEVERE"]
        driver.close()
    driver.switch_to.window(before)


@pytest.fixture
def person(look, page):
    return look(page.url).sees_image()


def boxes(page):
    return {target.id: target for target in page.film.result.targets}


def test_draw_track_lose_find_rename_drop(page, person):
    stood = []
    before = person.stamp
    person.drag(BOX, within=lambda: stood.extend([page.film.index, person.stamp]))
    person.wait_for(lambda: person.states() == ["TRACKING"])
    assert person.message == "following target"
    assert iou(boxes(page)["target"].box, BOX) > 0.8
    assert before <= stood[1] <= 10**9 + stood[0] * 20_000_000
    page.film.hidden = True
    person.wait_for(lambda: person.states() == ["LOST"])
    assert person.message == "target is lost: it is looked for where it was"
    page.film.hidden = False
    person.wait_for(lambda: person.states() == ["TRACKING"])
    person.click("button.rename")
    person.press("<b>my cup</b>", "\ue007")  # Enter
    person.wait_for(lambda: person.targets == [("target", "<b>my cup</b>", "TRACKING")])
    assert person.find("button.drop").get_attribute("aria-label") == "Drop <b>my cup</b>"
    person.click("button.drop")
    person.wait_for(lambda: person.targets == [])
    assert page.session.targets("camera") == ()
    assert "None." in person.find("#empty").text


def test_the_image_stands_still_while_a_box_is_drawn_and_the_box_is_of_that_image(page, person):
    starts = []
    start = page.session.initialise
    page.session.initialise = lambda *given: starts.append(given) or start(*given)
    held = []

    def wait():
        held.append(person.stamp)
        until = page.film.index + 10
        person.wait_for(lambda: page.film.index > until)
        held.append(person.stamp)

    person.drag(BOX, within=wait)
    person.wait_for(lambda: starts)
    assert held[0] == held[1]
    ((_, _, box, stamp),) = starts
    assert stamp == held[0]
    assert np.abs(np.subtract(box, BOX)).max() < 1
    person.wait_for(lambda: person.stamp > stamp)


def test_a_finger_draws(page, person):
    person.drag(BOX, kind="touch")
    person.wait_for(lambda: person.states() == ["TRACKING"])


def test_keys_draw_move_and_resize(page, person):
    starts = []
    start = page.session.initialise
    page.session.initialise = lambda *given: starts.append(given) or start(*given)
    left, down, right = "\ue012", "\ue015", "\ue014"
    person.run("document.getElementById('view').focus()")
    person.press("\ue007")
    person.wait_for(lambda: person.message == "box of 30 × 30 at 65, 45; step 16")
    person.press(left, "[", "[", down)
    person.wait_for(lambda: person.message == "box of 30 × 30 at 49, 49; step 4")
    person.press("\ue00c")  # Escape
    person.press("\ue007", left, left, left)
    person.find("#view").send_keys("\ue008" + right)  # with Shift
    person.wait_for(lambda: person.message == "box of 34 × 30 at 53, 45; step 4")
    person.press("\ue007")
    person.wait_for(lambda: person.states() == ["TRACKING"])
    ((_, _, box, _),) = starts
    assert list(box) == [53, 45, 87, 75]
    outline = person.run("return getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2, "where the focus is can be seen"


def test_a_click_is_no_box_and_a_target_is_drawn_anew(page, person):
    person.find("#name").send_keys("cup")
    person.drag((10, 10, 10.5, 10.5))
    person.wait_for(lambda: "too small" in person.message)
    person.drag((100, 90, 130, 115))  # where nothing is
    person.wait_for(lambda: person.targets[:1] and person.targets[0][0] == "cup")
    person.click("button.redraw")
    person.drag(BOX)
    person.wait_for(lambda: person.states() == ["TRACKING"])
    assert [name for name, _, _ in person.targets] == ["cup"]
    assert iou(boxes(page)["cup"].box, BOX) > 0.8


def test_two_people_at_once(page, look):
    one, other = look(page.url).sees_image(), look(page.url).sees_image()
    one.go().drag(BOX)
    one.wait_for(lambda: len(one.targets) == 1)
    other.go().wait_for(lambda: len(other.targets) == 1)
    other.drag(BOX)
    other.wait_for(lambda: len(other.targets) == 2)
    one.go().wait_for(lambda: [row[0] for row in one.targets] == ["target", "target2"])


def test_a_page_that_nobody_sees_asks_for_nothing(page, person, look):
    person.run(
        "Object.defineProperty(document, 'hidden', { get: () => window.away ?? false });"
        "window.away = true; document.dispatchEvent(new Event('visibilitychange'));"
    )
    person.wait_for(lambda: not person.run("return waiting"))
    encoded, index = page.encoded, page.film.index
    person.wait_for(lambda: page.film.index > index + 20)
    assert page.encoded == encoded
    person.run("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    person.wait_for(lambda: page.encoded > encoded + 3)


def test_cameras_are_tabs(filming, look):
    page = filming("left", "right")
    person = look(page.url).sees_image()
    buttons = person.driver.find_elements("css selector", "#cameras button")
    assert [b.text for b in buttons] == ["left", "right"]
    assert buttons[0].get_attribute("aria-current") == "true"
    buttons[1].click()
    person.wait_for(lambda: "no image for" in person.find("#note").text)
    assert page.server.is_watched("right")
    assert buttons[1].get_attribute("aria-current") == "true"


def test_one_page_too_many_is_told_so_and_comes_in_when_there_is_room(filming, look):
    page = filming(clients=1)
    first = look(page.url).sees_image()
    second = look(page.url)
    second.wait_for(lambda: "1 pages are open, which is the most" in second.message)
    second.driver.get_log("browser")  # it is told there that the socket was refused
    first.go().driver.get("about:blank")
    second.go().sees_image()
    second.driver.get_log("browser")
    second.driver.get("about:blank")
    first.go().driver.back()
    first.wait_for(lambda: first.find("#link").text == "connected")
    first.driver.get_log("browser")


def test_the_token_is_asked_for(filming, look):
    page = filming(address="0.0.0.0:0")
    address, _, token = page.url.partition("#token=")
    address = f"http://127.0.0.1:{address.rpartition(':')[2]}"
    person = look(address)
    person.wait_for(lambda: person.find("#gate").is_displayed())
    assert person.stamp == 0
    for guess in ("guess", token):
        person.find("#token").send_keys(guess, "\ue007")
        if guess == "guess":
            person.wait_for(lambda: "wrong" in person.message)
            person.wait_for(lambda: person.find("#gate").is_displayed())
    person.sees_image()
    assert not person.find("#gate").is_displayed()
    known = look(f"{address}#token={token}")
    known.sees_image()
    assert token not in known.driver.current_url


def test_a_page_finds_a_server_that_was_started_again(page, person, serve):
    place = page.url.removeprefix("http://").strip("/")
    page.film.close()
    page.server.close()
    person.wait_for(lambda: person.find("#link").text == "no connection")
    again = serve(address=place)
    again.play(0)
    person.wait_for(lambda: person.find("#link").text == "connected" and again.encoded)
    person.driver.get_log("browser")  # it is told there that nobody answered meanwhile


def test_the_end_is_shown_and_stays(page, person):
    page.film.close()
    page.server.end("clip.mp4 has ended")
    person.wait_for(lambda: person.message == "clip.mp4 has ended")
    page.server.close()
    person.wait_for(lambda: person.find("#link").text == "ended")
    person.run("note('')")  # as an image does that was on its way
    assert person.note == "clip.mp4 has ended"


def test_a_phone_shows_all_of_it(page, person):
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    person.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        person.drag(BOX)
        person.wait_for(lambda: person.states() == ["TRACKING"])
        wide, view = person.run(
            "return [document.documentElement.scrollWidth, view.getBoundingClientRect().width]"
        )
        assert wide <= 360
        assert view > 300
        heights = person.run(
            "return [...document.querySelectorAll('button')].filter((b) => b.offsetParent)"
            ".map((b) => b.offsetHeight)"
        )
        assert min(heights) >= 44, "as large as a finger"
    finally:
        person.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(page, person, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    person.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    person.drag(BOX)
    person.wait_for(lambda: person.states() == ["TRACKING"])
    pairs = person.run(
        """const colour = (e, what) => getComputedStyle(e)[what].match(/[\\d.]+/g).map(Number);
        const back = (e) => { const c = colour(e, "backgroundColor");
            return c.length < 4 || c[3] ? c : back(e.parentElement); };
        return ["h1", "#figures", "#message", "label", ".state", ".label", "button.drop", "summary"]
            .map((css) => document.querySelector(css))
            .map((e) => [e.className || e.id || e.tagName, colour(e, "color"), back(e)])"""
    )
    weak = {name: round(contrast(text, back), 1) for name, text, back in pairs}
    assert min(weak.values()) >= 4.5, weak
    dark = luminance(pairs[0][2]) < 0.2
    assert dark == (scheme == "dark")


def luminance(rgb):
    """Return the relative luminance of WCAG 2.1."""
    parts = np.array(rgb[:3]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_other_pages_cannot_reach_it(page, look):
    """A page of another origin, here another port, gets neither socket nor content."""

    async def lie(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nevil")
        await writer.drain()

    with contextlib.ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        server = loop.run_until_complete(asyncio.start_server(lie, "127.0.0.1", 0))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, loop.stop)
        stack.callback(loop.call_soon_threadsafe, server.close)
        port = server.sockets[0].getsockname()[1]
        person = look(f"http://127.0.0.1:{port}/")
        script = """const done = arguments[1], socket = new WebSocket(arguments[0]);
            socket.onopen = () => done("open"); socket.onerror = () => done("refused");"""
        person.driver.set_script_timeout(PATIENCE)
        url = f"{page.url.replace('http', 'ws')}socket"
        assert person.driver.execute_async_script(script, url) == "refused"
        person.driver.get_log("browser")  # it is told there, as it should
