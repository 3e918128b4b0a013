"""The pages: one question a screen, back, the end."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

pytest.importorskip("flask", reason="zgs[study] is not installed")
from bench.study.database import read_fact
from bench.study.raters import add_raters
from bench.study.tasks import IDLE, take_task
from bench.study.web.app import make_app
from tests.unit.study.web.rating import Site, count

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\u202e'


def test_a_whole_study_by_forms_alone(tmp_path: Path) -> None:
    """Without any script: three raters, each its link, until nothing is left."""
    site = Site(tmp_path / "study")
    for _ in range(3):
        ((_, site.token),) = add_raters(site.database, 1, 30)
        site.client = site.app.test_client()
        page = site.begin()
        while "All done" not in page:
            if "This task is done" in page:
                page = site.post("/task", page).text
                continue
            page = site.post("/question", page, rating="2").text
        assert "Nothing is left for you" in page
    assert count(site.database) == 3 * 12 and not site.database.execute("SELECT 1 FROM tasks WHERE done = 0").fetchone()


def test_a_question_says_what_a_screen_reader_needs(site: Site) -> None:
    page = site.begin()
    assert (
        "<title>Question 1 of 6</title>" in page
        and 'lang="en"' in page
        and 'id="status" role="status" aria-live' in page
    )
    assert len(re.findall(r'<button name="rating" value="[0-3]" data-key="[0-3]"', page)) == 4
    assert 'role="group" aria-labelledby="ask"' in page and re.search(r'<h1 id="ask" tabindex="-1"', page)
    assert all("alt=" in image for image in re.findall("<img [^>]*>", page))
    for box in re.findall(r'<input type="checkbox" id="(\w+)"', page):
        assert f'<label for="{box}">' in page
    second = site.post("/question", page, rating="3").text
    assert 'data-said="Rating 3 is kept. Question 2 of 6."' in second and "1 answered in all" in second


def test_back_shows_the_answer_and_changes_it(site: Site) -> None:
    page = site.begin()
    second = site.post("/question", page, rating="3").text
    back = site.client.get(re.search(r'data-key="b" href="([^"]+)"', second)[1]).text  # type: ignore[index]
    assert re.search(r'value="3" data-key="3" aria-pressed="true"', back) and back.count("aria-pressed") == 1
    third = site.post("/question", back, rating="0").text
    assert "Question 2 of 6" in third, "then on with what is open"
    rows = site.database.execute("SELECT rating, changed FROM answers").fetchall()
    assert [tuple(row) for row in rows] == [(0, 1)]


def test_the_same_form_twice_is_one_answer(site: Site) -> None:
    page = site.begin()
    for _ in range(3):
        site.post("/question", page, rating="1")
    assert count(site.database) == 1


def test_stop_and_go_on_by_the_same_link_elsewhere(site: Site) -> None:
    page = site.begin()
    for _ in range(2):
        page = site.post("/question", page, rating="1").text
    site.client = site.app.test_client()
    assert "Go on: up to" in site.enter()
    assert "Question 3 of 6" in site.begin()


def test_labels_are_text_whatever_they_hold(tmp_path: Path) -> None:
    site = Site(tmp_path / "study", count=1, task=2, labels=(EVIL,))
    page = site.begin()
    while html.escape("<script>") not in page and "Question" in page:
        page = site.post("/question", page, rating="1").text
    assert "alert(1)" in page and "<script>alert" not in page and "<img src=x" not in page and "{{ 7*7 }}" in page
    assert "\u202e" not in page, "what turns the reading order is shown as a code"
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts == ['<script src="/static/study.js" defer>'] and " onclick" not in page and "style=" not in page


def test_a_task_that_went_to_another_while_somebody_was_away(site: Site) -> None:
    page = site.begin()
    site.database.execute("UPDATE tasks SET taken = taken - ?", (2 * IDLE,))
    ((other, _),) = add_raters(site.database, 1, 30)
    take_task(site.database, other)
    answer = site.post("/question", page, rating="1")
    assert answer.status_code == 409 and "your earlier answers are kept" in answer.text
    assert "went to somebody else after a day" in answer.text and "Go on</a>" in answer.text
    assert "Question 1 of" in site.begin(), "another task"


def test_seconds_are_the_servers_or_else_the_browsers(site: Site) -> None:
    page = site.begin()
    page = site.post("/question", page, rating="1", elapsed="999999").text
    site.app = make_app(site.folder)  # started again: it has not shown the question
    site.client, cookie = site.app.test_client(), site.client.get_cookie("zgs_study")
    assert cookie is not None
    site.client.set_cookie("zgs_study", cookie.value)
    for told in ("2500", "nan", "-3", "1e9", "soon", ""):
        page = site.post("/question", page, rating="1", elapsed=told).text
        site.app.extensions["study"]["stopwatch"]._shown.clear()
    seconds = [row[0] for row in site.database.execute("SELECT seconds FROM answers ORDER BY id")]
    assert 0 <= seconds[0] < 60 and seconds[1] == 2.5 and seconds[2:] == [None] * (len(seconds) - 2)


def test_what_a_rater_meets_tells_nothing_of_the_run(site: Site) -> None:
    pages = site.enter() + site.begin()
    for secret in ("image-", "mine", "known", "control-", str(read_fact(site.database, "secret"))):
        assert secret not in re.sub(r"<q.*?</q>", "", pages)
