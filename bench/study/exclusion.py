"""Whose answers do not count: a rule stated before anybody looks at results, and their questions asked again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from bench.study.collected import Collected
from bench.study.database import change
from bench.study.raters_table import make_raters_table


@dataclass(frozen=True)
class ExclusionRule:
    """A rater is out who passes too few controls, answers too fast, or says the same of everything."""

    passed: float = 0.6
    seconds: float = 1.0
    controls: int = 4
    alike: int = 20
    timed: int = 10

    def describe(self) -> str:
        """State the rule in a sentence."""
        return (
            f"a rater is out who passes fewer than {100 * self.passed:g} % of at least {self.controls} controls, "
            f"whose median of at least {self.timed} answers takes less than {self.seconds:g} s, or who rates "
            f"{self.alike} questions or more all alike, controls among them"
        )


def find_excluded(collected: Collected, rule: ExclusionRule) -> dict[str, str]:
    """Find raters who fall under the rule, each with the reason in words."""
    found = {}
    for row in make_raters_table(collected, rule.seconds).to_dict("records"):
        reasons = []
        if row["controls"] >= rule.controls and row["passed"] < rule.passed * row["controls"]:
            reasons.append(f"passed {row['passed']} of {row['controls']} controls")
        if row["timed"] >= rule.timed and row["seconds"] < rule.seconds:
            reasons.append(f"median answer {row['seconds']:.2f} s")
        if row["constant"] and row["answers"] + row["controls"] >= rule.alike:
            reasons.append(f"rated all {row['answers'] + row['controls']} questions {row['constant']}")
        if reasons:
            found[str(row["rater"])] = "; ".join(reasons)
    return found


def exclude_raters(database: sqlite3.Connection, found: Mapping[str, str]) -> int:
    """Take the answers of raters out, and ask their questions again of others; returns how many answers that were.

    Nothing is deleted: the answers stay, marked with the reason. Who was excluded before stays so.
    """
    with change(database):
        freed = 0
        for code, reason in found.items():
            database.execute("UPDATE raters SET excluded = ? WHERE code = ?", (reason, code))
            rows = database.execute(
                "UPDATE answers SET void = ? WHERE rater = ? AND batch > 0 AND void = '' RETURNING part, batch",
                (f"rater excluded: {reason}", code),
            ).fetchall()
            freed += len(rows)
            for part, batch in {(row["part"], row["batch"]) for row in rows}:
                database.execute("UPDATE tasks SET done = 0, rater = NULL WHERE part = ? AND batch = ?", (part, batch))
            database.execute("UPDATE tasks SET rater = NULL WHERE rater = ? AND done = 0", (code,))
    return freed
