"""The jobs of a sweep as lines: a table of all, one line a job as it ends, and the whole with an estimate."""

from __future__ import annotations

from collections.abc import Sequence

from bench.commands.sweeps import describe_job
from bench.run.sweep_status import JobStatus, Plan, count_states, estimate_rest
from bench.text.columns import align_columns, write_duration
from bench.text.escape import escape_for_terminal

TITLES = ("job", "state", "images", "time", "left", "host", "what", "")
_NUMBERS = (0, 2, 3, 4)


def make_status_table(statuses: Sequence[JobStatus], plan: Plan) -> list[str]:
    """Make a line a job, and the whole below it."""
    rows = [TITLES, *(_make_row(status, plan) for status in statuses)]
    return [*align_columns(rows, _NUMBERS, widest=100), describe_sweep(statuses, plan)]


def describe_end(status: JobStatus, plan: Plan) -> str:
    """Describe in one line a job that has ended, and of how many where all are known beforehand."""
    of = f" of {len(plan.jobs)}" if plan.jobs else ""
    what = f" ({_describe_words(status, plan)})" if status.overrides else ""
    parts = [status.state, _count_images(status), write_duration(status.seconds) if status.seconds else ""]
    told = ", ".join(part for part in parts if part)
    reason = f": {status.reason}" if status.reason else ""
    return escape_for_terminal(f"sweep: job {status.job}{of}{what}: {told}{reason}")


def describe_sweep(statuses: Sequence[JobStatus], plan: Plan) -> str:
    """Describe in one line how many jobs have come how far, and how long the rest will take."""
    to_come = max((plan.expected or 0) - len(statuses), 0) if not plan.ended else 0
    counts = dict(count_states(statuses))
    if to_come:
        counts["to come"] = to_come
    told = ", ".join(f"{number} {state}" for state, number in counts.items()) or "no job yet"
    rest = (
        ""
        if plan.ended
        else f"; {_describe_rest(estimate_rest(statuses, to_come), any(each.is_open for each in statuses))}"
    )
    ended = f"; {plan.ended}" if plan.ended not in ("", "ended") else ""
    return f"sweep: {len(statuses) + to_come} jobs: {told}{rest}{ended}"


def _describe_rest(seconds: float | None, going_on: bool) -> str:
    if seconds is None:
        return "nobody can say yet how long it will take"
    if seconds < 1:
        return "almost done" if going_on else "nothing is left to do"
    return f"about {write_duration(seconds)} left"


def _make_row(status: JobStatus, plan: Plan) -> tuple[str, ...]:
    left = "" if status.left is None or not status.is_open else write_duration(status.left)
    what = _describe_words(status, plan) if status.overrides else ""
    seconds = write_duration(status.seconds) if status.seconds else ""
    return str(status.job), status.state, _count_images(status, ""), seconds, left, status.host, what, status.reason


def _count_images(status: JobStatus, unit: str = " images") -> str:
    return f"{status.done} of {status.images}{unit}" if status.images else ""


def _describe_words(status: JobStatus, plan: Plan) -> str:
    """Describe a job by the words that not all jobs have."""
    return describe_job(status.overrides, plan.jobs or [status.overrides, plan.fixed])
