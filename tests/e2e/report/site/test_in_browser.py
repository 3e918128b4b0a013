"""The site in a real Chromium: slider, sorting, hover, keyboard, narrow, dark, and what a screen reader is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.csv_files import read_csv
from tests.browser import list_complaints, open_browser, read_accessible, set_scheme
from tests.e2e.report.site.made_up import HOSTILE, score, score_systems
from tests.shared_runs import make_once

pytestmark = pytest.mark.extra
PRESS_RIGHT = """const e = document.querySelectorAll('#rows .row .picture')[arguments[0]];
    if (!e) return; e.focus();
    e.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"""
IMAGES = 14


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        runs = score_systems(folder, IMAGES, "score.aggregation=[image,dataset]")
        assert main(["report", *map(str, runs), f"site={folder / 'site'}"]) == 0

    return make_once(tmp_path_factory, "site-in-browser", make)


@pytest.fixture(scope="module")
def browser(made: Path) -> Iterator[Any]:
    with open_browser() as page:
        yield page


@pytest.fixture
def page(browser: Any, made: Path) -> Any:
    go(browser, made)
    return browser


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


@pytest.mark.parametrize("tau", ["0.35", "0.5", "0.815"])
def test_numbers_at_the_slider_are_those_of_scoring_there(page: Any, made: Path, tmp_path: Path, tau: str) -> None:
    choose(page, "digits", "six")
    choose(page, "tau", tau)
    assert run(page, "return document.getElementById('tau-exact').value") == tau
    shown, visited = read_table(page), 0
    for at, name in enumerate(("sure", "unsure", "anything")):
        score(
            made,
            made / f"{name}.jsonl",
            IMAGES,
            f"score.tau_sbert={tau}",
            "score.aggregation=[image,dataset]",
            f"out={tmp_path / name}",
        )
        (file,) = (tmp_path / name).glob("*/scores.csv")
        scores = read_csv(file)
        own = scores[(scores["role"] == "own") & scores["mapping"].str.startswith("tt")]
        for measure, value in zip(own["measure"], own["value"], strict=True):
            if not measure.startswith("tgq"):
                assert shown[f"{at}/{measure}"] == f"{value:.6f}", (name, measure)
                visited += 1
    assert visited == 9  # iou.image, iou.dataset, recall, of three systems


def test_pictures_and_rows_follow_the_slider(page: Any) -> None:
    from selenium.webdriver.common.by import By

    show_images(page)
    canvas = page.find_elements(By.CSS_SELECTOR, "#rows .row canvas")[2]  # input, then the first system
    names = "return [...document.querySelectorAll('#rows .picture')].map(e => e.ariaLabel)"
    before, told = canvas.screenshot_as_png, run(page, names)
    choose(page, "tau", "1")
    assert canvas.screenshot_as_png != before
    faded = [name for name in run(page, names) if "(below the threshold)" in name]
    assert faded and len(faded) > sum("(below the threshold)" in name for name in told)
    run(page, "document.getElementById('tau-own').click()")
    settle(page)
    assert canvas.screenshot_as_png == before and run(page, names) == told


def test_tables_sort_by_their_headers(page: Any) -> None:
    def order() -> list[str]:
        return run(page, "return [...document.querySelectorAll('#scores tbody th')].map(e => e.textContent)")

    assert order() == ["sure", "unsure", "anything"]
    button = "document.querySelectorAll('#scores thead button')[1]"
    run(page, f"{button}.click()")
    assert order()[0] == "sure" and run(page, f"return {button}.parentElement.ariaSort") == "descending"
    run(page, f"{button}.click()")
    assert order()[-1] == "sure" and run(page, f"return {button}.parentElement.ariaSort") == "ascending"


def test_images_sort_by_score_and_by_disagreement(page: Any, made: Path) -> None:
    from bench.run.run_folder import read_image_scores

    tables = [
        read_image_scores(next((made / name).glob("*/run.json")).parent) for name in ("sure", "unsure", "anything")
    ]
    columns = [next(c for c in table if c.endswith("iou.image.union") and "/tt(" in c) for table in tables]
    sure, unsure, anything = (table[column] for table, column in zip(tables, columns, strict=True))
    for sort, key in (("low", sure), ("high", -sure), ("helps", unsure - sure), ("hurts", sure - unsure)):
        choose(page, "sort", sort)
        first = list_rows(page)[0]
        assert key[first] == key.min(), sort
    choose(page, "sort", "spread")
    every = [sure, unsure, anything]
    spread = {image: max(one[image] for one in every) - min(one[image] for one in every) for image in sure.index}
    assert spread[list_rows(page)[0]] == max(spread.values())


def test_hovering_and_keys_tell_of_segments_and_nothing_runs(page: Any) -> None:
    said = set()
    for sort in ("name", "low", "helps", "spread"):
        choose(page, "sort", sort)
        show_images(page)
        for at in range(run(page, "return document.querySelectorAll('#rows .row .picture').length")):
            for _ in range(6):
                run(page, PRESS_RIGHT, at)
                said.add(run(page, "return document.querySelector('#tip b')?.textContent"))
    shown = {text for text in HOSTILE if text.startswith("<")} | {"猫と木", "كلب أسود"}
    assert shown <= said and "a\\nb\\u202ec" in said
    assert run(page, "return [window.harmed, document.querySelectorAll('img[src=\"x\"]').length]") == [None, 0]
    assert run(page, "return document.getElementById('said').textContent.length") > 0
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    show_images(page)
    canvas = page.find_elements(By.CSS_SELECTOR, "#rows .row:nth-child(2) canvas")[1]
    ActionChains(page).move_to_element(canvas).perform()
    wait(lambda: run(page, "return !document.getElementById('tip').hidden"))
    told = run(page, "return document.getElementById('tip').innerText")
    assert "% of the image" in told and "TT: " in told
    ActionChains(page).move_to_element(page.find_element(By.ID, "tau")).perform()
    wait(lambda: run(page, "return document.getElementById('tip').hidden"))
    assert list_complaints(page) == []


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


def test_the_address_holds_what_was_chosen_and_leads_to_an_image(browser: Any, made: Path) -> None:
    go(browser, made, "#tau=0.7&sort=high&digits=six&image=test-0011")
    assert run(browser, "return ['tau', 'sort', 'digits'].map(id => document.getElementById(id).value)") == [
        "0.7",
        "high",
        "six",
    ]
    wait(lambda: run(browser, "return document.activeElement.querySelector?.('h3 a')?.textContent") == "test-0011")
    choose(browser, "sort", "name")
    assert "sort" not in run(browser, "return location.hash") and "tau=0.7" in run(browser, "return location.hash")


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


def test_rows_are_used_again_and_show_the_image_that_they_have_now(browser: Any, made: Path) -> None:
    names = [f"test-{at:04d}" for at in range(IMAGES)]
    go(browser, made)
    show_images(browser)
    fresh = read_row(browser, names[1])
    counting = "window.made = 0; const old = document.createElement; document.createElement = function (tag) {"
    run(browser, counting + " window.made += tag === 'canvas'; return old.apply(document, arguments); }")
    for _ in range(3):
        for name in (*names, *reversed(names)):
            run(browser, f"location.hash = '#image={name}'")
            settle(browser)
    count, panels = run(browser, "return window.made"), len(fresh[0])
    assert count <= 3 * panels, "whatever passes takes the elements of what went out of sight"
    assert read_row(browser, names[1]) == fresh
    assert list_complaints(browser) == []


def test_an_address_that_says_nothing_known_is_passed_over(browser: Any, made: Path) -> None:
    go(browser, made, "#sort=nonsense&digits=x&a=99&tau=7&mapping=zz&said=2&there=1")
    show_images(browser)
    assert list_rows(browser)
    asked = "return ['sort', 'digits', 'run-a', 'tau-exact'].map(id => document.getElementById(id).value)"
    assert run(browser, asked) == ["name", "percent", "0", "0.5"]
    assert run(browser, "return document.getElementById('confusion-run').value") == "2"
    choose(browser, "confusion-class", "3")
    assert "there=3" in run(browser, "return location.hash") and "said=2" in run(browser, "return location.hash")


@pytest.mark.parametrize("typed", ["7", "-3"])
def test_the_exact_threshold_is_a_cosine(page: Any, typed: str) -> None:
    before = read_table(page)
    run(
        page,
        "const e = document.getElementById('tau-exact'); e.value = arguments[0];"
        "e.dispatchEvent(new Event('input', {bubbles: true}))",
        typed,
    )
    settle(page)
    assert read_table(page) == before and "tau" not in run(page, "return location.hash")


def test_images_are_found_by_what_is_truly_there(browser: Any, made: Path, tmp_path: Path) -> None:
    from bench.data.toyscenes import ToyScenes

    (folder,) = (path.parent for path in (made / "anything").glob("*/run.json"))
    assert main(["report", str(folder), f"site={tmp_path / 'site'}"]) == 0
    data = ToyScenes(subset=f"first:{IMAGES}")
    names = data.classes.names
    truths = {
        each: " ".join(names[at] for at in set(data.load(each).truth.ravel()) if at >= 0) for each in data.list_ids()
    }
    lines = [json.loads(line) for line in (made / "anything.jsonl").read_text().splitlines()[1:]]
    said = {line["image_id"]: " ".join(each["text"] for each in line["segments"]) for line in lines}
    there, told = (
        {name: {image for image, text in texts.items() if name in text} for name in names} for texts in (truths, said)
    )
    name = max(names, key=lambda each: len(there[each] - told[each]))
    assert there[name] - told[name], "else it could not be seen"
    go(browser, tmp_path, f"#find={name}")
    assert int(run(browser, "return document.getElementById('count').textContent").split()[0]) == len(
        there[name] | told[name]
    )


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
