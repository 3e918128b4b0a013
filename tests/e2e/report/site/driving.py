"""How tests drive the site's page in a browser, and what they read of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

IMAGES = 14


def go(browser: Any, made: Path, address: str = "") -> None:
    """Open the page from disk, anew."""
    browser.get("about:blank")
    browser.get((made / "site/index.html").as_uri() + address)
    wait(lambda: run(browser, "return document.documentElement.dataset.ready === 'yes'"))
    settle(browser)


def run(browser: Any, script: str, *given: object) -> Any:
    return browser.execute_script(script, *given)


def wait(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the page did not come so far"
        time.sleep(0.02)


def settle(browser: Any) -> None:
    """Let the page draw: two frames, and whatever these put off."""
    frames = "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))"
    browser.execute_async_script(f"const done = arguments[0]; {frames}")


def show_images(browser: Any) -> None:
    """Scroll to the images and wait until all in sight are painted."""
    run(browser, "document.getElementById('gallery').scrollIntoView()")
    painted = "return [...document.querySelectorAll('#rows .row')].every(e => e.querySelector('.picture'))"
    settle(browser)
    wait(lambda: run(browser, painted + " && document.querySelectorAll('#rows .row').length > 0"))
    settle(browser)


def choose(browser: Any, name: str, value: str) -> None:
    """Choose in a list, or move a slider, as a person would."""
    run(
        browser,
        """const e = document.getElementById(arguments[0]); e.value = arguments[1];
        e.dispatchEvent(new Event(e.type === 'range' || e.type === 'search' ? 'input' : 'change', {bubbles: true}))""",
        name,
        value,
    )
    settle(browser)


def read_table(browser: Any) -> dict[str, str]:
    """Value by run and metric, without interval and n."""
    return dict(
        run(
            browser,
            "return [...document.querySelectorAll('#scores td[data-name]')]"
            ".map(e => [e.dataset.name, e.firstChild.data.trim()])",
        )
    )


def list_rows(browser: Any) -> list[str]:
    found = run(
        browser,
        "return [...document.querySelectorAll('#rows .row')]"
        ".map(e => [Number(e.ariaPosInSet), e.querySelector('h3 a').textContent])",
    )
    return [name for _, name in sorted(found)]


def read_row(browser: Any, name: str) -> tuple[list[str], list[str], bytes]:
    """What the pictures of an image say of themselves and in their captions, and how its row looks."""
    from selenium.webdriver.common.by import By

    wait(lambda: name in list_rows(browser))
    row = next(e for e in browser.find_elements(By.CSS_SELECTOR, "#rows .row") if name in e.text)
    run(browser, "arguments[0].scrollIntoView({block: 'center'}); document.activeElement.blur()", row)
    settle(browser)
    labels, notes = ([e.accessible_name for e in row.find_elements(By.CSS_SELECTOR, ".picture")],
                     [e.text for e in row.find_elements(By.CSS_SELECTOR, "figcaption")])  # fmt: skip
    return labels, notes, row.screenshot_as_png
