"""How far a study has come, in lines; no part of the paper."""

from __future__ import annotations

import sqlite3
import time

from bench.study.database import read_fact
from bench.text.columns import align_columns


def describe_status(database: sqlite3.Connection) -> list[str]:
    """Describe answers of how many by batch, raters with what they have answered, and whether it is closed."""
    study, closed = read_fact(database, "study"), read_fact(database, "closed")
    lines = [
        f"closed on {closed}" if closed else "open",
        f"{study['questions']} questions, {study['parts']} tasks a batch",
    ]
    for batch in range(1, study["raters"] + 1):
        (answers,) = database.execute("SELECT count(*) FROM answers WHERE batch = ? AND void = ''", (batch,)).fetchone()
        (tasks,) = database.execute("SELECT count(*) FROM tasks WHERE batch = ? AND done = 1", (batch,)).fetchone()
        lines.append(
            f"batch {batch}: {answers} of {study['questions']} answers, {tasks} of {study['parts']} tasks done"
        )
    rows = database.execute(
        "SELECT r.code, count(a.id) AS n, max(a.answered) AS last, r.excluded, r.expires < ? AND r.token IS NOT NULL "
        "AS ended FROM raters r LEFT JOIN answers a ON a.rater = r.code GROUP BY r.code ORDER BY r.rowid",
        (time.time(),),
    ).fetchall()
    table = [
        (row["code"], f"{row['n']} answers", row["last"] or "", _describe_rater(row["excluded"], bool(row["ended"])))
        for row in rows
    ]
    lines += align_columns(table, widest=200) if table else ["no rater yet: zgs study raters FOLDER add=N"]
    if any(row["ended"] and not row["excluded"] for row in rows):
        lines.append("for a link that has ended: zgs study raters FOLDER again=CODE gives another, and answers stay")
    skipped = database.execute("SELECT count(DISTINCT question) FROM skips").fetchone()[0]
    if skipped:
        questions = f"{skipped} question{'' if skipped == 1 else 's'}"
        lines.append(f"{questions} left out since pictures are gone: repeat `zgs study make`")
    return lines


def _describe_rater(excluded: str, ended: bool) -> str:
    return f"excluded: {excluded}" if excluded else "link has ended" if ended else ""
