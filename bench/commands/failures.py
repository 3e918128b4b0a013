"""The end of a sweep in which jobs failed: which, why, where it is told in full, and how to run only those again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.commands.calling import split_flags
from bench.commands.sweeps import SWEEPS, describe_job, make_commands, strip_quotes

if TYPE_CHECKING:
    from bench.run.outcomes import Outcome

_SEARCHING = ("hydra/sweeper=", "hydra.sweeper.")
_CHOOSING = ("hydra.mode=", *_SEARCHING)


def print_failures(outcomes: Sequence[Outcome], arguments: Sequence[str], what: str = "failed") -> None:
    """Print each failed job and the command that repeats those alone, on standard error, below the table.

    ``what`` became of them together: they failed, or the sweep was stopped.
    """
    failed = [outcome for outcome in outcomes if outcome.failed]
    if not failed:
        return
    sys.stdout.flush()
    print(f"\n{len(failed)} of {len(outcomes)} jobs {what}:", file=sys.stderr)
    jobs = [outcome.overrides for outcome in outcomes]
    for outcome in failed:
        print(f"  job {outcome.job}: {describe_job(outcome.overrides, jobs)}\n    {outcome.reason}", file=sys.stderr)
        if outcome.traceback:
            print(f"    traceback: {outcome.traceback}", file=sys.stderr)
    if is_search(arguments):
        print("the same search goes on, and tries others in their place:", file=sys.stderr)
        print(" ", shlex.join(["zgs", "run", *map(strip_quotes, arguments)]), file=sys.stderr)
    elif again := [outcome.overrides for outcome in failed if outcome.overrides]:
        print("only these again:", *make_commands(again, _select_shared(arguments)), sep="\n  ", file=sys.stderr)


def is_search(arguments: Sequence[str]) -> bool:
    """Whether the words ask for a sweeper that chooses the jobs as it goes: their words are of no use without it."""
    return any(word.lstrip("+~").startswith(_SEARCHING) for word in arguments)


def _select_shared(arguments: Sequence[str]) -> list[str]:
    """Select the flags and Hydra's own words, which all jobs need: not those of who chose the jobs."""
    flags, words = split_flags(arguments)
    own = [word for word in words if word.startswith(("hydra.", "hydra/")) and not word.startswith(_CHOOSING)]
    return [*(flag for flag in flags if flag not in SWEEPS), *own]
