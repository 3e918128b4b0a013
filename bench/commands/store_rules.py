"""The rules of `zgs store prune` as they are typed: ages, keys, folders of runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.store.files import Namespace
from bench.store.pruning import Rule

RULES = ("older", "unused", "key")
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def read_rule(options: Mapping[str, str], namespaces: Sequence[Namespace], trusted: Sequence[str]) -> Rule | None:
    """Read the rule that options say; None where they say none. Raises UsageError for one that cannot be read."""
    if not any(options[name] for name in RULES):
        return None
    older = read_age(options["older"]) if options["older"] else None
    keys = tuple(filter(None, options["key"].split(",")))
    if unknown := [key for key in keys if not any(space.key.startswith(key) for space in namespaces)]:
        raise UsageError(f"store prune: key={unknown[0]}: no such key; `zgs store` lists all")
    folders = [Path(folder) for folder in filter(None, options["unused"].split(","))]
    if missing := [folder for folder in folders if not folder.is_dir()]:
        raise UsageError(f"store prune: unused={missing[0]}: no such folder; name folders of runs, as outputs")
    if not folders:
        return Rule(older, keys)
    from bench.run.namespaces import list_named

    return Rule(older, keys, list_named(folders, namespaces, trusted))


def read_age(text: str) -> float:
    """Read an age in seconds: ``30d``, ``12h``, ``90min``. Raises UsageError for what is none."""
    match = re.fullmatch(rf"(\d+(?:\.\d+)?)({'|'.join(_UNITS)})", text)
    if match is None:
        raise UsageError(f"store prune: older={text}: an age is a number and its unit, {', '.join(_UNITS)}: older=30d")
    return float(match[1]) * _UNITS[match[2]]
