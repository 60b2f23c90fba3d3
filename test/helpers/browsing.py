# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A real Chromium without a window, and what a person does in it."""

import contextlib
import shutil

import pytest
from waiting import wait_until

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # its sandbox needs what containers lack; it sees our own page alone
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--window-size=1200,800",
)


@contextlib.contextmanager
def browser():
    """Yield a driver; skip the test where there is no browser."""
    selenium = pytest.importorskip("selenium.webdriver", reason="no selenium here: pip install it")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if path is None or driver is None:
        pytest.skip("no Chromium with chromedriver here: apt install chromium chromium-driver")
    from selenium.webdriver.chrome.service import Service

    options = selenium.ChromeOptions()
    options.binary_location = path
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = selenium.Chrome(options=options, service=Service(driver))
    try:
        yield started
    finally:
        started.quit()


class Person:
    """Somebody in front of a page, in one of the driver's windows."""

    def __init__(self, driver, url):
        self.driver = driver
        driver.switch_to.new_window("tab")
        self.window = driver.current_window_handle
        driver.get(url)

    def go(self):
        """Turn to this window."""
        self.driver.switch_to.window(self.window)
        return self

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, condition):
        """Return what the condition returns as soon as that is true."""
        return wait_until(condition, log=self.told)

    def told(self):
        """Return what the page says, and what the browser says of the page."""
        return f"{self.find('body').text}\n{self.driver.get_log('browser')}"

    def sees_image(self):
        """Wait until an image is on the screen."""
        self.wait_for(lambda: self.find("#view").get_attribute("data-number"))
        return self

    @property
    def stamp(self):
        return int(self.find("#view").get_attribute("data-stamp") or 0)

    @property
    def message(self):
        return self.find("#message").text

    @property
    def note(self):
        return self.find("#note").text

    @property
    def targets(self):
        """Return id, name and state of the targets listed."""
        script = """return [...document.querySelectorAll("#targets li")].map(
            (li) => [li.dataset.id, li.querySelector(".label").textContent, li.dataset.state])"""
        return [tuple(row) for row in self.run(script)]

    def states(self):
        return [state for _, _, state in self.targets]

    def drag(self, box, kind="mouse", within=None):
        """Draw a box (in pixels of the image); ``within`` is called before a mouse lets it go."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder
        from selenium.webdriver.common.actions.pointer_input import PointerInput

        actions = ActionBuilder(self.driver, mouse=PointerInput(kind, kind), duration=20)
        x1, y1, x2, y2 = self.on_screen(box)
        pointer = actions.pointer_action
        pointer.move_to_location(x1, y1)
        pointer.pointer_down()
        pointer.move_to_location((x1 + x2) / 2, (y1 + y2) / 2)
        pointer.move_to_location(x2, y2)
        if within is not None:
            actions.perform()
            within()
            actions = ActionBuilder(self.driver, mouse=actions.pointer_inputs[0], duration=20)
        actions.pointer_action.pointer_up()
        actions.perform()

    def on_screen(self, box):
        """Return where a box of the image is in the window."""
        script = """const r = document.getElementById("view").getBoundingClientRect(),
            { width, height } = shown.header;
            return arguments[0].map((v, i) => i % 2 ? r.top + v * r.height / height
                                                    : r.left + v * r.width / width)"""
        return self.run(script, [float(v) for v in box])

    def press(self, *keys):
        """Press keys, whatever has the focus."""
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.driver, duration=10)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def click(self, css):
        self.find(css).click()
