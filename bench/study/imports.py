"""Answers from elsewhere: a csv, or an export of Label Studio, into the study; all of a file or nothing.

Who answered there is known by a name that may be a person's, so the study keeps a code made of it and not the name.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.study.database import change, read_fact
from bench.study.exports import CHOICES
from bench.study.questions import RATINGS, hash_parts
from bench.study.timing import LONGEST

COLUMNS = ("question", "rater", "rating")


@dataclass(frozen=True)
class Answer:
    """One answer from a file: where it stands there, the question, who, what, and the seconds that it took."""

    where: str
    question: str
    rater: str
    rating: int
    seconds: float | None


def read_csv_answers(path: Path) -> list[Answer]:
    """Read a csv with the columns question, rater, rating and perhaps seconds. Raises UserError naming the line."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise UserError(f"{path}: column {missing[0]!r} is missing; the columns are {', '.join(COLUMNS)}, seconds")
        return [_read_row(f"{path}: line {reader.line_num}", row) for row in reader]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name the file with the answers") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a csv file in UTF-8 ({error})") from error


def read_label_studio_answers(path: Path) -> list[Answer]:
    """Read an export of Label Studio in its form JSON. Raises UserError naming the task for what does not fit."""
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name the export of Label Studio") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: no JSON ({error}); export the project of Label Studio as JSON") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise UserError(
            f"{path}: should hold a list of tasks; export the project of Label Studio as JSON, not JSON-MIN"
        )
    return [answer for at, task in enumerate(tasks, 1) for answer in _read_task(f"{path}: task {at}", task)]


def import_answers(database: sqlite3.Connection, answers: Iterable[Answer]) -> tuple[int, int]:
    """Take answers into the study, each into the first batch that lacks one; returns answers and raters.

    Raises UserError, and takes none, for an unknown question, a rater who answers a question twice, more raters of a
    question than the study has, or a closed study.
    """
    if closed := read_fact(database, "closed"):
        raise UserError(f"study import: the study was closed on {closed}; `zgs study open FOLDER` opens it again")
    known = {row["name"]: row for row in database.execute("SELECT name, known, part FROM questions")}
    seen: dict[tuple[str, str], str] = {}
    with change(database):
        for answer in answers:
            if answer.question not in known:
                near = suggest_nearest(answer.question, list(known)[:2000])
                raise UserError(f"{answer.where}: question {answer.question!r} is none of this study{near}")
            code = make_code(answer.rater)
            earlier = seen.setdefault((answer.question, code), answer.where)
            if earlier != answer.where:
                raise UserError(
                    f"{answer.where}: rater {answer.rater!r} has answered question {answer.question} before "
                    f"({earlier}); keep one"
                )
            _insert(database, answer, code, known[answer.question])
        _mark_done(database)
    return len(seen), len({code for _, code in seen})


def make_code(rater: str) -> str:
    """Make a code of whoever answered elsewhere, the same each time."""
    return f"X{hash_parts('rater', rater)[:9].upper()}"


def _insert(database: sqlite3.Connection, answer: Answer, code: str, question: sqlite3.Row) -> None:
    twice = database.execute(
        "SELECT 1 FROM answers WHERE question = ? AND rater = ?", (answer.question, code)
    ).fetchone()
    if twice:
        raise UserError(
            f"{answer.where}: rater {answer.rater!r} has answered question {answer.question} in this study already: "
            "was the file taken before?"
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    database.execute("INSERT OR IGNORE INTO raters (code, created, expires) VALUES (?, ?, 0)", (code, now))
    batch, part = 0, question["part"]
    if question["known"]:
        (part,) = database.execute("SELECT min(part) FROM controls WHERE question = ?", (answer.question,)).fetchone()
    else:
        taken = {row[0] for row in database.execute(
            "SELECT batch FROM answers WHERE question = ? AND void = ''", (answer.question,))}  # fmt: skip
        batches = int(read_fact(database, "study")["raters"])
        batch = next((each for each in range(1, batches + 1) if each not in taken), 0)
        if not batch:
            raise UserError(
                f"{answer.where}: question {answer.question} has its {batches} answers already; a study takes "
                f"raters={batches} of each"
            )
    database.execute(
        "INSERT INTO answers (question, rater, part, batch, rating, seconds, answered) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (answer.question, code, part, batch, answer.rating, answer.seconds, now),
    )


def _mark_done(database: sqlite3.Connection) -> None:
    database.execute(
        "UPDATE tasks SET done = 1 WHERE NOT EXISTS (SELECT 1 FROM questions q WHERE q.part = tasks.part AND NOT "
        "EXISTS (SELECT 1 FROM answers a WHERE a.question = q.name AND a.batch = tasks.batch AND a.void = ''))"
    )


def _read_row(where: str, row: dict[str, Any]) -> Answer:
    if None in row or any(row[name] is None for name in COLUMNS):
        raise UserError(f"{where}: another number of fields than the first line has")
    rating = row["rating"].strip()
    if rating not in map(str, RATINGS):
        raise UserError(f"{where}: rating {row['rating']!r:.40} should be 0, 1, 2 or 3")
    if not row["rater"].strip():
        raise UserError(f"{where}: says no rater; any name will do, the study keeps a code made of it")
    return Answer(
        where, row["question"].strip(), row["rater"].strip(), int(rating), _read_seconds(where, row.get("seconds"))
    )


def _read_seconds(where: str, text: Any) -> float | None:
    if text in (None, ""):
        return None
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not value >= 0:
        raise UserError(f"{where}: seconds {text!r:.40} should be a number, or empty")
    return value if value <= LONGEST else None


def _read_task(where: str, task: dict[str, Any]) -> Iterator[Answer]:
    """Read the annotations of a task, without those that were skipped there."""
    data = task.get("data")
    question = data.get("question") if isinstance(data, dict) else None
    annotations = task.get("annotations")
    if not isinstance(question, str) or not isinstance(annotations, list):
        raise UserError(
            f"{where}: 'data.question' or 'annotations' is missing; import what was exported from these tasks"
        )
    for at, each in enumerate(annotations, 1):
        place = f"{where}, annotation {at}"
        if not isinstance(each, dict):
            raise UserError(f"{place}: is no object")
        if each.get("was_cancelled"):
            continue
        yield Answer(
            place,
            question,
            _read_person(place, each),
            _read_choice(place, each),
            _read_seconds(place, each.get("lead_time")),
        )


def _read_person(where: str, annotation: dict[str, Any]) -> str:
    """Read who annotated: a number, or an object with an id or an address."""
    by = annotation.get("completed_by")
    by = by.get("id", by.get("email")) if isinstance(by, dict) else by
    if not isinstance(by, int | str) or isinstance(by, bool) or by == "":
        raise UserError(f"{where}: 'completed_by' is missing: nobody can say that three different people rated")
    return str(by)


def _read_choice(where: str, annotation: dict[str, Any]) -> int:
    """Read the one choice of the control "rating": a text of ours, or its number."""
    results = annotation.get("result") or []
    if not isinstance(results, list):
        raise UserError(f"{where}: 'result' should be a list, not {results!r:.40}; export the project again as JSON")
    for result in results:
        if isinstance(result, dict) and result.get("from_name") == "rating":
            value = result.get("value")
            choices = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(choices, list) or len(choices) != 1:
                raise UserError(
                    f"{where}: the value of 'rating' should be {{\"choices\": [one of {', '.join(CHOICES)}]}}, not "
                    f"{value!r:.60}"
                )
            if choices[0] in CHOICES:
                return CHOICES.index(choices[0])
            if re.fullmatch("[0-3]", str(choices[0])):
                return int(choices[0])
            raise UserError(f"{where}: choice {choices[0]!r:.60} should be one of {', '.join(CHOICES)}")
    raise UserError(f"{where}: has no rating; was it skipped there? Label or remove it, and export again")
