"""The errors a user can fix: one line that says what is wrong, where, and what to do; and the exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DONE, FAILED, USAGE, SKIPS = 0, 1, 2, 3
"""Exit codes of every command: done, failed, the command itself is wrong, done with images skipped."""

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Halves of characters, which no file holds, and codes that make a terminal do something instead of showing it."""


class UserError(Exception):
    """Bad input or a bad option; the command prints the message as one line and exits with 1."""

    def __str__(self) -> str:
        return escape_unprintable(super().__str__())  # names from files may hold what no stream takes


class UsageError(UserError):
    """The command itself is wrong (unknown option, key or value); exits with 2."""


class BadSample(UserError):
    """One image cannot be used; the run records a skip with this reason and goes on."""


def escape_unprintable(text: object) -> str:
    """Escape what a UTF-8 stream does not take or a terminal should not be sent, and return the text."""
    return _UNSEEN.sub(lambda match: repr(match[0])[1:-1], str(text))


@contextmanager
def writing(place: Path, option: str) -> Iterator[None]:
    """Turn a full or unwritable disk into a `UserError` that names the place and the option that chooses another.

    ``option`` is as it is written, "out=FOLDER" or "--csv FILE".
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write {place}: {error.strerror or error}; free some space or choose another place with "
            f"{option} (what is finished is kept)"
        ) from error
