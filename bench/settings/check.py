"""Settings against the signatures they name, before any model is loaded: a wrong type, key or number is one line."""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from hydra.utils import get_object

from bench.bounds import describe_span, is_within, read_hints, read_span, split_union
from bench.data.base import suggest_nearest
from bench.errors import UsageError
from bench.models.sources import DTYPES
from bench.settings.ranges import ADDED, DEFAULTS, MODELS, NESTED, NOT_EMPTY, NOTES, ONCE, PLACES, RUN
from bench.settings.room import check_room
from bench.settings.start_layer import check_start_layer

GROUPS = ("data", "models", "segment", "encode", "caption", "merge", "method", "score", "tracking", "executor")
BASELINE = "baseline"
"""A group that is there only where one is chosen."""
DOES = dict.fromkeys(("segment", "encode", "caption", "merge", BASELINE), "__call__") | {
    "data": "list_ids", "tracking": "log", "executor": "open_session", "score": "list_settings",
}  # fmt: skip
"""What the class that a group names has to have."""
WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    type(None): "null",
    Path: "a path",
}
HYDRA_KEYS = ("_target_", "_convert_", "_recursive_", "_partial_", "_args_")
DEVICES = re.compile(r"auto|cpu|(cuda|mps|xpu)(:\d{1,3})?", re.ASCII)


def check_settings(settings: Mapping[str, Any], groups: Sequence[str] = GROUPS) -> None:
    """Raise UsageError for the first setting that is unknown, of a wrong type or out of range; look into ``groups``."""
    for key in settings:
        if key not in (*GROUPS, BASELINE, *RUN, "choices"):
            raise UsageError(f"{key}: no such key{suggest_nearest(key, (*GROUPS, BASELINE, *RUN))}")
    for key in (*GROUPS, *RUN):
        if key not in settings and key not in ADDED:
            raise UsageError(f"{key}: is not there, and every run needs it; give {key}=…")
    for key in RUN.keys() & settings.keys():
        check_value(key, settings[key], RUN[key])
    for key in NESTED:
        _check_nested(key, settings.get(key, {}))
    for group in (*groups, *({BASELINE} & settings.keys())):
        if group == "models":
            _check_models(settings)
        else:
            _check_node(group, settings[group])
    _check_words(settings)
    if "models" in groups:
        _check_no_model_is_null(settings, groups)
    if "encode" in groups and BASELINE not in settings:
        check_start_layer(settings)
    check_room(settings, groups)


def _check_nested(name: str, node: Any) -> None:
    """Check a key of no group that has keys below it."""
    known = NESTED[name]
    if not isinstance(node, Mapping):
        raise UsageError(f"{name}={node}: give its keys, {', '.join(f'{name}.{key}=…' for key in known)}")
    for key, value in node.items():
        if key not in known:
            raise UsageError(f"{name}.{key}: no such key; there is {', '.join(f'{name}.{own}' for own in known)}")
        check_value(f"{name}.{key}", value, known[key])


def _check_words(settings: Mapping[str, Any]) -> None:
    """Check settings whose words are known before torch is."""
    own = {f"precision.{stage}": dtype for stage, dtype in settings.get("precision", {}).items() if dtype is not None}
    for key, dtype in {"dtype": settings["dtype"], **own}.items():
        if dtype not in DTYPES:
            raise UsageError(f"{key}={dtype}: known are {', '.join(DTYPES)}")
    if not DEVICES.fullmatch(settings["device"]):
        raise UsageError(f"device={settings['device']}: known are auto, cpu, cuda, and cuda:1 for the second GPU")
    for key, optional in PLACES.items():
        group, _, name = key.rpartition(".")
        place = (settings.get(group, {}) if group else settings).get(name)
        if isinstance(place, str) and not place.strip():
            raise UsageError(f"{key}={place}: is empty; name one, {key}=PATH{f', or none, {key}=null' * optional}")


def _check_no_model_is_null(settings: Mapping[str, Any], groups: Sequence[str]) -> None:
    """Check that no model is null which one of the stages that run names, or by which every text is scored."""
    null = [name for name, node in settings["models"].items() if node is None]
    users = {"clip": "scoring by embedding (ST)", "sentence": "scoring by text (TT)"}
    stages = (BASELINE,) if BASELINE in settings else [stage for stage in STAGES if stage in groups]
    for stage in stages if null else ():
        target = settings[stage]["_target_"]
        told = f"{stage}={settings.get('choices', {}).get(stage, target)}"
        users |= dict.fromkeys(inspect.signature(get_object(target)).parameters, told)
    for name in null:
        if name in users:
            raise UsageError(f"models.{name}=null: {users[name]} needs it; leave that out, or choose models/{name}=…")


def _check_models(settings: Mapping[str, Any]) -> None:
    """Check numbers and names of models, without their modules; what is not ours only has to be finite."""
    for key, hint in (DEFAULTS | MODELS).items():
        group, *path = key.split(".")
        node = settings[group]
        for name in path[:-1]:
            node = node.get(name) or {}
            if not str(node.get("_target_", "bench.")).startswith("bench."):
                node = {}
        if path[-1] in node:
            check_value(key, node[path[-1]], hint)
    for name, node in settings["models"].items():
        if isinstance(node, Mapping) and not str(node.get("_target_", "bench.")).startswith("bench."):
            _read_hints(f"models.{name}", node["_target_"])
    _check_finite("models", settings["models"])


def _check_node(where: str, node: Any) -> None:
    if not isinstance(node, Mapping):
        raise UsageError(f"{where}={node}: needs an option of the group; `zgs run --help` lists them")
    hints = _read_hints(where, node["_target_"], node) if "_target_" in node else {}
    if where in DOES and not hints and "_target_" not in node:
        raise UsageError(f"{where}: names no class; say which, {where}._target_=package.module.Class")
    for key, value in node.items():
        if isinstance(value, Mapping) and ("_target_" in value or key not in hints):
            _check_node(f"{where}.{key}", value)
        elif key in hints:
            check_value(f"{where}.{key}", value, hints[key])
        else:
            _check_finite(f"{where}.{key}", value)


def _read_hints(where: str, target: Any, node: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read the hints of the class that a group names. UsageError where it is none, or lacks a key of ``node``."""
    log = logging.getLogger("hydra.utils")  # it tells of the error too, in several lines
    before, log.disabled = log.disabled, True
    try:
        made = get_object(str(target))
    except (ImportError, ValueError, AttributeError) as error:  # Hydra's text ends in a question of its own
        said = str(error.__cause__ or error) or " ".join(str(error).split())
        raise UsageError(
            f"{where}._target_={target}: cannot be imported ({said}); write package.module.Class of a package that is "
            "installed or lies in the working folder"
        ) from error
    finally:
        log.disabled = before
    needed = DOES.get(where)
    classy = inspect.isclass(made) and any(needed in vars(base) for base in made.__mro__)
    named = inspect.isclass(made) or inspect.isfunction(made)
    if (needed and not classy and not (inspect.isfunction(made) and where in ("data", *STAGES))) or not named:
        what = f"a class with {needed}()" if needed else "a class"
        raise UsageError(f"{where}._target_={target}: is no {where}; it has to be {what}")
    parameters = inspect.signature(made).parameters
    if node is not None and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        for key in node:
            if key not in parameters and key not in HYDRA_KEYS:
                raise UsageError(f"{where}.{key}: no such key of {target}{suggest_nearest(key, parameters)}")
    return read_hints(made)


STAGES = ("segment", "encode", "caption", "merge")


def check_value(key: str, value: Any, hint: Any) -> None:
    """Raise UsageError for a value that a signature's `hint`, marks included, does not take."""
    if key in NOT_EMPTY and value == []:
        raise UsageError(f"{key}=[]: name at least one")
    if not is_of_type(value, hint):
        raise UsageError(f"{key}={value}: needs {describe_hint(hint)}")
    if isinstance(value, int | float) and not isinstance(value, bool) and not is_within(value, span := read_span(hint)):
        note = f" ({NOTES[key]})" if key in NOTES else ""
        raise UsageError(f"{key}={value}: must be {describe_span(span)}{note}")
    _check_finite(key, value)
    if key in ONCE and isinstance(value, list) and (twice := [v for at, v in enumerate(value) if v in value[:at]]):
        raise UsageError(f"{key}={value}: {twice[0]} stands there twice; name each once".replace("'", ""))


def _check_finite(key: str, value: Any) -> None:
    """Raise UsageError for a number that is not finite, at any depth, whoever wrote the class that takes it."""
    for place, number in _walk_floats(key, value):
        if not math.isfinite(number):
            raise UsageError(f"{place}={number}: must be a finite number")


def _walk_floats(key: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield key, value
    elif isinstance(value, Mapping | list):
        for name, each in value.items() if isinstance(value, Mapping) else ((None, v) for v in value):
            yield from _walk_floats(key if name is None else f"{key}.{name}", each)


def is_of_type(value: Any, hint: Any) -> bool:
    """Whether a configured value can stand where a signature says `hint`; what cannot be configured fits always."""
    if len(several := list(split_union(hint))) > 1:
        return any(is_of_type(value, each) for each in several)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return is_of_type(value, inner[0])
    if origin is Literal:
        return value in inner
    if origin in (list, tuple):
        return isinstance(value, str) or (isinstance(value, list) and all(is_of_type(v, inner[0]) for v in value))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str if hint is Path else hint) if hint in WORDS else True


def describe_hint(hint: Any) -> str:
    """Describe a hint in words."""
    if len(several := list(split_union(hint))) > 1:
        return " or ".join(describe_hint(each) for each in several)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return (
            f"{describe_hint(inner[0])} {describe_span(read_span(hint))}"
            if read_span(hint)
            else describe_hint(inner[0])
        )
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    return "a list" if origin in (list, tuple) else WORDS.get(hint, "an option of another kind")
