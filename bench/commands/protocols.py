"""The protocols that a command names, `score=A,B`, and all other settings, composed in one go; no part of the paper."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bench.commands.options import LIBRARIES
from bench.commands.settings import compose_settings, take_over
from bench.errors import UsageError
from bench.settings.compose import list_options

_OTHERS = "other_protocols"


def compose_protocols(
    words: Sequence[str], own: Mapping[str, Any] | None = None, config_dir: str | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Compose the ``score`` settings of each protocol asked for, and all other settings, which are a run's ``own``.

    Options may be those of the user's folder ``config_dir``. Raises UsageError for words that fit nothing.
    """
    rest = [word for word in words if not word.startswith("score=")]
    names = next((word.partition("=")[2].split(",") for word in reversed(words) if word.startswith("score=")), [""])
    first, *others = _list_protocols(names, config_dir)
    told = [*rest, f"score={first}"] if first else list(rest)
    for at, name in enumerate(others):  # the same group again in another place, and there the same changes
        place = f"{_OTHERS}.at{at}"
        changes = [re.sub(r"^([+~]*)score\.", rf"\1{place}.", word) for word in rest]
        told += [f"+score@{place}={name}", *(word for word in changes if word not in rest)]
    config = compose_settings(told, config_dir)
    protocols, settings = [config["score"], *config.pop(_OTHERS, {}).values()], config
    if names == [LIBRARIES]:
        from bench.score.libraries import check_metrics

        check_metrics(protocols)
    if own is not None:
        settings = json.loads(json.dumps(own))
        for key in (word.partition("=")[0].lstrip("+") for word in rest):
            take_over(config, settings, key.split("."))
    return protocols, settings


def _list_protocols(names: Sequence[str], config_dir: str | None) -> list[str]:
    """Put the protocols of all libraries in the place of their word. Raises UsageError for an empty or a second name.

    A misspelt word for the libraries is told here, for to Hydra it is no option.
    """
    from bench.score.presets import list_libraries

    known = [LIBRARIES, *list_options("score", config_dir)]
    for at, name in enumerate(names):
        wrong = ""
        if name in names[:at]:
            wrong = f"{name} is named twice; name each protocol once"
        elif not name and len(names) > 1:
            wrong = "one of the names is empty; name each protocol once"
        elif LIBRARIES in names and name in list_libraries():
            wrong = f"{name} is one of {LIBRARIES}; leave one of the two out"
        elif name not in known and difflib.get_close_matches(name, known, n=1) == [LIBRARIES]:
            wrong = f"{name} is no protocol; did you mean {LIBRARIES}?"
        if wrong:
            raise UsageError(f"score={','.join(names)}: {wrong}")
    return [each for name in names for each in (list_libraries() if name == LIBRARIES else [name])]
