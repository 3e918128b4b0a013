"""Three people rate a small study in Chromium, by keyboard, one on a narrow screen; the server is killed in between."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("flask", reason="zgs[study] is not installed")

from bench.cli import main
from bench.study.collected import collect
from bench.study.database import open_database
from bench.study.questions import RIGHT
from bench.study.raters import add_raters
from bench.study.ratings_files import count_missing
from tests.browser import find_browser, open_browser
from tests.e2e.study.serving import Server
from tests.shared_runs import find_run

pytestmark = [pytest.mark.extra, pytest.mark.timeout(600)]
WIDE, NARROW = (1280, 900), (360, 640)
SHOTS = os.environ.get("ZGS_SHOTS")
"""A folder for screenshots that somebody wants to look at."""


class Person:
    """One rater with a browser, who knows what is true of controls and else goes by the label's length."""

    def __init__(self, browser: Any, token: str, known: dict[str, str]) -> None:
        self.browser, self.token, self.known, self.server = browser, token, known, ""

    def enter(self, server: Server) -> None:
        self.server = server.address
        self.browser.get(f"{server.address}/r/{self.token}")

    def press(self, key: str) -> None:
        """Press a key, and wait until the next page is there."""
        from selenium.webdriver.support.ui import WebDriverWait

        before = self.browser.find_element("css selector", "html")
        self.browser.switch_to.active_element.send_keys(key)
        WebDriverWait(self.browser, 20).until(lambda browser: browser.find_element("css selector", "html") != before)

    @property
    def title(self) -> str:
        return str(self.browser.title)

    def choose(self) -> str:
        name = self.browser.find_element("name", "question").get_attribute("value")
        label = self.browser.find_element("css selector", ".label").text
        return {"right": "3", "wrong": "0"}.get(self.known.get(name, ""), str(len(label) % 4))

    def rate(self, most: int) -> int:
        """Rate up to ``most`` questions by keys alone; returns how many there were."""
        from selenium.webdriver.common.keys import Keys

        for done in range(most):
            if self.title.startswith("How well"):
                button = self.browser.find_element("css selector", "form button")
                self.browser.execute_script("arguments[0].focus()", button)
                self.press(Keys.ENTER)
            if self.title == "Done":
                if "Another task" not in self.browser.page_source:
                    return done
                self.press("n")
            self.press(self.choose())
        return most

    def look(self) -> dict[str, Any]:
        """What the screen is like: its sizes, what has the focus, and what a screen reader was told."""
        return dict(self.browser.execute_script(
            "const e = document.documentElement;"
            "return {wide: e.scrollWidth - innerWidth, focus: document.activeElement.id,"
            "buttons: [...document.querySelectorAll('.ratings button')].map(b => b.getBoundingClientRect().bottom),"
            "sizes: [...document.querySelectorAll('.ratings button')].map(b => b.getBoundingClientRect().height),"
            "shown: [...document.querySelectorAll('.picture img')].map(i => i.offsetHeight > 0 ? i.naturalWidth : 0)}"
        ))  # fmt: skip

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.browser.save_screenshot(str(Path(SHOTS) / f"{name}.png"))


def test_three_raters_rate_a_study_by_keyboard_while_the_server_is_killed(full: Path, tmp_path: Path) -> None:
    find_browser()
    from selenium.webdriver.support.ui import WebDriverWait

    study = tmp_path / "study"
    assert main(["study", "make", str(find_run(full)), f"to={study}", "ask=text", "task=6", "controls=1"]) == 0
    database = open_database(study)
    tokens = [token for _, token in add_raters(database, 3, 1)]
    known = {row["name"]: row["known"] for row in database.execute("SELECT * FROM questions")}
    asked = sum(each == "" for each in known.values())
    server = Server(study)
    with ExitStack() as stack:
        people = [
            Person(stack.enter_context(open_browser(*(NARROW if at == 2 else WIDE))), token, known)
            for at, token in enumerate(tokens)
        ]
        for at, person in enumerate(people):
            person.enter(server)
            person.shoot(f"start-{at}")
            assert person.rate(3) == 3
            person.shoot(f"question-{at}")
            screen = person.look()
            height = NARROW[1] if at == 2 else WIDE[1]
            assert screen["wide"] <= 0, "nothing to scroll sideways"
            assert max(screen["buttons"]) <= height and min(screen["sizes"]) >= 44, (
                "all four are seen, and large enough"
            )
            assert screen["focus"] == "ask" and screen["shown"][0] >= 512 and screen["shown"][1] == 0
            said = person.browser.find_element("id", "status")
            WebDriverWait(person.browser, 5).until(lambda _, said=said: said.get_attribute("textContent"))
            assert said.get_attribute("textContent").endswith("Question 4 of 5."), "16 in four parts and a control"
        first = people[0]
        first.browser.switch_to.active_element.send_keys("h")
        WebDriverWait(first.browser, 5).until(lambda _: first.look()["shown"][1] >= 512)
        first.press("b")
        assert first.title == "Question 3 of 5" and first.browser.find_elements("css selector", "[aria-pressed=true]")
        first.press(first.choose())
        assert first.title == "Question 4 of 5"
        given = database.execute("SELECT count(*) FROM answers").fetchone()[0]
        assert given == 9
        server.kill()
        first.browser.switch_to.active_element.send_keys("2")  # nobody is there to take it
        server = Server(study)
        assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == given
        for person in people:
            person.enter(server)  # the same link
            while person.rate(50):
                pass
        for person in people:
            assert "All done" in person.browser.page_source
            wrong = [line["message"] for line in person.browser.get_log("browser") if line["level"] == "SEVERE"]
            assert [line for line in wrong if "ERR_CONNECTION" not in line and "ERR_EMPTY" not in line] == []
    server.kill()
    collected = collect(database)
    assert count_missing(collected) == {} and len(collected.regular) == 3 * asked
    assert all((rating == 3) == (known == RIGHT) for known, rating in
               zip(collected.controls["known"], collected.controls["rating"], strict=True))  # fmt: skip
    assert collected.answers["seconds"].notna().all() and collected.answers["changed"].sum() == 0
    ratings = collected.regular.groupby("question")["rating"].nunique()
    assert (ratings == 1).all(), "all went by the same rule"
    assert main(["study", "report", str(study), "resamples=100", "seconds=0"]) == 0
