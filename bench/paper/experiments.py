"""What the experiments state that rows of tables name: options and values, read from their yamls without composing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir

PLACE = "experiment"
_OVERRIDE = re.compile(r"(?:override )?/?([\w/]+)")
"""A default of an experiment: ``override /encode: crop`` chooses an option of a group."""


def read_stated(words: Iterable[str], config_dir: str | None = None) -> dict[str, Any]:
    """Read what some words state by key, those of the experiments among them and of their own; the words count more.

    An experiment that is not there states nothing: composing says so.
    """
    own = dict(word.split("=", 1) for word in words if "=" in word)
    stated: dict[str, Any] = {}
    for name in re.findall(r"[\w/-]+", own.get(PLACE, "")):
        for folder in (find_conf_dir(), *([Path(config_dir)] if config_dir else [])):
            stated |= _read_yaml(folder / PLACE / f"{name}.yaml")
    return {**stated, **own}


@lru_cache(maxsize=64)
def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        node = read_conf_yaml(path)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    if not isinstance(node, Mapping):
        return {}
    chosen = {
        match[1]: option
        for each in node.get("defaults") or ()
        if isinstance(each, Mapping)
        for group, option in each.items()
        if (match := _OVERRIDE.fullmatch(str(group)))
    }
    return {**chosen, **dict(_flatten({key: value for key, value in node.items() if key != "defaults"}))}


def _flatten(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _flatten(value, name)
        else:
            yield name, value
