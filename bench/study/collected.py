"""The answers of a study as tables: what every number about them is made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from bench.errors import UserError
from bench.study.database import read_fact

_ANSWERS = """
SELECT a.id, a.question, a.rater, a.part, a.batch, a.rating, a.seconds, a.answered, a.changed, a.void, q.image, q.label,
       q.known, r.excluded
FROM answers a JOIN questions q ON q.name = a.question JOIN raters r ON r.code = a.rater ORDER BY a.id
"""


@dataclass(frozen=True, eq=False)
class Collected:
    """All answers, one a row in the order in which they came, and the uses of all questions; ``facts`` of the study.

    ``known`` of an answer is that of its question: empty, "right" or "wrong". ``void`` says that it was taken out.
    """

    answers: pd.DataFrame
    uses: pd.DataFrame
    facts: Mapping[str, Any]

    @property
    def regular(self) -> pd.DataFrame:
        """The answers that count: of questions whose answer nobody knows, and not taken out."""
        return self.answers[(self.answers["known"] == "") & (self.answers["void"] == "")]

    @property
    def controls(self) -> pd.DataFrame:
        """The answers to controls."""
        return self.answers[self.answers["known"] != ""]

    @property
    def runs(self) -> list[str]:
        """The runs of which something is asked, in the order in which the study was made of them."""
        asked = set(self.uses["run"])
        return [run for run in self.facts["runs"] if run in asked]

    def leave_out(self, raters: Collection[str]) -> Collected:
        """Leave out all answers of some raters."""
        return replace(self, answers=self.answers[~self.answers["rater"].isin(list(raters))])


def collect(database: sqlite3.Connection) -> Collected:
    """Read all answers of a study. Raises UserError where there is none."""
    answers = pd.read_sql_query(_ANSWERS, database)
    if answers.empty:
        raise UserError("study: nobody has answered anything yet; `zgs study serve FOLDER` takes answers")
    uses = pd.read_sql_query(
        "SELECT u.*, q.image, q.label FROM uses u JOIN questions q ON q.name = u.question ORDER BY u.rowid", database
    )
    return Collected(answers, uses, read_fact(database, "study"))
