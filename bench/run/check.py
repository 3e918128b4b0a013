"""Settings against the signatures they name, before any model is loaded: a wrong type or key is one line."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object

from bench.data.base import nearest
from bench.errors import UsageError
from bench.models.sources import DTYPES

GROUPS = ("data", "models", "segment", "encode", "caption", "merge", "method", "score", "tracking", "executor")
RUN: dict[str, Any] = {
    "variant": str | None, "controls": list[str] | str, "device": str, "dtype": str, "seed": int, "store": str,
    "out": str, "pictures": int, "tuned_on": str | None,
}  # fmt: skip
AT_LEAST = {
    "seed": 0, "pictures": 0, "caption.beams": 1, "caption.tokens": 1, "caption.rows": 1, "caption.iterations": 0,
    "encode.micro_batch": 1, "executor.threads": 1, "score.tau_sbert": -1, "score.tau_clip": -1,
    "score.rounding": 0, "score.seed": 0, "score.resamples": 0,
}  # fmt: skip
NOT_EMPTY = ("score.metrics", "score.mapping", "score.aggregation")
WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "null"}


def check_settings(settings: Mapping[str, Any], groups: Sequence[str] = GROUPS) -> None:
    """Raise UsageError for the first setting that is unknown, of a wrong type, or too small; look into ``groups``."""
    for key in settings:
        if key not in (*GROUPS, *RUN, "choices"):
            raise UsageError(f"{key}: no such key{nearest(key, (*GROUPS, *RUN))}")
    for key, hint in RUN.items():
        _fit(key, settings[key], hint)
    for group in groups:
        if group != "models":  # their modules take seconds to import, which a run that needs no model does not pay
            _check_node(group, settings[group])
    if settings["dtype"] not in DTYPES:
        raise UsageError(f"dtype={settings['dtype']}: known are {', '.join(DTYPES)}")


def _check_node(where: str, node: Any) -> None:
    if not isinstance(node, Mapping):
        return
    hints = _hints(node["_target_"]) if "_target_" in node else {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            _check_node(f"{where}.{key}", value)
        elif key in hints:
            _fit(f"{where}.{key}", value, hints[key])


def _hints(target: str) -> dict[str, Any]:
    made = get_object(target)
    try:
        hints = get_type_hints(made.__init__ if inspect.isclass(made) else made)
    except NameError:  # names that only a type checker imports: these parameters are models, which nobody configures
        hints = {}
        for name, parameter in inspect.signature(made).parameters.items():
            hint = {"int": int, "float": float, "str": str, "bool": bool}.get(str(parameter.annotation))
            hints |= {name: hint} if hint else {}
    return hints


def _fit(key: str, value: Any, hint: Any) -> None:
    if key in NOT_EMPTY and value == []:
        raise UsageError(f"{key}=[]: name at least one")
    if not fits(value, hint):
        raise UsageError(f"{key}={value}: needs {described(hint)}")
    if key in AT_LEAST and isinstance(value, int | float) and not value >= AT_LEAST[key]:
        raise UsageError(f"{key}={value}: must be {AT_LEAST[key]} or more")


def fits(value: Any, hint: Any) -> bool:
    """Whether a configured value can stand where a signature says `hint`; what cannot be configured fits always."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if origin in (list, tuple):
        return isinstance(value, str) or (isinstance(value, list) and all(fits(v, inner[0]) for v in value))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint) if hint in WORDS else True


def described(hint: Any) -> str:
    """A hint in words."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(described(each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) in (list, tuple):
        return "a list"
    return WORDS.get(hint, "an option of another kind")
