"""The site in a real Chromium: keyboard, narrow, dark, what is missing, and what a screen reader is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser import open_browser, read_accessible, set_scheme
from tests.e2e.report.site.driving import (
    IMAGES,
    choose,
    go,
    read_table,
    run,
    settle,
    show_images,
    wait,
)

pytestmark = pytest.mark.extra


def test_every_part_is_reached_by_keys(page: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    run(page, "document.querySelector('#rows .row').focus()")
    ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
    settle(page)
    assert run(page, "return document.activeElement.ariaPosInSet") == "2"
    ActionChains(page).send_keys(Keys.END).perform()
    settle(page)
    assert run(page, "return document.activeElement.ariaPosInSet") == str(IMAGES)
    run(page, "document.querySelectorAll('#rows .row .picture')[1].focus()")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    wait(lambda: run(page, "return document.getElementById('large').open"))
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    wait(lambda: not run(page, "return document.getElementById('large').open"))
    run(page, "document.getElementById('tau').focus()")
    ActionChains(page).send_keys(Keys.ARROW_RIGHT).perform()
    settle(page)
    assert run(page, "return document.getElementById('tau').value") == "0.505"


def test_what_is_missing_stands_in_its_place(page: Any) -> None:
    choose(page, "sort", "name")
    show_images(page)
    first = run(page, "return document.querySelector('#rows .row').innerText")
    assert first.count("this run has no prediction for it") == 1


def test_a_phone_needs_no_scrolling_sideways(made: Path) -> None:
    with open_browser(360, 740) as narrow:
        go(narrow, made)
        assert run(narrow, "return document.documentElement.scrollWidth") <= 360
        show_images(narrow)
        widths = run(
            narrow, "return [...document.querySelectorAll('#rows figure')].map(e => e.getBoundingClientRect().right)"
        )
        assert widths and max(widths) <= 360
        run(narrow, "document.querySelector('#scores').parentElement.scrollLeft = 150")
        box = "const b = document.querySelector('#scores tbody th').getBoundingClientRect(); return [b.left, b.width]"
        left, width = run(narrow, box)
        assert left >= 0 and width > 100, "the name of the variant stays in sight, and is no column of letters"


def test_what_is_hidden_is_not_shown(page: Any) -> None:
    choose(page, "sort", "name")
    seen = ".filter(e => getComputedStyle(e).display !== 'none').length"
    hidden = f"return [...document.querySelectorAll('[hidden]')]{seen}"
    assert run(page, hidden) == 0 and run(page, "return document.getElementById('run-a').parentElement.hidden")


def test_dark_is_dark_and_light_is_light(page: Any) -> None:
    def lightness() -> tuple[float, float]:
        return tuple(
            run(
                page,
                "return ['backgroundColor', 'color'].map(k => getComputedStyle(document.body)[k].match(/\\d+/g)"
                ".slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3)",
            )
        )

    set_scheme(page, True)
    settle(page)
    back, ink = lightness()
    assert back < 60 < 190 < ink
    choose(page, "theme", "light")
    back, ink = lightness()
    assert ink < 60 < 190 < back
    set_scheme(page, False)


def test_what_a_screen_reader_is_told(page: Any) -> None:
    told = read_accessible(page)
    names = {role: [name for kind, name in told if kind == role] for role, _ in told}
    assert any("Threshold" in name for name in names["slider"])
    assert {"TT"} <= {name.strip() for name in names["radio"]}
    assert names["heading"][0] == "Zero-guidance segmentation" and "Images" in names["heading"]
    assert any(name.startswith("Scores by TT") for name in names["table"]) and "variant" in names["columnheader"]
    pictures = [name for name in names["button"] if name.startswith("test-0000: sure.")]
    assert pictures and "segments: " in pictures[0]
    assert len(names["listitem"]) >= 2 and any(name.startswith("Curves of IoU") for role, name in told)
    assert all(
        name.strip()
        for role, name in told
        if role in ("button", "link", "combobox", "slider", "spinbutton", "searchbox")
    )


def test_files_that_were_lost_since_have_a_reason_in_their_place(browser: Any, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "site", tmp_path / "site")
    data = tmp_path / "site/data"
    (data / "image-00000.css").unlink()
    (data / "image-00001.png").unlink()
    (data / "image-00002.css").write_text(":host{--json-0:'{|'}")
    (data / "segments-1.css").unlink()
    go(browser, tmp_path)
    assert "data/segments-1.css is not in this folder: write the site again" in run(
        browser, "return document.getElementById('warnings').textContent"
    )
    assert read_table(browser)["1/iou.image.union"] != "–", "the numbers do not need it"
    run(browser, "document.getElementById('gallery').scrollIntoView()")
    settle(browser)
    wait(lambda: not run(browser, "return document.querySelector('#rows [aria-busy]')"))
    rows = run(browser, "return [...document.querySelectorAll('#rows .row')].slice(0, 3).map(e => e.innerText)")
    for row, why in zip(rows, ("00000.css is not", "00001.png is not", "00002.css cannot"), strict=True):
        assert f"data/image-{why}" in row
