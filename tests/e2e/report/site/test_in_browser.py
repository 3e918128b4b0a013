"""The site in a real Chromium: slider, sorting, hover, search and the address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.csv_files import read_csv
from tests.browser import list_complaints
from tests.e2e.report.site.driving import (
    IMAGES,
    choose,
    go,
    list_rows,
    read_row,
    read_table,
    run,
    settle,
    show_images,
    wait,
)
from tests.e2e.report.site.made_up import HOSTILE, score

pytestmark = pytest.mark.extra


PRESS_RIGHT = """const e = document.querySelectorAll('#rows .row .picture')[arguments[0]];
    if (!e) return; e.focus();
    e.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"""


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


def test_numbers_by_class_and_size_are_those_of_the_breakdown(browser: Any, made: Path) -> None:
    go(browser, made, "#digits=six&open=groups")
    rows = """return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)]
        .map(e => [...e.children].map(c => c.firstChild.data.trim()))"""
    tables = {
        kind: {name: cells for name, *cells in run(browser, rows, table)}
        for kind, table in (("size", "sizes"), ("class", "by-class"))
    }
    visited = 0
    for at, name in enumerate(("sure", "unsure", "anything")):
        (folder,) = (path.parent for path in (made / name).glob("*/run.json"))
        scores = read_csv(folder / "scores.csv")
        own = scores[(scores["measure"] == "iou.image.union") & (scores["role"] == "own") & (scores["group"] != "")]
        for group, value in zip(own["group"], own["value"], strict=True):
            kind, _, which = group.partition("=")
            cells = {key.partition(":")[0]: cells for key, cells in tables[kind].items()}
            assert cells.get(which, ["–"] * 3)[at] == ("–" if value != value else f"{value:.6f}"), (name, group)
            visited += value == value
    assert visited > 60  # of three systems, four sizes and most of 41 classes


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


def test_what_is_no_threshold_goes_when_the_field_is_left(page: Any) -> None:
    from selenium.webdriver import Keys

    field = page.find_element("id", "tau-exact")
    field.send_keys(Keys.CONTROL + "a")
    field.send_keys("-5")
    settle(page)
    assert field.get_attribute("value") == "-5", "whoever types is not disturbed"
    field.send_keys(Keys.TAB)
    settle(page)
    assert field.get_attribute("value") == "0.5" and "tau" not in run(page, "return location.hash")


def test_a_and_b_are_two_variants(browser: Any, made: Path) -> None:
    read = "return ['run-a', 'run-b'].map(id => document.getElementById(id).value)"
    go(browser, made, "#sort=helps&a=1&b=1")
    assert run(browser, read) == ["1", "0"]
    choose(browser, "run-b", "1")
    assert run(browser, read) == ["0", "1"], "the other becomes what this was"
    choose(browser, "run-a", "2")
    assert run(browser, read) == ["2", "1"]


def test_nothing_is_sorted_by_scores_that_are_not_there(
    browser: Any, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.report.site import site as writing

    offered = "return [...document.getElementById('sort').options].filter(e => !e.disabled).map(e => e.value)"
    (folder,) = (path.parent for path in (made / "sure").glob("*/run.json"))
    assert main(["report", str(folder), f"site={tmp_path / 'site'}", "pictures=1"]) == 0
    go(browser, tmp_path, "#sort=spread")
    assert run(browser, offered) == ["name", "low", "high"] and "1 run ·" in run(browser, "return facts.textContent")
    monkeypatch.setattr(writing, "list_mappings", lambda run: {})
    assert main(["report", str(folder), f"site={tmp_path / 'site'}", "pictures=1"]) == 0
    go(browser, tmp_path, "#sort=low")
    assert run(browser, offered) == ["name"] and run(browser, "return document.getElementById('sort').value") == "name"


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
