"""`zgs run -cd RUN -cn config`: the settings of a finished run, with what further words change of them."""

from __future__ import annotations

import copy
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.commands.as_in_run import Base, make_base
from bench.commands.options import CONFIG_DIR, CONFIG_NAME, CONFIG_PATH, check_folder, find_flag
from bench.commands.settings import take_over
from bench.errors import UsageError
from bench.settings.compose import STORED
from bench.settings.saved import update_targets
from bench.settings.trust import check_made, check_targets_below
from bench.system.resources import find_conf_dir

WHOLE = ("data", "models", "segment", "encode", "caption", "merge", "method", "score", "tracking", "executor", "out")
"""What the settings of a run have; a configuration of one's own builds on ``defaults`` instead."""


@dataclass(frozen=True)
class Request:
    """The words of `zgs run` as Hydra is to read them, the run that they repeat, if any, and the folder it ran in."""

    arguments: list[str]
    base: Base | None = None
    cwd: Path | None = None


def read_request(arguments: Sequence[str], trusted: Sequence[str] = ()) -> Request:
    """Read what `-cd` and `-cn` ask for. Raises UsageError for a name that is no file and for a folder of `zgs score`.

    Raises UserError where settings name code that is neither installed nor of a ``trusted`` package.
    """
    name, place = find_flag(arguments, CONFIG_NAME), find_flag(arguments, (*CONFIG_DIR, *CONFIG_PATH))
    if place is not None:
        check_folder(place)
    if name is None:
        return Request(list(arguments))
    path = Path(place or ".") / f"{name.removesuffix('.yaml')}.yaml"
    ours = (find_conf_dir() / path.name).is_file()
    if place is None or not path.is_file():
        if ours:
            return Request(list(arguments))
        raise UsageError(f"-cn {name}: {path} is no file; to repeat a run: zgs run -cd RUN -cn config")
    settings = _read_settings(path)
    if set(WHOLE) <= set(settings) and "defaults" not in settings:
        check_made(settings, path, trusted)
        return _make_request(arguments, settings, path.parent, trusted)
    if ours:
        raise UsageError(f"-cn {name}: {path} is not the settings of a run; zgs has a {path.name} too: rename it")
    return Request(list(arguments))  # a configuration of the user's own, which Hydra composes


def change_settings(base: Base, composed: Mapping[str, Any], chosen: Mapping[str, str], words: Sequence[str]) -> Any:
    """Change the settings of a run as ``words`` say; ``composed`` and ``chosen`` are with those words.

    A key is as the words say, a named group as its yaml says, and all that follows from them follows.
    """
    settings = copy.deepcopy(base.settings)
    _apply_change(settings, base.composed, composed)
    for word in words:
        take_over(composed, settings, word.partition("=")[0].lstrip("+~").replace("/", ".").split("."))
    kept = {group: option for group, option in settings.get("choices", {}).items() if group in chosen}
    new = {group: option for group, option in chosen.items() if base.chosen.get(group) != option}
    if kept or new:
        settings["choices"] = dict(sorted({**kept, **new}.items()))
    return settings


@contextmanager
def work_in(folder: Path | None) -> Iterator[None]:
    """Work in another folder, from which a run's relative paths were seen; None stays."""
    here = Path.cwd()
    try:
        if folder is not None:
            os.chdir(folder)
        yield
    finally:
        os.chdir(here)


def _make_request(arguments: Sequence[str], settings: dict[str, Any], folder: Path, trusted: Sequence[str]) -> Request:
    file = folder / "run.json"
    record = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if "predictions" in settings:
        command = record.get("command") or shlex.join(["zgs", "score", str(settings["predictions"]), "data=…"])
        raise UsageError(f"{folder}: a folder of `zgs score`, which runs no model; to score again: {command}")
    words = _remove_flags(arguments, (*CONFIG_NAME, *CONFIG_DIR, *CONFIG_PATH))
    told = str(record.get("cwd") or "")
    cwd = Path(told).expanduser() if told else None
    cwd = cwd if cwd and cwd.is_dir() and cwd.resolve() != Path.cwd().resolve() else None
    own = str(record.get("config_dir") or "")
    if own and Path(own).is_dir():
        check_targets_below(Path(own), trusted)
    flags = ["-cn", STORED, *(["-cd", own] if own and Path(own).is_dir() else [])]
    keys = {word.partition("=")[0] for word in words}
    base = make_base(settings, parts="models" not in keys)
    return Request([*flags, *(_anchor_path(word) if cwd else word for word in words)], base, cwd)


def _anchor_path(word: str) -> str:
    """Give a word whose value is a relative path here the whole path: the run's own folder is another."""
    key, equals, value = word.partition("=")
    if not equals or not value or word.startswith("-") or "://" in value:
        return word
    kind, _, path = value.rpartition(":") if value.startswith("file:") else ("", "", value)
    here = Path(path).absolute()
    if key not in ("out", "store") and not (here.exists() and path not in (".", "..")):
        return word
    return f"{key}={kind + ':' if kind else ''}{here}"


def _remove_flags(arguments: Sequence[str], flags: Sequence[str]) -> list[str]:
    kept, words = [], iter(arguments)
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in flags:
            kept.append(word)
        elif not equals:
            next(words, None)
    return kept


def _read_settings(file: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{file}: cannot be read ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{file}: holds no settings")
    return update_targets(settings)


def _apply_change(target: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Do to ``target`` what makes ``before`` into ``after``."""
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping) and isinstance(target.get(key), dict):
            _apply_change(target[key], old, new)
        elif key not in after:
            target.pop(key, None)
        elif key not in before or old != new:
            target[key] = copy.deepcopy(new)
