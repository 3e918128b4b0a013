"""The seam between section 5's runs and trackers: called when all results are on disk, and never raises."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.text.escape import escape_for_terminal
from bench.tracking.base import NoTracking, describe_failure

if TYPE_CHECKING:
    from bench.run.outcomes import Outcome

NONE = f"{NoTracking.__module__}.{NoTracking.__qualname__}"


def track_run(
    folder: Path, options: Mapping[str, Any], words: Sequence[str] = (), jobs: Sequence[Sequence[str]] = (),
    command: Sequence[str] = (),
) -> None:  # fmt: skip
    """Tell the tracker that ``options`` name of a finished run; without one nothing is imported or read.

    ``words`` are the run's overrides, ``jobs`` those of all runs of its sweep, ``command`` the words of a sweep whose
    jobs nobody knows beforehand. Whatever goes wrong is one line on standard error: the results are on disk.
    """
    if options["_target_"] == NONE:
        return

    def tell() -> None:
        from bench.run.writing import read_while_whole
        from bench.settings.instantiate import make_object
        from bench.tracking.content import read_tracked_run
        from bench.tracking.sweep import find_place

        def tell_while_whole(folders: Sequence[Path]) -> None:
            make_object(options).log(read_tracked_run(folders[0], find_place(words, jobs, command)))

        read_while_whole(tell_while_whole)([folder])

    _call_or_warn(tell, f"the results in {folder} are complete")


def track_sweep(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Tell the tracker of the runs of a sweep, in one summary; nothing where fewer than two have finished."""
    done = [outcome for outcome in outcomes if outcome.folder]
    if len({outcome.folder for outcome in done}) < 2:
        return

    def tell() -> None:
        from bench.settings.saved import read_run_settings

        settings = read_run_settings(Path(done[0].folder))
        if settings["tracking"]["_target_"] == NONE:
            return
        from bench.settings.instantiate import make_object
        from bench.tracking.sweep import find_place, make_tracked_sweep

        place = find_place(done[0].overrides, [outcome.overrides for outcome in outcomes])
        if place is not None:
            out, pictures = Path(done[0].folder).parent, int(settings["pictures"])
            make_object(settings["tracking"]).log_sweep(make_tracked_sweep(folder, outcomes, place, out, pictures))

    _call_or_warn(tell, "the results of its jobs are complete")


def _call_or_warn(tell: Callable[[], None], rest: str) -> None:
    """Call something; what it raises (network, disk, package, version) is one line, for it must cost no result."""
    try:
        tell()
    except Exception as error:
        reason = describe_failure(error)
        print(escape_for_terminal(f"warning: tracking failed ({reason}); {rest}"), file=sys.stderr, flush=True)
