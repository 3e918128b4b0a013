"""`zgs status`: how far a sweep or a run has come, asked from any process and host that sees its folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.commands.arguments import read_arguments
from bench.commands.sweep_lines import make_status_table
from bench.commands.sweeps import FOLDER
from bench.errors import DONE, UsageError, UserError
from bench.run.progress import describe_unfinished, is_unfinished
from bench.run.sweep_status import PLAN, SweepReader, open_sweep, read_plan
from bench.store.sealed import RECORD
from bench.text.escape import escape_for_terminal

USAGE = """zgs status [FOLDER] [every=SECONDS]

FOLDER         where runs go (outputs): the sweeps there that go on, else the last one; or a sweep's own folder
               (outputs/sweeps/…), or the folder of a run
every=SECONDS  show it again so often, until all sweeps have ended
trust=PACKAGE  of an unfinished run: run code of that package where its settings name it

One line a job: state, images done of all, time worked, an estimate of what is left, host, overrides. Times are those
that jobs count themselves. Of a job that was killed on another host nobody knows at once: with every= its line says for
how long it has said nothing."""


def main(arguments: list[str]) -> int:
    """Print the table of each sweep, or how much of a run is done."""
    from bench.settings.trust import take_trusted

    rest, trusted = take_trusted(arguments)
    places, options = read_arguments("status", rest, {"every": ""})
    if len(places) > 1:
        raise UsageError("status: name one folder; `zgs status --help` shows how")
    place, every = Path(places[0] if places else "outputs"), _read_every(options["every"])
    if not place.is_dir():
        raise UserError(f"{place}: no such folder; name where runs go, the folder of a sweep, or of a run")
    if is_unfinished(place) or (place / RECORD).is_file():
        print(
            escape_for_terminal(
                f"{place}: finished" if (place / RECORD).is_file() else describe_unfinished(place, trusted)
            )
        )
        return DONE
    _show(find_sweeps(place), every)
    return DONE


def find_sweeps(place: Path) -> list[SweepReader]:
    """Find the sweeps of a folder that go on, else the last one. Raises UserError where there is none."""
    if (place / PLAN).is_file():
        return [open_sweep(place)]
    files = sorted([*place.glob(f"*/{PLAN}"), *place.glob(f"{FOLDER}/*/{PLAN}")], key=_date_plan)
    sweeps = [SweepReader(file.parent, plan) for file in files if (plan := read_plan(file.parent))]
    if not sweeps:
        raise UserError(f"{place}: no sweep has begun there; `zgs run -m out={place}` leaves its progress there")
    return [sweep for sweep in sweeps if not _is_over(sweep)] or sweeps[-1:]


def _date_plan(file: Path) -> tuple[int, str]:
    """Date the plan of a sweep by the disk's clock: the hosts that launch, and name folders, may go otherwise."""
    try:
        return file.stat().st_mtime_ns, file.parent.name
    except OSError:  # removed meanwhile
        return 0, file.parent.name


def _is_over(sweep: SweepReader) -> bool:
    """Whether nothing of a sweep goes on: its launcher has ended it, or is gone, and no job is at work."""
    launched = sweep.plan.ended or sweep.plan.launcher.is_gone()
    return bool(launched) and not any(status.is_open for status in sweep.read())


def _show(sweeps: Sequence[SweepReader], every: float) -> None:
    """Print all tables; again and again where that is asked for, in the same place of a terminal."""
    while True:
        lines = [line for sweep in sweeps for line in (f"{sweep.folder}: {sweep.plan.command}", *_make_lines(sweep))]
        print(*map(escape_for_terminal, lines), sep="\n", flush=True)
        if not every or all(map(_is_over, sweeps)):
            return
        time.sleep(every)
        if sys.stdout.isatty():
            print(f"\x1b[{len(lines)}F\x1b[J", end="")


def _make_lines(sweep: SweepReader) -> list[str]:
    statuses = sweep.read()
    lines = make_status_table(statuses, sweep.plan)
    if not sweep.plan.ended and sweep.plan.launcher.is_gone():
        lines.append("its launcher has ended without a word; the same command continues: what is finished is kept")
    return lines


def _read_every(text: str) -> float:
    try:
        every = float(text or 0)
    except ValueError:
        every = -1.0
    if not 0 <= every < 86400:
        raise UsageError(f"status: every={text}: needs a number of seconds")
    return every
