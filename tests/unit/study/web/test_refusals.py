"""The pages asked wrongly, by strangers, or while something is gone."""

from __future__ import annotations

import re
import time

import pytest

pytest.importorskip("flask", reason="zgs[study] is not installed")
from bench.study.database import write_fact
from bench.study.folder import PICTURES
from bench.study.raters import add_raters, renew_link
from bench.study.tasks import find_task
from bench.study.web.app import POLICY, make_app
from bench.study.web.tokens import WRONG_A_MINUTE
from tests.unit.study.web.rating import Site, count


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    "path", ["/", "/question", "/end", "/r/wrong", "/static/study.js", "/nothing", "/pictures/x.jpg"]
)
def test_every_page_forbids_foreign_scripts_frames_and_referrers(site: Site, path: str) -> None:
    site.enter()
    headers = site.client.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY and "unsafe" not in POLICY and "default-src 'none'" in POLICY
    assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Content-Type-Options"] == "nosniff"
    if path.startswith("/r/") or path in ("/", "/question"):
        assert headers["Cache-Control"] == "no-store"


def test_the_cookie_holds_a_code_and_is_for_this_server_alone(site: Site) -> None:
    site.enter()
    cookie = site.client.get_cookie("zgs_study")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"
    assert site.token not in cookie.value
    secure = make_app(site.folder, secure=True).test_client()
    assert "Secure;" in secure.get(f"/r/{site.token}").headers["Set-Cookie"]
    site.client.set_cookie("zgs_study", cookie.value[:-2] + "xx")
    assert site.client.get("/").status_code == 401, "a cookie that was changed is none"


@pytest.mark.parametrize("path", ["/task", "/question", "/skip"])
def test_a_form_without_its_token_or_with_that_of_another_changes_nothing(site: Site, path: str) -> None:
    page = site.begin()
    name = re.search(r'name="question" value="(\w+)"', page)[1]  # type: ignore[index]
    stranger = site.app.test_client()
    ((_, token),) = add_raters(site.database, 1, 1)
    theirs = stranger.get(f"/r/{token}", follow_redirects=True).text
    foreign = re.search(r'name="csrf_token" value="([^"]+)"', theirs)[1]  # type: ignore[index]
    for fields in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}):
        answer = site.client.post(path, data={"question": name, "rating": "3", **fields})
        assert answer.status_code == 400 and "This page was too old" in answer.text and "Go on" in answer.text
    assert count(site.database) == 0


@pytest.mark.thinned(2)
@pytest.mark.parametrize("fields", [{"rating": ""}, {"rating": "4"}, {"rating": "-1"}, {"rating": "1.0"}, {}])
def test_no_rating_or_another_is_a_page(site: Site, fields: dict[str, str]) -> None:
    answer = site.post("/question", site.begin(), **fields)
    assert answer.status_code == 400 and "choose 0, 1, 2 or 3" in answer.text and count(site.database) == 0


def test_a_question_of_somebody_else_is_a_page(site: Site) -> None:
    page = site.begin()
    own = {item.question for item in find_task(site.database, site.code).items}  # type: ignore[union-attr]
    other = next(row[0] for row in site.database.execute("SELECT name FROM questions") if row[0] not in own)
    for name in (other, "nothing", "", "' OR 1=1 --"):
        answer = site.post("/question", page, question=name, rating="1")
        assert answer.status_code == 409 and "This question is no longer yours" in answer.text
        assert '<a class="button" href="/">Go on</a>' in answer.text
    assert count(site.database) == 0


def test_who_has_no_link_an_ended_one_or_is_excluded(site: Site) -> None:
    assert "Please open your link" in site.client.get("/question").text
    assert site.client.get("/pictures/example-0.jpg").status_code == 401
    answer = site.client.get("/r/nobody")
    assert answer.status_code == 404 and "This link is not known" in answer.text
    site.begin()
    site.database.execute("UPDATE raters SET expires = ?", (time.time() - 1,))
    for path in ("/", "/question", f"/r/{site.token}"):
        answer = site.client.get(path)
        assert answer.status_code == 410 and "Your link has ended" in answer.text and site.code in answer.text
    site.database.execute("UPDATE raters SET expires = ?, excluded = 'too fast'", (time.time() + 100,))
    answer = site.client.get("/question")
    assert answer.status_code == 403 and "too fast" not in answer.text


def test_a_closed_study_takes_nothing_and_says_so(site: Site) -> None:
    page = site.begin()
    write_fact(site.database, "closed", "2026-11-29 12:00")
    for answer in (site.post("/question", page, rating="1"), site.client.get("/"), site.client.get(f"/r/{site.token}")):
        assert answer.status_code == 410 and "It was closed on 2026-11-29 12:00" in answer.text
    assert count(site.database) == 0
    write_fact(site.database, "closed", None)
    assert "Question 2 of 6" in site.post("/question", page, rating="1").text


def test_who_guesses_links_has_to_wait_and_who_has_one_does_not(site: Site) -> None:
    guesser, rater = site.app.test_client(), site.app.test_client()
    rater.get(f"/r/{site.token}")
    codes = [guesser.get(f"/r/guess-{at}").status_code for at in range(WRONG_A_MINUTE + 3)]
    assert codes == [404] * WRONG_A_MINUTE + [429] * 3
    assert "Wait a minute" in guesser.get("/r/guess-again").text
    assert rater.get("/").status_code == 200
    newcomer = site.app.test_client()
    assert newcomer.get(f"/r/{site.token}").status_code == 302, "a right link from the same address, as behind a router"
    assert newcomer.get("/").status_code == 200
    other = {"REMOTE_ADDR": "10.0.0.9"}
    assert site.app.test_client().get("/r/guess", environ_overrides=other).status_code == 404


def test_a_new_link_goes_on_where_the_old_one_stopped_and_ends_it_with_its_cookies(site: Site) -> None:
    page = site.post("/question", site.begin(), rating="1").text
    first = find_task(site.database, site.code)
    assert first is not None
    site.database.execute("UPDATE raters SET expires = ?", (time.time() - 1,))
    told = site.client.get("/question")
    assert told.status_code == 410 and f"say your code, {site.code}: you go on where you stopped" in told.text
    old, site.token = site.token, renew_link(site.database, site.code, 1)
    assert "This link is not known" in site.app.test_client().get(f"/r/{old}").text
    assert site.client.get("/question").status_code == 401, "whoever came by the old link is out"
    assert site.post("/question", page, rating="3").status_code in (400, 401) and count(site.database) == 1
    site.client = site.app.test_client()
    assert "Go on: up to" in site.enter() and "Question 2 of 6" in site.begin()
    again = find_task(site.database, site.code)
    assert again == first and site.database.execute("SELECT count(*) FROM raters").fetchone()[0] == 1


def test_a_picture_that_is_gone_is_a_page_that_goes_on(site: Site) -> None:
    page = site.begin()
    item = find_task(site.database, site.code).items[0]  # type: ignore[union-attr]
    (site.folder / PICTURES / item.picture).unlink()
    answer = site.client.get("/question")
    assert answer.status_code == 503 and item.picture in answer.text and "your answers are kept" in answer.text
    following = site.post("/skip", answer.text).text
    assert "Question 1 of 5" in following and count(site.database) == 0
    assert site.post("/skip", page, question=find_task(site.database, site.code).items[0].question)  # type: ignore
    assert "Question 1 of 5" in site.client.get("/question").text, "a question with its picture cannot be left out"


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", ["../study.sqlite", "..%2Fstudy.sqlite", "/etc/passwd", "nothing.jpg", "%00"])
def test_only_pictures_are_sent(site: Site, name: str) -> None:
    site.enter()
    assert site.client.get(f"/pictures/{name}").status_code in (308, 400, 404)


def test_a_request_that_is_too_long_is_a_page(site: Site) -> None:
    answer = site.post("/question", site.begin(), rating="1", more="x" * 100_000)
    assert answer.status_code == 413 and count(site.database) == 0


def test_a_full_disk_is_a_page_and_not_an_answer(site: Site) -> None:
    page = site.begin()
    site.app.config["STUDY"] = site.folder  # the connection of this thread is there already
    database = site.app.extensions["study"]["local"].database
    database.execute("PRAGMA query_only=ON")
    answer = site.post("/question", page, rating="1")
    assert answer.status_code == 503 and "Your last answer was not kept" in answer.text and count(site.database) == 0
    database.execute("PRAGMA query_only=OFF")
    assert "Question 2 of 6" in site.post("/question", page, rating="1").text
