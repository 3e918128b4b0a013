"""A real Chromium for tests of pages, driven by selenium (mark `extra`): Debian's `chromium`, `chromium-driver`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM, DRIVER = "chromium", "chromedriver"
"""Programs on PATH; Debian: ``apt-get install chromium chromium-driver``."""


def find_browser() -> tuple[str, str]:
    """Paths of browser and driver; skips the test where one of them, or selenium, is missing."""
    pytest.importorskip("selenium", reason="needs selenium: pip install selenium")
    paths = [shutil.which(name) for name in (CHROMIUM, DRIVER)]
    if None in paths:
        pytest.skip("needs a browser: apt-get install chromium chromium-driver")
    return str(paths[0]), str(paths[1])


@contextmanager
def open_browser(width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Any]:
    """A Chromium without a window: selenium's driver, ended when the block is left."""
    browser, driver = find_browser()
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = browser
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                 f"--window-size={max(width, 500)},{height}"):  # fmt: skip
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = webdriver.Chrome(options=options, service=Service(driver))
    try:
        page.set_script_timeout(30)
        # A window has a least width; a phone is narrower.
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        set_scheme(page, dark)
        yield page
    finally:
        page.quit()


def set_scheme(page: Any, dark: bool) -> None:
    """What the page is told of the system's colours."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def read_accessible(page: Any) -> list[tuple[str, str]]:
    """Role and name of everything that a screen reader is told, in its order."""
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [(node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")) for node in nodes
            if not node.get("ignored")]  # fmt: skip
    return [(str(role), str(name)) for role, name in told]


def list_complaints(page: Any) -> list[str]:
    """Whatever the browser's console says that is a warning or worse."""
    return [line["message"] for line in page.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]
