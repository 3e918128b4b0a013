"""Appendix F, who is asked what: tasks of thirty questions, each part of the study given to different raters.

The questions are cut into parts once. A batch is one answer to every question, so a part is given out once in each
batch, to a rater who has had nothing of it: every question has as many different raters as there are batches. Batches
fill up one after the other, so that a study that is stopped early has whole ones. A task that its rater left lies idle
until it goes to another, who is asked what is missing.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.errors import UserError
from bench.study.database import change, read_fact
from bench.study.questions import hash_parts

IDLE = 24 * 3600.0
"""Seconds after which a task that nobody goes on with is given to another rater."""


class NotAsked(UserError):
    """An answer to what this rater is not asked, or no longer."""


@dataclass(frozen=True)
class Item:
    """One screen of a task, with the rating that this rater gave it (None: not yet)."""

    question: str
    label: str
    picture: str
    photograph: str
    alt: str
    rating: int | None


@dataclass(frozen=True)
class Task:
    """What a rater works at: its items in the order in which they are shown."""

    part: int
    batch: int
    items: tuple[Item, ...]

    @property
    def first_open(self) -> int | None:
        """Position of the first item without an answer; None where all have one."""
        return next((at for at, item in enumerate(self.items) if item.rating is None), None)


def find_task(database: sqlite3.Connection, rater: str) -> Task | None:
    """Find the task that a rater took last, done or not; None where it went to another or there is none."""
    row = database.execute(
        "SELECT part, batch FROM tasks WHERE rater = ? ORDER BY turn DESC LIMIT 1", (rater,)
    ).fetchone()
    return None if row is None else _read_task(database, rater, row["part"], row["batch"])


def take_task(database: sqlite3.Connection, rater: str) -> Task | None:
    """Give a rater the next task, unless the last one is not done; None where nothing is left for this rater."""
    with change(database):
        current = find_task(database, rater)
        if current is not None and current.first_open is not None:
            return current
        row = database.execute(
            "SELECT part, batch FROM tasks WHERE done = 0 AND (rater IS NULL OR abs(? - taken) > ?) AND part NOT IN "
            "(SELECT part FROM tasks WHERE rater = ?) AND part NOT IN (SELECT part FROM answers WHERE rater = ?) "
            "ORDER BY batch, part LIMIT 1",
            (time.time(), IDLE, rater, rater),
        ).fetchone()
        if row is None:
            return None
        (turn,) = database.execute("SELECT coalesce(max(turn), 0) + 1 FROM tasks").fetchone()
        database.execute(
            "UPDATE tasks SET rater = ?, taken = ?, turn = ? WHERE part = ? AND batch = ?",
            (rater, time.time(), turn, row["part"], row["batch"]),
        )
    return _read_task(database, rater, row["part"], row["batch"])


def record_answer(
    database: sqlite3.Connection, rater: str, question: str, rating: int, seconds: float | None
) -> Task:  # fmt: skip
    """Record an answer, or change the one that this rater gave, and return the task as it stands now.

    On return the answer is on the disk. Raises NotAsked where the question is none of the rater's current task.
    """
    with change(database):
        task = find_task(database, rater)
        item = next((item for item in task.items if item.question == question), None) if task else None
        if task is None or item is None:
            raise NotAsked("this question is none of the task that this rater has now; earlier answers are kept")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if item.rating is None:
            (known,) = database.execute("SELECT known FROM questions WHERE name = ?", (question,)).fetchone()
            database.execute(
                "INSERT INTO answers (question, rater, part, batch, rating, seconds, answered) VALUES (?, ?, ?, ?, "
                "?, ?, ?)",
                (question, rater, task.part, 0 if known else task.batch, rating, seconds, now),
            )
        elif item.rating != rating:
            database.execute(
                "UPDATE answers SET rating = ?, changed = changed + 1 WHERE question = ? AND rater = ?",
                (rating, question, rater),
            )
        task = _read_task(database, rater, task.part, task.batch)
        close_task(database, task)
    return task


def close_task(database: sqlite3.Connection, task: Task) -> None:
    """Mark a task as done where every question of it has an answer, and as just worked at where not."""
    done = task.first_open is None and not _lacks_answers(database, task.part, task.batch)
    database.execute(
        "UPDATE tasks SET done = ?, taken = ? WHERE part = ? AND batch = ?",
        (int(done), time.time(), task.part, task.batch),
    )


def skip_question(database: sqlite3.Connection, rater: str, question: str) -> None:
    """Leave a question out for this rater, since its picture is gone; it stays open."""
    with change(database):
        database.execute("INSERT OR IGNORE INTO skips VALUES (?, ?)", (question, rater))


def count_done(database: sqlite3.Connection, rater: str) -> int:
    """Count the answers that a rater has given, controls among them."""
    (count,) = database.execute("SELECT count(*) FROM answers WHERE rater = ?", (rater,)).fetchone()
    return int(count)


def _lacks_answers(database: sqlite3.Connection, part: int, batch: int) -> bool:
    row = database.execute(
        "SELECT 1 FROM questions q WHERE q.part = ? AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.question = "
        "q.name AND a.batch = ? AND a.void = '') LIMIT 1",
        (part, batch),
    ).fetchone()
    return row is not None


def _read_task(database: sqlite3.Connection, rater: str, part: int, batch: int) -> Task:
    """Read the items of a part for a rater: without those that another has answered in this batch, or that are skipped.

    A control that this rater has seen in another part is not shown again.
    """
    rows = database.execute(
        "SELECT q.*, a.rating FROM questions q LEFT JOIN answers a ON a.question = q.name AND a.rater = :rater AND "
        "a.part = :part WHERE (q.part = :part OR q.name IN (SELECT question FROM controls WHERE part = :part)) AND "
        "NOT EXISTS (SELECT 1 FROM skips s WHERE s.question = q.name AND s.rater = :rater) AND NOT EXISTS (SELECT 1 "
        "FROM answers o WHERE o.question = q.name AND (   (q.known = '' AND o.batch = :batch AND o.void = '' AND "
        "o.rater <> :rater)   OR (o.rater = :rater AND o.part <> :part)))",
        {"rater": rater, "part": part, "batch": batch},
    ).fetchall()
    seed = str(read_fact(database, "seed"))

    def place(row: sqlite3.Row) -> str:  # by each question alone: what is left out moves no other
        return hash_parts("order", seed, str(part), str(batch), row["name"])

    items = [
        Item(row["name"], row["label"], row["picture"], row["photograph"], row["alt"], row["rating"])
        for row in sorted(rows, key=place)
    ]
    return Task(part, batch, tuple(items))
