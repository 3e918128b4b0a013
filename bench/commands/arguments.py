"""The arguments of the commands that are no Hydra job: places, KEY=VALUE and flags; a wrong one is one line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from bench.commands.words import is_there
from bench.errors import UsageError

Arguments = tuple[list[str], dict[str, str]]
"""Words that name files or folders, and the options by their keys."""


class Parser(argparse.ArgumentParser):
    """For commands with flags. ``prog`` is ``zgs`` and the command."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError in place of a page on standard error."""
        command = self.prog.partition(" ")[2]
        raise UsageError(f"{command}: {message}; `{self.prog} --help` shows how")


def read_arguments(command: str, arguments: Sequence[str], options: Mapping[str, str]) -> Arguments:
    """Read the places and the options that a command is given; ``options`` are all that it has, with their defaults.

    A word with "=" is a place where such a file exists. Raises UsageError for another option and for a flag.
    """
    words = [word for word in arguments if "=" in word and (word.partition("=")[0] in options or not is_there(word))]
    places, given = [word for word in arguments if word not in words], dict(word.split("=", 1) for word in words)
    if unknown := [word for word in arguments if word.startswith("-")] + sorted(set(given) - set(options)):
        from bench.data.base import suggest_nearest

        near = suggest_nearest(unknown[0], options)
        raise UsageError(f"{command}: {unknown[0]}: no such option{near}; `zgs {command} --help` shows all")
    return places, {**options, **given}


def refuse_inputs(to: Path, read: Iterable[str | Path | None], option: str, folder: Path | None = None) -> None:
    """Raise UsageError where a file that is to be written is one of those that are read, by whatever name.

    ``option`` is what names it, as ``to``, or names the ``folder`` that it is to lie in; what is None, empty or no file
    of ``read`` is passed over. It would be lost.
    """
    if not to.is_file():
        return
    for place in (Path(one).expanduser() for one in read if one):
        if place.is_file() and place.samefile(to):
            if folder is None:
                raise UsageError(f"{option}={to}: is a file that is read; choose another name")
            raise UsageError(f"{option}={folder}: its {to.name} is a file that is read; choose another folder")


def read_count(command: str, options: Mapping[str, str], key: str) -> int:
    """Read an option that is a number of things. Raises UsageError for any other text."""
    if not options[key].isdigit():
        raise UsageError(f"{command}: {key}={options[key]}: needs a whole number, 0 or more")
    return int(options[key])
