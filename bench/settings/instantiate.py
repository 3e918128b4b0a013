"""From a checked option to the object that it names: the last step of the door between configuration and code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from bench.errors import UsageError, UserError

OPTIONS_ONLY = (
    "bench.segment", "bench.encode", "bench.caption", "bench.merge", "bench.baselines", "bench.run", "bench.tracking",
)  # fmt: skip
"""Where a constructor can only complain of an option; data and models may also lack files."""

HANDED_OVER = ("clip", "dino", "language", "sentence", "groupvit", "sam")
"""Models that a stage gets for a field of that name."""


def make_object(options: Mapping[str, Any], **given: Any) -> Any:
    """Make the object that `_target_` names. What a constructor says is wrong is said as it says it."""
    try:
        return instantiate(dict(options), **given, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, UserError):
            own = isinstance(error.__cause__, UsageError) or not str(options["_target_"]).startswith(OPTIONS_ONLY)
            raise error.__cause__ if own else UsageError(str(error.__cause__)) from None
        if isinstance(error.__cause__, TypeError | ImportError):
            told = describe_missing(options, given) or error.__cause__
            raise UsageError(f"{options['_target_']}: {told}") from error
        raise


def describe_missing(options: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Describe which fields without a default nobody fills; empty where all are filled, or cannot be known."""
    try:
        parameters = inspect.signature(get_object(str(options["_target_"]))).parameters.values()
    except (ImportError, ValueError, TypeError):  # not there, or nothing that is called
        return ""
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    missing = [one.name for one in named if one.default is one.empty and one.name not in {**options, **given}]
    where = "say it in the option's yaml or give the field a default; models are handed over by their names alone: "
    return f"nothing fills {', '.join(missing)}: {where}{', '.join(HANDED_OVER)}" if missing else ""
