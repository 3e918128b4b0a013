"""The errors a user can fix: one line that says what is wrong, where, and what to do; and the exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.text.escape import escape_for_terminal

DONE, FAILED, USAGE, SKIPS = 0, 1, 2, 3
"""Exit codes of every command: done, failed, the command itself is wrong, done with images skipped."""


class UserError(Exception):
    """Bad input or a bad option; the command prints the message as one line and exits with 1."""

    def __str__(self) -> str:
        return escape_for_terminal(super().__str__(), lines=True)  # names from files may hold what no stream takes


class UsageError(UserError):
    """The command itself is wrong (unknown option, key or value); exits with 2."""


class BadSample(UserError):
    """One image cannot be used; the run records a skip with this reason and goes on."""


class StrayNumber(Exception):
    """A picture of numbers that were not looked at when it was read holds one without a meaning: read it with a look.

    Never told to a user: whoever reads with a look says what is wrong, and where.
    """


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
