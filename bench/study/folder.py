"""A study's folder: what lies where, and what of it is missing; no part of the paper."""

from __future__ import annotations

import sqlite3
from pathlib import Path

PICTURES = "pictures"
LINKS = "links.csv"
LOCK = ".serving"
SERVED = ".served"
"""Who serves it, in words, while somebody does."""


def list_missing_pictures(database: sqlite3.Connection, folder: Path) -> list[str]:
    """List the pictures that questions show and that are not in the folder."""
    rows = database.execute("SELECT picture FROM questions UNION SELECT photograph FROM questions").fetchall()
    return sorted(row[0] for row in rows if not (folder / PICTURES / row[0]).is_file())
