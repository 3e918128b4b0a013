"""The site's address in a real Chromium: all that was chosen, links to images, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import list_complaints
from tests.e2e.report.site.driving import choose, go, list_rows, read_table, run, settle, show_images, wait

pytestmark = pytest.mark.extra

CHOICES = {
    "mapping": "tt", "metric": "iou.dataset.union", "digits": "six", "theme": "dark", "sort": "helps", "a": "2",
    "b": "1", "paint": "class", "find": "sky", "image": "test-0003", "large": "3", "tau": "0.7",
    "said": "2", "there": "4",
    "open": "groups,confusion,all,provenance,people", "scores-by": "-1", "sizes-by": "0", "by-class-by": "-2",
    "said-of-by": "3", "numbers-by": "2",
}  # fmt: skip
"""Every key of the address with a value that is not the usual one, as the made-up site has them."""
READ = """const e = (id) => document.getElementById(id), order = (id) => {
    const head = [...document.querySelectorAll(`#${id} thead th`)], at = head.findIndex((each) => each.ariaSort);
    return at < 0 ? "" : (head[at].ariaSort === "descending" ? "-" : "") + at;
  };
  return {metric: e("metric").value, digits: e("digits").value, theme: document.documentElement.dataset.theme,
    sort: e("sort").value, a: e("run-a").value, b: e("run-b").value, paint: e("paint").value, find: e("find").value,
    tau: e("tau-exact").value, said: e("confusion-run").value, there: e("confusion-class").value,
    mapping: document.querySelector("[name=mapping]:checked").value, large: e("large").open,
    image: e("large-title").textContent, open: [...document.querySelectorAll("main > details[open]")].map((d) => d.id),
    "scores-by": order("scores"), "sizes-by": order("sizes"), "by-class-by": order("by-class"),
    "said-of-by": order("said-of"), "numbers-by": order("numbers")}"""


def hash_of(browser: Any) -> str:
    return str(run(browser, "return location.hash"))


def test_every_choice_is_in_the_address_and_comes_back_from_it(browser: Any, made: Path) -> None:
    go(browser, made)
    known = run(browser, "return Object.keys(zgsState(zgs.get('site')).usual)")
    assert sorted(known) == sorted(CHOICES), "a key that is new wants a value here"
    go(browser, made, "#" + "&".join(f"{key}={value}" for key, value in CHOICES.items()))
    wait(lambda: run(browser, "return document.getElementById('large').open"))
    shown = run(browser, READ)
    assert shown.pop("large") and shown.pop("image") == "test-0003 · anything"
    assert sorted(shown.pop("open")) == sorted(CHOICES["open"].split(","))
    assert shown == {key: value for key, value in CHOICES.items() if key in shown}
    assert list_complaints(browser) == []


def test_the_way_back_undoes_one_choice_after_the_other(browser: Any, made: Path) -> None:
    go(browser, made)
    before = read_table(browser)
    choose(browser, "sort", "low")
    for tau in ("0.51", "0.6", "0.7", "0.75"):
        choose(browser, "tau", tau)  # a drag
    run(browser, "document.querySelectorAll('#scores thead button')[1].click()")
    run(browser, "document.getElementById('groups').open = true")
    wait(lambda: "open=groups" in hash_of(browser))
    assert {"tau=0.75", "sort=low", "scores-by=-1"} <= set(hash_of(browser)[1:].split("&"))
    for gone in ("open", "scores-by", "tau", "sort"):
        run(browser, "history.back()")
        wait(lambda gone=gone: gone not in hash_of(browser))
        settle(browser)
    assert read_table(browser) == before and not run(browser, "return document.getElementById('groups').open")
    assert run(browser, "return document.querySelector('#scores th[aria-sort]')") is None
    for _ in range(2):
        run(browser, "history.forward()")
        settle(browser)
    wait(lambda: hash_of(browser) == "#sort=low&tau=0.75")
    assert read_table(browser) != before


def test_a_long_drag_ends_where_it_ends_and_is_one_step(browser: Any, made: Path) -> None:
    go(browser, made)
    steps = run(browser, "return history.length")
    run(browser, """window.written = 0;
        for (const name of ['pushState', 'replaceState']) {
          const old = history[name].bind(history);
          history[name] = (...given) => { window.written++; old(...given); };
        }
        const e = document.getElementById('tau');
        for (let at = 0; at <= 400; at++) {
          e.value = at / 500;
          e.dispatchEvent(new Event('input', {bubbles: true}));
        }""")  # fmt: skip
    wait(lambda: hash_of(browser) == "#tau=0.8")
    assert run(browser, "return window.written") == 2, "browsers refuse more than a hundred in half a minute"
    assert run(browser, "return history.length") == steps + 1


def test_the_link_of_an_image_holds_what_is_chosen_now(browser: Any, made: Path) -> None:
    go(browser, made)
    show_images(browser)
    choose(browser, "tau", "0.7")
    link = "return document.querySelector('#rows .row h3 a')"
    assert run(browser, f"{link}.href").endswith("#image=test-0000&tau=0.7")
    run(browser, f"({link.removeprefix('return ')}).click()")
    settle(browser)
    assert hash_of(browser) == "#image=test-0000&tau=0.7"
    assert run(browser, "return document.getElementById('tau-exact').value") == "0.7"


def test_a_large_picture_is_an_address_and_its_neighbours_are_a_key_away(browser: Any, made: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    go(browser, made)
    show_images(browser)
    title = "return document.getElementById('large-title').textContent"
    run(browser, "document.querySelectorAll('#rows .row .picture')[1].click()")
    wait(lambda: run(browser, "return document.getElementById('large').open"))
    first = run(browser, title)
    assert first.endswith("sure") and "large=1" in hash_of(browser)
    ActionChains(browser).send_keys(Keys.PAGE_DOWN).perform()
    wait(lambda: run(browser, title) == first.replace("sure", "unsure"))
    run(browser, "document.getElementById('large-before').click()")
    wait(lambda: run(browser, title) == first)
    assert len(run(browser, "return [...document.querySelectorAll('#large-body li')].map(e => e.textContent)")) > 1
    for _ in range(3):
        run(browser, "history.back()")
        settle(browser)
    wait(lambda: not run(browser, "return document.getElementById('large').open"))
    assert list_rows(browser) and list_complaints(browser) == []
