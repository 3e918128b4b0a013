"""Which numbers a launcher takes, checked before the first job; no part of the paper.

A launcher meets a number that it cannot take when jobs are handed over to it, and says so by a traceback of its
library's, or by jobs that end without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Interval

from bench.errors import UsageError
from bench.settings.check import check_value

KEY = "hydra.launcher"
MANY = 100_000
JOBLIB, RAY, SUBMITIT = "JoblibLauncher", "RayLauncher", "SubmititLauncher"
RANGES: Mapping[str, Mapping[str, Any]] = {
    JOBLIB: {
        "n_jobs": Annotated[int, Interval(ge=-MANY, le=MANY)],
        "timeout": Annotated[float, Interval(gt=0)] | None,
        "verbose": Annotated[int, Interval(ge=0)],
    },
    RAY: {"cpus": Annotated[float, Interval(gt=0, le=MANY)], "gpus": Annotated[float, Interval(ge=0, le=1024)]},
    SUBMITIT: {
        "array_parallelism": Annotated[int, Interval(ge=0, le=MANY)],
        "timeout_min": Annotated[int, Interval(ge=1, le=10**6)],
        "cpus_per_task": Annotated[int, Interval(ge=1, le=MANY)],
        "gpus_per_node": Annotated[int, Interval(ge=0, le=1024)] | None,
        "mem_gb": Annotated[float, Interval(ge=0.1, le=10**6)] | None,
    },
}
"""By the class of a launcher, the range of each of its numbers; launchers of others are not checked."""


def check_numbers(launcher: Mapping[str, Any]) -> None:
    """Raise UsageError, which names the range, for a number of ``launcher`` (its composed yaml) that it cannot take."""
    kind = str(launcher.get("_target_", "")).rpartition(".")[2]
    ranges = RANGES.get(kind, {})
    more = launcher.get("more")
    for place, node in ((KEY, launcher), (f"{KEY}.more", more if isinstance(more, Mapping) else {})):
        for name in ranges.keys() & node.keys():
            check_value(f"{place}.{name}", node[name], ranges[name])
    if kind == JOBLIB and launcher.get("n_jobs") == 0:
        raise UsageError(f"{KEY}.n_jobs=0: must be 1 or more, or below 0: -1 is a job for each processor")
    if kind == RAY:
        _check_shares(launcher)


def _check_shares(launcher: Mapping[str, Any]) -> None:
    """Raise UsageError for more than one processor or GPU that are no whole number: Ray shares out one alone."""
    for name in ("cpus", "gpus"):
        number = launcher.get(name, 0)
        if number > 1 and number != int(number):
            raise UsageError(f"{KEY}.{name}={number}: must be a whole number, or a share of one: below 1")
