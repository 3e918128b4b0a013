"""Who is asked what: three different raters a question, whole batches first, nothing twice, nothing lost."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.study import tasks
from bench.study.database import open_database
from bench.study.raters import add_raters
from bench.study.tasks import IDLE, NotAsked, count_done, find_task, record_answer, skip_question, take_task
from tests.unit.study.made import make_study, rate_all


def test_every_question_gets_three_different_raters_and_every_task_its_control(tmp_path: Path) -> None:
    database = make_study(tmp_path, count=23)
    codes = rate_all(database, 3, lambda *_: 1)
    rows = database.execute("SELECT * FROM answers a JOIN questions q ON q.name = a.question").fetchall()
    regular = [row for row in rows if row["known"] == ""]
    assert Counter((row["question"], row["batch"]) for row in regular).most_common(1)[0][1] == 1
    by_question = Counter(row["question"] for row in regular)
    assert len(by_question) == 23 and set(by_question.values()) == {3}
    assert Counter((row["question"], row["rater"]) for row in rows).most_common(1)[0][1] == 1, "nobody answers twice"
    assert {row["batch"] for row in rows if row["known"]} == {0}
    parts = database.execute("SELECT count(DISTINCT part) FROM tasks").fetchone()[0]
    assert Counter(row["rater"] for row in rows if row["known"]) == dict.fromkeys(codes, parts)
    assert database.execute("SELECT count(*) FROM tasks WHERE done = 0").fetchone()[0] == 0


def test_an_answer_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    """SQLite's words for it: 2 is FULL; another connection sees the answer when the call has returned."""
    make_study(tmp_path, count=5)
    database = open_database(tmp_path)
    assert database.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    rate_all(database, 1, lambda *_: 1)
    assert open_database(tmp_path).execute("SELECT count(*) FROM answers").fetchone()[0] >= 5


def test_batches_fill_up_one_after_the_other(tmp_path: Path) -> None:
    database = make_study(tmp_path, count=20)  # four tasks a batch
    codes = [code for code, _ in add_raters(database, 5, 1)]
    taken = []
    for code in codes:
        task = take_task(database, code)
        assert task is not None
        taken.append((task.batch, task.part))
    assert taken == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]


@given(seed=st.integers(0, 10_000), raters=st.integers(3, 6), count=st.integers(1, 18))
def test_any_order_of_raters_who_come_leave_and_change_their_mind(
    seed: int, raters: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the order, the study ends, each question with three raters, and each answer is the last one given."""
    database, draw = make_study(tmp_path_factory.mktemp("study"), count=count, task=5), np.random.default_rng(seed)
    codes, last = [code for code, _ in add_raters(database, raters, 30)], dict[tuple[str, str], int]()
    for _ in range(2000):
        code = codes[draw.integers(raters)]
        if draw.random() < 0.05:  # a task that lies idle for a day
            database.execute("UPDATE tasks SET taken = taken - ? WHERE rater = ?", (2 * IDLE, code))
        task = find_task(database, code)
        if task is None or task.first_open is None:
            task = take_task(database, code)
        if task is None or not task.items:
            continue
        item = task.items[draw.integers(len(task.items))]
        last[item.question, code] = rating = int(draw.integers(4))
        record_answer(database, code, item.question, rating, None)
        if not database.execute("SELECT 1 FROM tasks WHERE done = 0").fetchone():
            break
    rows = database.execute("SELECT * FROM answers").fetchall()
    assert {(row["question"], row["rater"]): row["rating"] for row in rows} == last
    valid = Counter(row["question"] for row in rows if row["batch"])
    assert len(valid) == count and set(valid.values()) == {3}


def test_an_answer_can_be_changed_while_the_task_is_the_raters_last(tmp_path: Path) -> None:
    database = make_study(tmp_path)
    ((code, _),) = add_raters(database, 1, 1)
    first = take_task(database, code)
    assert first is not None
    for item in first.items:
        record_answer(database, code, item.question, 0, 1.0)
    task = record_answer(database, code, first.items[0].question, 3, 9.0)
    assert [item.rating for item in task.items] == [3, *[0] * (len(task.items) - 1)]
    assert tuple(database.execute("SELECT seconds, changed FROM answers ORDER BY id").fetchone()) == (1.0, 1)
    take_task(database, code)
    with pytest.raises(NotAsked, match="none of the task that this rater has now"):
        record_answer(database, code, first.items[0].question, 1, 1.0)
    assert count_done(database, code) == len(first.items)


def test_an_idle_task_goes_to_another_who_is_asked_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    database = make_study(tmp_path, count=5, raters=1)
    (one, _), (other, _) = add_raters(database, 2, 30)
    task = take_task(database, one)
    assert task is not None and len(task.items) == 6, "five questions and a control"
    for item in task.items[:2]:
        record_answer(database, one, item.question, 2, 1.0)
    assert take_task(database, other) is None, "the only task is somebody's"
    now = tasks.time.time()
    monkeypatch.setattr(tasks.time, "time", lambda: now + IDLE + 1)
    rest = take_task(database, other)
    answered = {item.question for item in task.items[:2]}
    known = {row[0] for row in database.execute("SELECT name FROM questions WHERE known <> ''")}
    assert rest is not None
    assert {item.question for item in rest.items} == {item.question for item in task.items} - (answered - known)
    with pytest.raises(NotAsked):
        record_answer(database, one, task.items[3].question, 2, 1.0)
    for item in rest.items:
        record_answer(database, other, item.question, 1, 1.0)
    assert take_task(database, one) is None and database.execute("SELECT done FROM tasks").fetchone()[0] == 1
    assert database.execute("SELECT count(*) FROM answers WHERE batch = 1").fetchone()[0] == 5


def test_a_clock_that_jumps_loses_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make_study(tmp_path, count=5, raters=1)
    ((code, _),) = add_raters(database, 1, 30)
    task, now = take_task(database, code), tasks.time.time()
    assert task is not None
    for jump, item in zip((0, -400 * IDLE, 400 * IDLE, -5, 3600, 0), task.items, strict=True):
        monkeypatch.setattr(tasks.time, "time", lambda jump=jump: now + jump)
        record_answer(database, code, item.question, 3, None)
    assert count_done(database, code) == 6 and database.execute("SELECT done FROM tasks").fetchone()[0] == 1


def test_the_tables_themselves_refuse_what_the_rules_forbid(tmp_path: Path) -> None:
    database = make_study(tmp_path)
    (one, _), (other, _) = add_raters(database, 2, 30)
    (name,) = database.execute("SELECT name FROM questions WHERE known = '' LIMIT 1").fetchone()
    insert = "INSERT INTO answers (question, rater, part, batch, rating, answered) VALUES (?, ?, 0, ?, ?, '')"
    database.execute(insert, (name, one, 1, 2))
    for rater, batch, rating in ((one, 2, 2), (other, 1, 2), (other, 2, 4)):
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(insert, (name, rater, batch, rating))


def test_a_question_without_its_picture_is_left_out_and_stays_open(tmp_path: Path) -> None:
    database = make_study(tmp_path, count=5, raters=1)
    ((code, _),) = add_raters(database, 1, 30)
    task = take_task(database, code)
    assert task is not None
    gone = next(item for item in task.items if item.label.startswith("label"))
    skip_question(database, code, gone.question)
    for item in task.items:
        if item is not gone:
            record_answer(database, code, item.question, 3, None)
    assert database.execute("SELECT done FROM tasks").fetchone()[0] == 0
    assert take_task(database, code) is None
    database.execute("DELETE FROM skips")  # as serving does when the picture is there again
    again = find_task(database, code)
    assert again is not None and again.items[again.first_open or 0].question == gone.question
