"""The finished runs among places that a command was given, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import UsageError, UserError
from bench.text.escape import escape_for_terminal


def find_finished(command: str, places: Sequence[Path], trusted: Sequence[str] = ()) -> list[Path]:
    """Find at least two runs; one that is named and not finished is an error, in a folder it is left out and told."""
    from bench.report.runs import find_runs
    from bench.run.progress import describe_unfinished, is_unfinished

    if unfinished := [place for place in places if is_unfinished(place)]:
        raise UserError(describe_unfinished(unfinished[0], trusted))
    folders = find_runs(places)
    for within in sorted(below.parent for place in places for below in place.glob("*/config.yaml")):
        if is_unfinished(within):
            print(f"left out: {escape_for_terminal(describe_unfinished(within, trusted))}")
    if len(folders) < 2:
        raise UsageError(
            f"{command}: {'one finished run' if folders else 'no run'} is nothing to compare: give at least two, or a "
            f"folder that holds them (`zgs report RUN` is of one); `zgs {command} --help` shows how"
        )
    return folders
