"""Appendix F, who rates: people known by a code alone, each with a link that ends; no name, address or account is kept.

A link holds 128 random bits, of which the study keeps a hash: who reads the file can rate in nobody's name.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.study.database import change

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of codes: none that is read for another."""
_LONGEST = 3650
DAY = 86400.0


@dataclass(frozen=True)
class Rater:
    """A rater; ``expires`` in seconds since 1970, ``excluded`` says why the answers do not count (empty: they do).

    ``link`` names the link that is theirs now (the first letters of its hash; empty: they have none).
    """

    code: str
    expires: float
    excluded: str
    link: str

    @property
    def has_expired(self) -> bool:
        """Whether the link has ended by the clock of this machine."""
        return time.time() > self.expires


def add_raters(database: sqlite3.Connection, count: int, days: float) -> list[tuple[str, str]]:
    """Add raters whose links end after some days; returns code and token of each, and keeps no token.

    Raises UsageError for a span that no calendar has.
    """
    _check_days(days)
    made = []
    with change(database):
        for _ in range(count):
            code, token = _make_code(database), secrets.token_urlsafe(16)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            database.execute(
                "INSERT INTO raters (code, token, created, expires) VALUES (?, ?, ?, ?)",
                (code, _hash(token), now, time.time() + days * DAY),
            )
            made.append((code, token))
    return made


def renew_link(database: sqlite3.Connection, code: str, days: float) -> str:
    """Renew the link of a rater, whose answers and tasks stay; returns the new token, and the old link ends.

    Raises UserError for a code that nobody has, or of somebody who would have nothing to answer by a link.
    """
    _check_days(days)
    token = secrets.token_urlsafe(16)
    with change(database):
        row = database.execute("SELECT token, excluded FROM raters WHERE code = ?", (code,)).fetchone()
        if row is None:
            codes = [each["code"] for each in database.execute("SELECT code FROM raters WHERE token IS NOT NULL")]
            near = suggest_nearest(code, codes)
            raise UserError(f"study raters: again={code}: nobody has this code{near}; `zgs study status` lists them")
        if row["excluded"]:
            raise UserError(
                f"study raters: again={code}: was excluded ({row['excluded']}) and is asked nothing more; add=1 adds "
                "somebody else"
            )
        if row["token"] is None:
            raise UserError(
                f"study raters: again={code}: answered on another platform and never had a link; add=1 adds somebody"
            )
        new = _hash(token), time.time() + days * DAY, code
        database.execute("UPDATE raters SET token = ?, expires = ? WHERE code = ?", new)
    return token


def find_rater(database: sqlite3.Connection, token: str) -> Rater | None:
    """Find whose token it is; None where nobody has it."""
    return _read(database.execute("SELECT * FROM raters WHERE token = ?", (_hash(token),)).fetchone())


def read_rater(database: sqlite3.Connection, code: str) -> Rater | None:
    """Read a rater by the code; None where there is none."""
    return _read(database.execute("SELECT * FROM raters WHERE code = ?", (code,)).fetchone())


def _read(row: sqlite3.Row | None) -> Rater | None:
    return None if row is None else Rater(row["code"], row["expires"], row["excluded"], (row["token"] or "")[:16])


def _check_days(days: float) -> None:
    if not 0 < days <= _LONGEST:
        raise UsageError(f"study: days={days:g}: how long links work, up to {_LONGEST}")


def _make_code(database: sqlite3.Connection) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(5))
        if read_rater(database, code) is None:
            return code


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
