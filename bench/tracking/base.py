"""What a tracker is, for section 5's runs: it is told of finished ones, and nothing else depends on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.tracking.told import TrackedRun, TrackedSweep

PACKAGES = {"wandb": "wandb", **dict.fromkeys(("mlflow", "alembic", "sqlalchemy", "tensorboard"), "'zgs[tracking]'")}
"""What trackers import, and what pip is asked for where it is missing."""


class Tracker(Protocol):
    """Where finished runs are told of. It may raise: results are on disk before, and `bench.tracking.tell` catches."""

    def log(self, run: TrackedRun) -> None:
        """Tell of a finished run. The same ``run.identity`` again takes the place of what was told before."""
        ...

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Tell of a finished sweep, whose runs were told one by one."""
        ...


class NoTracking:
    """The default."""

    def log(self, run: TrackedRun) -> None:
        """Does nothing."""

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Does nothing."""


class Several:
    """Several trackers at once; one that fails keeps none of the others from being told."""

    def __init__(
        self, wandb: Tracker | None = None, mlflow: Tracker | None = None, tensorboard: Tracker | None = None
    ) -> None:
        named = {"wandb": wandb, "mlflow": mlflow, "tensorboard": tensorboard}
        self.trackers = {name: tracker for name, tracker in named.items() if tracker is not None}

    def log(self, run: TrackedRun) -> None:
        """Tell each tracker; raises what they raised together."""
        _call_each(self.trackers, lambda tracker: tracker.log(run))

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Tell each tracker; raises what they raised together."""
        _call_each(self.trackers, lambda tracker: tracker.log_sweep(sweep))


def _call_each(trackers: Mapping[str, Tracker], tell: Callable[[Tracker], None]) -> None:
    """Call each, whatever the others raise. Raises RuntimeError that names each that failed, and why."""
    failed = []
    for name, tracker in trackers.items():
        try:
            tell(tracker)
        except Exception as error:
            failed.append(f"{name}: {describe_failure(error)}")
    if failed:
        raise RuntimeError("; ".join(failed))


def describe_failure(error: BaseException) -> str:
    """Describe in one line why a tracker failed; where a package is missing, what installs it."""
    missing = (getattr(error, "name", None) or "").partition(".")[0] if isinstance(error, ImportError) else ""
    if missing in PACKAGES:
        return f"{missing} is not installed: pip install {PACKAGES[missing]}"
    return " ".join(str(error).split())[:300] or type(error).__name__
