"""A study on disk: one SQLite file in WAL mode, in which every answer is a transaction; no part of the paper.

``synchronous=FULL``: an answer that was acknowledged is on the disk, whether the process is killed or the power goes.
The rules of the study are constraints of the tables, so that no two requests, threads or processes can break them
together: a rater answers a question once, and a question has one valid answer in each batch.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.errors import UserError

FILE = "study.sqlite"
FORMAT = 1
_WAIT = 10.0
"""Seconds that a transaction waits for another."""
_QUEUE = threading.Lock()
SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE questions (
    name TEXT PRIMARY KEY, image TEXT NOT NULL, label TEXT NOT NULL, known TEXT NOT NULL, picture TEXT NOT NULL,
    photograph TEXT NOT NULL, alt TEXT NOT NULL, part INTEGER);
CREATE INDEX questions_of_part ON questions (part);
CREATE TABLE uses (
    question TEXT NOT NULL REFERENCES questions, run TEXT NOT NULL, segment INTEGER NOT NULL, kind TEXT NOT NULL,
    cosine REAL, weight REAL NOT NULL, UNIQUE (question, run, segment, kind));
CREATE TABLE controls (part INTEGER NOT NULL, question TEXT NOT NULL REFERENCES questions, UNIQUE (part, question));
CREATE TABLE raters (
    code TEXT PRIMARY KEY, token TEXT UNIQUE, created TEXT NOT NULL, expires REAL NOT NULL,
    excluded TEXT NOT NULL DEFAULT '');
CREATE TABLE tasks (
    part INTEGER NOT NULL, batch INTEGER NOT NULL, rater TEXT REFERENCES raters, taken REAL, turn INTEGER,
    done INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (part, batch));
CREATE INDEX tasks_of_rater ON tasks (rater);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, question TEXT NOT NULL REFERENCES questions,
    rater TEXT NOT NULL REFERENCES raters, part INTEGER NOT NULL, batch INTEGER NOT NULL,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 0 AND 3),
    seconds REAL, answered TEXT NOT NULL, changed INTEGER NOT NULL DEFAULT 0, void TEXT NOT NULL DEFAULT '',
    UNIQUE (question, rater));
CREATE UNIQUE INDEX one_answer_a_batch ON answers (question, batch) WHERE batch > 0 AND void = '';
CREATE INDEX answers_of_rater ON answers (rater);
CREATE TABLE skips (question TEXT NOT NULL, rater TEXT NOT NULL, PRIMARY KEY (question, rater));
"""
"""``batch`` of an answer is 0 for a control. ``part`` of a question is null for a control: they are in ``controls``."""


def create_database(folder: Path) -> sqlite3.Connection:
    """Create the file of a new study, readable by its owner alone (it holds hashes of tokens and a secret)."""
    path = folder / FILE
    path.touch(mode=0o600, exist_ok=False)
    database = _connect(path)
    database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA user_version={FORMAT}; {SCHEMA}")
    return database


def open_database(folder: Path) -> sqlite3.Connection:
    """Open the file of a study. Raises UserError for a folder that holds none, or one of another version or damaged."""
    path = folder / FILE
    if not path.is_file():
        raise UserError(
            f"{folder}: no study is there ({FILE} is missing); `zgs study make RUN … to={folder}` makes one"
        )
    try:
        database = _connect(path)
        (version,) = database.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise UserError(f"{path}: cannot be read as a study ({error}); take a copy of it from a backup") from error
    if version != FORMAT:
        raise UserError(f"{path}: is of format {version}, and this zgs reads {FORMAT}; use the zgs that made it")
    return database


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.executescript("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
    return database


@contextmanager
def change(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Change several rows at once or none: the write lock is taken before anything is read.

    Threads of one process queue for it here, since SQLite lets them sleep and try again.
    """
    with _QUEUE:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")  # which a full disk refuses, too
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def read_fact(database: sqlite3.Connection, name: str) -> Any:
    """Read a fact of the study; None where it has none of that name."""
    row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row["value"])


def write_fact(database: sqlite3.Connection, name: str, value: Any) -> None:
    """Write a fact of the study, in the place of an earlier one."""
    database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))
