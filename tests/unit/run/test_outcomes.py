"""What is told of jobs that left no outcome: why, and how long and where they worked, as far as they said."""

from __future__ import annotations

from pathlib import Path

from bench.run.job_progress import tell_progress
from bench.run.outcomes import NOTHING_LEFT, collect_outcomes, list_waiting


def test_a_lost_job_has_the_seconds_and_the_host_of_its_last_word(tmp_path: Path) -> None:
    with tell_progress(1, ("a=1",), tmp_path):
        pass
    began, never = collect_outcomes(tmp_path, [("a=1",), ("a=2",)], "killed")
    assert began.state == never.state == "lost"
    assert began.reason == f"{NOTHING_LEFT}: it ended at work (killed)"
    assert never.reason == f"{NOTHING_LEFT}: it never began (killed)"
    assert began.seconds >= 0 and began.host and (never.seconds, never.host) == (0.0, "")
    assert list_waiting(tmp_path, 2) == [2]
