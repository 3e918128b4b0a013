"""A study written to its folder: whole or not at all; no part of the paper."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.study.database import FILE, change, create_database, write_fact
from bench.study.questions import Question


@dataclass(frozen=True)
class Study:
    """What is written: questions by part, controls and the names of each part's, texts for pictures by file name."""

    parts: Sequence[Sequence[Question]]
    controls: Sequence[Question]
    shared: Sequence[Sequence[str]]
    alts: Mapping[str, str]
    facts: Mapping[str, Any]


def write_study(to: Path, study: Study) -> None:
    """Write the database beside its place and rename it last; study.json and ids.txt say in words what it holds."""
    (to / "study.json").write_text(json.dumps(study.facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (to / "ids.txt").write_text("\n".join(study.facts["images"]) + "\n", encoding="utf-8")
    hidden = to / ".new"
    hidden.mkdir(exist_ok=True)
    for rest in hidden.iterdir():  # of a writer that was killed
        rest.unlink()
    database = create_database(hidden)
    with change(database):
        _insert(database, study)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    (hidden / FILE).rename(to / FILE)
    for rest in hidden.iterdir():
        rest.unlink()
    hidden.rmdir()


def _insert(database: sqlite3.Connection, study: Study) -> None:
    for at, part in enumerate(study.parts):
        for question in part:
            _insert_question(database, question, study.alts[question.picture], at)
    for question in study.controls:
        _insert_question(database, question, study.alts[question.picture], None)
    for at, names in enumerate(study.shared):
        database.executemany("INSERT INTO controls VALUES (?, ?)", [(at, name) for name in names])
    copies = [(part, batch) for batch in range(1, study.facts["raters"] + 1) for part in range(len(study.parts))]
    database.executemany("INSERT INTO tasks (part, batch) VALUES (?, ?)", copies)
    facts = {"study": dict(study.facts), "seed": study.facts["seed"], "secret": secrets.token_hex(32)}
    for name, value in facts.items():
        write_fact(database, name, value)


def _insert_question(database: sqlite3.Connection, question: Question, alt: str, part: int | None) -> None:
    shown = question.picture, question.photograph, alt
    row = (question.name, question.image, question.label, question.known, *shown, part)
    database.execute("INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    for use in question.uses:
        place = (question.name, use.run, use.segment, use.kind, use.cosine, use.weight)
        database.execute("INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?)", place)
