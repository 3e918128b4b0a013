"""A study's folder: what lies where, and what of it is missing; no part of the paper."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from bench.errors import UserError
from bench.study.database import read_fact
from bench.study.examples import EXAMPLES

PICTURES = "pictures"
LINKS = "links.csv"
LOCK = ".serving"
SERVED = ".served"
"""Who serves it, in words, while somebody does."""


def list_pictures(database: sqlite3.Connection) -> list[str]:
    """List the pictures that questions or the instructions show, by file name."""
    rows = database.execute("SELECT picture FROM questions UNION SELECT photograph FROM questions").fetchall()
    return sorted([*(row[0] for row in rows), *(example.picture for example in EXAMPLES)])


def check_pictures(database: sqlite3.Connection, folder: Path) -> None:
    """Raise UserError where pictures of a study are gone, with the command that draws them again in this folder."""
    missing = [name for name in list_pictures(database) if not (folder / PICTURES / name).is_file()]
    if missing:
        gone = "a picture is gone," if len(missing) == 1 else f"{len(missing)} pictures are gone, the first"
        raise UserError(
            f"{folder}: {gone} {missing[0]}: the command that made the study draws what is missing "
            f"({describe_command(database, folder)})"
        )


def describe_command(database: sqlite3.Connection, folder: Path) -> str:
    """Describe the command that made a study, for the folder where it lies now: it may have been copied or moved."""
    study = read_fact(database, "study")
    words = shlex.split(study.get("command", "")) or ["zgs", "study", "make", *study["runs"].values()]
    return shlex.join([*(word for word in words if not word.startswith("to=")), f"to={folder}"])
