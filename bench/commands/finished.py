"""Finished runs as the commands that read several find and check them; no part of the paper."""

from __future__ import annotations

import json
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


def refuse_runs(command: str, to: Path, folders: Sequence[Path]) -> None:
    """Raise UsageError where a report would go into the folder of a run, whose scores it would replace."""
    if to.is_dir() and any(folder.samefile(to) for folder in folders):
        raise UsageError(f"{command}: to={to}: is a run that is read; choose another folder, such as {to / 'report'}")
    if (to / "run.json").is_file():
        raise UsageError(f"{command}: to={to}: is a run, whose scores would be replaced; choose another folder")


def check_finished(folders: Sequence[Path], trusted: Sequence[str]) -> None:
    """Raise UserError for a run whose files are not as it left them, or that names code which nobody trusts."""
    from bench.settings.trust import REPORTING, check_run
    from bench.store.sealed import check_whole

    for folder in folders:
        try:
            check_whole(folder)
        except UserError as error:
            raise UserError(name_remedy(folder, str(error))) from error
        check_run(folder, trusted, REPORTING)


def leave_out_damaged(places: Sequence[Path], trusted: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Split runs, and those in folders of runs, into the ones that are whole and a line for each other: why it is not.

    The folders are in the order of `bench.report.runs.find_runs`. Raises the first line where no run is whole.
    """
    from bench.report.runs import find_runs, sort_runs

    lines, whole = [], []
    for place in places:
        within = sorted(file.parent for file in place.glob("*/run.json"))
        several = within if within and not (place / "run.json").is_file() else [place]
        sound = []
        for folder in several:
            try:
                check_finished(find_runs([folder]), trusted)
                sound.append(folder)
            except UserError as error:
                lines.append(name_remedy(folder, " ".join(str(error).split())))
        whole += [place] if sound == several else sort_runs(sound)
    if not whole:
        raise UserError(lines[0])
    return find_runs(whole), lines


def name_remedy(folder: Path, line: str) -> str:
    """Name in a line of error the command that makes a run again, as its record has it, in place of "the same"."""
    from bench.run.provenance import make_repeat_line
    from bench.store.sealed import RECORD, REMEDY

    if REMEDY not in line:
        return line
    try:
        repeat = json.loads((folder / RECORD).read_text(encoding="utf-8"))["repeat"]
    except (OSError, ValueError, KeyError, TypeError):
        repeat = make_repeat_line(folder) if (folder / "config.yaml").is_file() else ""
    return line.replace(REMEDY, f"{REMEDY}: {repeat}") if repeat and repeat not in line else line
