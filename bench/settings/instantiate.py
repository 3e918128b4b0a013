"""From a checked option to the object that it names: the last step of the door between configuration and code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from bench.errors import UsageError, UserError

OPTIONS_ONLY = (
    "bench.segment", "bench.encode", "bench.caption", "bench.merge", "bench.baselines", "bench.run", "bench.tracking",
)  # fmt: skip
"""Where a constructor can only complain of an option; data and models may also lack files."""


def make_object(options: Mapping[str, Any], **given: Any) -> Any:
    """Make the object that `_target_` names. What a constructor says is wrong is said as it says it."""
    try:
        return instantiate(dict(options), **given, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, UserError):
            own = isinstance(error.__cause__, UsageError) or not str(options["_target_"]).startswith(OPTIONS_ONLY)
            raise error.__cause__ if own else UsageError(str(error.__cause__)) from None
        if isinstance(error.__cause__, TypeError | ImportError):
            raise UsageError(f"{options['_target_']}: {error.__cause__}") from error
        raise
