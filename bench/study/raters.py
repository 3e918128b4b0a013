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

from bench.errors import UsageError
from bench.study.database import change

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of codes: none that is read for another."""
_LONGEST = 3650
DAY = 86400.0


@dataclass(frozen=True)
class Rater:
    """A rater; ``expires`` in seconds since 1970, ``excluded`` says why the answers do not count (empty: they do)."""

    code: str
    expires: float
    excluded: str

    @property
    def has_expired(self) -> bool:
        """Whether the link has ended by the clock of this machine."""
        return time.time() > self.expires


def add_raters(database: sqlite3.Connection, count: int, days: float) -> list[tuple[str, str]]:
    """Add raters whose links end after some days; returns code and token of each, and keeps no token.

    Raises UsageError for a span that no calendar has.
    """
    if not 0 < days <= _LONGEST:
        raise UsageError(f"study: days={days:g}: how long links work, up to {_LONGEST}")
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


def find_rater(database: sqlite3.Connection, token: str) -> Rater | None:
    """Find whose token it is; None where nobody has it."""
    return _read(database.execute("SELECT * FROM raters WHERE token = ?", (_hash(token),)).fetchone())


def read_rater(database: sqlite3.Connection, code: str) -> Rater | None:
    """Read a rater by the code; None where there is none."""
    return _read(database.execute("SELECT * FROM raters WHERE code = ?", (code,)).fetchone())


def _read(row: sqlite3.Row | None) -> Rater | None:
    return None if row is None else Rater(row["code"], row["expires"], row["excluded"])


def _make_code(database: sqlite3.Connection) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(5))
        if read_rater(database, code) is None:
            return code


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
