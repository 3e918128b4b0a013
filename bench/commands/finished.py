"""Finished runs as the commands that read several find and check them; no part of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import UsageError, UserError
from bench.text.escape import escape_for_terminal


def find_several(command: str, places: Sequence[Path], trusted: Sequence[str]) -> list[Path]:
    """Find two runs or more, whole and with no code of others than ``trusted``.

    One that is named and not finished is an error (UserError), in a folder of runs it is left out and told. Raises
    UsageError for fewer than two.
    """
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
    check_finished(folders, trusted)
    return folders


def check_finished(folders: Sequence[Path], trusted: Sequence[str]) -> None:
    """Raise UserError for a run whose files are not as it left them, or that names code which nobody trusts."""
    from bench.settings.trust import REPORTING, check_run
    from bench.store.sealed import check_whole

    for folder in folders:
        check_whole(folder)
        check_run(folder, trusted, REPORTING)
