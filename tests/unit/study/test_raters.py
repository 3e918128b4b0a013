"""Raters: links, what is told of each, whose answers do not count, and their questions asked again."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.errors import UsageError, UserError
from bench.study.collected import Collected, collect
from bench.study.database import FILE, open_database
from bench.study.exclusion import ExclusionRule, exclude_raters, find_excluded
from bench.study.raters import DAY, add_raters, find_rater, read_rater, renew_link
from bench.study.raters_table import make_raters_table
from bench.study.status import describe_status
from bench.study.tasks import record_answer, take_task
from tests.unit.study.made import make_study, rate_all


def test_a_link_is_kept_as_a_hash_and_found_by_its_token(tmp_path: Path) -> None:
    database = make_study(tmp_path)
    (code, token), (other, _) = add_raters(database, 2, 1)
    assert code != other and len(token) >= 22
    found = find_rater(database, token)
    assert found is not None and (found.code, found.has_expired, found.excluded) == (code, False, "")
    assert find_rater(database, token + "x") is None and read_rater(database, "nobody") is None
    assert token.encode() not in (tmp_path / "study.sqlite").read_bytes() + (tmp_path / "study.sqlite-wal").read_bytes()
    database.execute("UPDATE raters SET expires = 0")
    found = find_rater(database, token)
    assert found is not None and found.has_expired


def test_a_new_link_is_of_the_same_rater_and_the_old_one_ends(tmp_path: Path) -> None:
    database = make_study(tmp_path)
    (code, token), (other, theirs) = add_raters(database, 2, 1)
    database.execute("UPDATE raters SET expires = 0")
    new = renew_link(database, code, 2)
    found = find_rater(database, new)
    assert found is not None and found.code == code and found.expires > time.time() + 1.9 * DAY
    assert find_rater(database, token) is None, "the old link has ended"
    same = find_rater(database, theirs)
    assert same is not None and same.code == other and same.has_expired, "nobody else's has changed"
    assert database.execute("SELECT count(*) FROM raters").fetchone()[0] == 2
    database.execute("INSERT INTO raters (code, created, expires) VALUES ('X123456789', '', 0)")
    lines = describe_status(database)
    ended = [line for line in lines if line.endswith("link has ended")]
    assert len(ended) == 1 and other in ended[0], "who answered elsewhere has none that could end"
    assert lines[-1].startswith("for a link that has ended: zgs study raters FOLDER again=CODE")


def test_who_cannot_have_a_new_link_is_one_line(tmp_path: Path) -> None:
    database = make_study(tmp_path)
    ((code, token),) = add_raters(database, 1, 1)
    with pytest.raises(UserError, match=f"again={code[:-1]}: nobody has this code .did you mean '{code}'"):
        renew_link(database, code[:-1], 1)
    with pytest.raises(UsageError, match="how long links work, up to 3650"):
        renew_link(database, code, 4000)
    exclude_raters(database, {code: "too fast"})
    with pytest.raises(UserError, match="was excluded .too fast. and is asked nothing more; add=1"):
        renew_link(database, code, 1)
    database.execute("INSERT INTO raters (code, created, expires) VALUES ('X123456789', '', 0)")
    with pytest.raises(UserError, match="answered on another platform"):
        renew_link(database, "X123456789", 1)
    assert find_rater(database, token) is not None


@pytest.mark.parametrize("days", [0, -1, 4000, float("nan")])
def test_a_link_has_to_end_some_day(days: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="how long links work, up to 3650"):
        add_raters(make_study(tmp_path), 1, days)


def rate(database: sqlite3.Connection) -> list[str]:
    """Four raters: good, as good but harder, one who says 1 of everything, one at random and too fast."""
    draw, numbers = np.random.default_rng(0), dict[str, int]()

    def say(code: str, label: str, known: str) -> int:
        at = numbers.setdefault(code, len(numbers))
        true = {"right": 3, "wrong": 0}.get(known, hash_label(label))
        return int([true, max(true - 1, 0) if not known else true, 1, draw.integers(4)][at])

    codes = rate_all(database, 4, say)
    database.execute("UPDATE answers SET seconds = 0.3 WHERE rater = ?", (codes[3],))
    return codes


def hash_label(label: str) -> int:
    return int(label.split()[-1]) % 4


@pytest.fixture(scope="module")
def rated_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[sqlite3.Connection, list[str]]:
    database = make_study(tmp_path_factory.mktemp("rated"), count=80, raters=3, task=7, controls=2)
    return database, rate(database)


@pytest.fixture
def rated(rated_once: tuple[sqlite3.Connection, list[str]], tmp_path: Path) -> tuple[sqlite3.Connection, list[str]]:
    """A copy of it to change, without its pictures."""
    rated_once[0].execute("VACUUM INTO ?", (str(tmp_path / FILE),))
    return open_database(tmp_path), rated_once[1]


def test_the_table_of_raters_by_hand(rated: tuple[sqlite3.Connection, list[str]]) -> None:
    database, codes = rated
    collected = collect(database)
    table = make_raters_table(collected).set_index("rater")
    assert list(table.index) == codes
    answers = collected.regular
    for code in codes:
        own, beside = answers[answers["rater"] == code], []
        for line in own.itertuples():
            others = answers[(answers["question"] == line.question) & (answers["rater"] != code)]["rating"]
            beside.append(line.rating - others.mean())  # type: ignore[operator]
        row = table.loc[code]
        assert row["severity"] == pytest.approx(np.mean(beside)) and row["distance"] == pytest.approx(
            np.mean(np.abs(beside))
        )
        third = len(beside) // 3
        assert row["drift"] == pytest.approx(np.mean(beside[-third:]) - np.mean(beside[:third]))
        assert row["drift_low"] < row["drift"] < row["drift_high"]
    assert list(table["passed"] == table["controls"]) == [True, True, False, False]
    assert list(table["seconds"]) == [5, 5, 5, 0.3] and list(table["fast"]) == [0, 0, 0, 1]
    assert list(table["constant"]) == ["", "", "1", ""]
    assert table.loc[codes[1], "severity"] < table.loc[codes[0], "severity"]


def test_who_fails_controls_is_too_fast_or_says_one_thing_is_out(rated: tuple[sqlite3.Connection, list[str]]) -> None:
    database, codes = rated
    found = find_excluded(collect(database), ExclusionRule())
    assert set(found) == set(codes[2:])
    assert "controls" in found[codes[2]] and "rated all" in found[codes[2]] and "questions 1" in found[codes[2]]
    assert "median answer 0.30 s" in found[codes[3]]
    assert set(find_excluded(collect(database), ExclusionRule(passed=0, seconds=0, alike=10**6))) == set()


def test_few_answers_exclude_nobody(tmp_path: Path) -> None:
    database = make_study(tmp_path, count=3, task=2, controls=0)
    rate_all(database, 3, lambda *_: 1)
    database.execute("UPDATE answers SET seconds = 0.1")
    assert find_excluded(collect(database), ExclusionRule()) == {}


def test_questions_of_the_excluded_are_asked_again_of_others(rated: tuple[sqlite3.Connection, list[str]]) -> None:
    database, codes = rated
    given = database.execute("SELECT count(*) FROM answers").fetchone()[0]
    found = find_excluded(collect(database), ExclusionRule())
    freed = exclude_raters(database, found)
    assert freed == database.execute("SELECT count(*) FROM answers WHERE void <> ''").fetchone()[0] > 0
    assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == given, "nothing is deleted"
    assert exclude_raters(database, found) == 0, "once"
    assert any(f"excluded: {found[codes[3]]}" in line for line in describe_status(database))
    rate_all(database, 3, lambda _code, label, _known: hash_label(label))
    regular = collect(database).regular
    assert set(Counter(regular["question"]).values()) == {3} and not set(codes[2:]) & set(regular["rater"])
    assert not regular.duplicated(["question", "rater"]).any() and not regular.duplicated(["question", "batch"]).any()


def test_nobody_has_answered(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nobody has answered anything yet"):
        collect(make_study(tmp_path))


def test_a_careless_rater_makes_nobody_else_drift(tmp_path: Path) -> None:
    """One who says 0 answers early parts alone, so that beside all others everybody would seem to become harder."""
    database = make_study(tmp_path, count=120, raters=3, task=7, controls=1)
    codes = [code for code, _ in add_raters(database, 4, 1)]
    for careful in (False, True):  # the careless one has half of the parts, all of them early
        for code in codes[:3] if careful else codes[3:]:
            for _ in range(99 if careful else 10):
                if (task := take_task(database, code)) is None:
                    break
                for item in task.items:
                    record_answer(database, code, item.question, hash_label(item.label) if careful else 0, 3.0)
    every, kept = (make_raters_table(collect(database), excluded=out).set_index("rater") for out in ((), codes[3:]))
    assert (every.loc[codes[:3], "drift"].abs() > 0.2).any()
    assert (kept.loc[codes[:3], ["drift", "severity", "distance"]] == 0).all(axis=None)
    assert kept.loc[codes[3], "severity"] < -1, "and the careless one is told beside the others"


def test_drift_of_somebody_who_is_steady_is_nothing(tmp_path: Path) -> None:
    database = make_study(tmp_path, count=60)
    rate_all(database, 3, lambda _code, label, _known: hash_label(label))
    table = make_raters_table(collect(database))
    assert (table[["drift", "drift_low", "drift_high"]] == 0).all(axis=None)


def test_unknown_seconds_are_no_seconds() -> None:
    answers = pd.DataFrame({
        "question": ["a", "b"], "rater": "x", "rating": [1, 2], "seconds": [np.nan, np.nan], "known": "", "void": "",
        "excluded": "",
    })  # fmt: skip
    row = make_raters_table(Collected(answers, pd.DataFrame(), {})).iloc[0]
    assert np.isnan(row["seconds"]) and row["timed"] == 0 and row["constant"] == ""
