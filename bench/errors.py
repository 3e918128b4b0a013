"""The errors a user can mend: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.text.escape import visible


class UserError(Exception):
    """Bad input or a bad option; the command prints the message as one line and exits with 1."""

    def __str__(self) -> str:
        return visible(" ".join(super().__str__().split()))  # names may hold what no stream takes


class UsageError(UserError):
    """The command itself is wrong (unknown option, key or value); exits with 2."""


class BadSample(UserError):
    """One image cannot be used; the run records a skip with this reason and goes on."""


@contextmanager
def writing(place: Path, option: str) -> Iterator[None]:
    """A full or unwritable disk becomes a `UserError` that names the place and the option that chooses another.

    ``option`` is as it is written, "out=FOLDER" or "--csv FILE".
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write {place}: {error.strerror or error}; free some space or choose another place with "
            f"{option} (what is finished is kept)"
        ) from error
