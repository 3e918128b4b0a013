"""The jobs of `zgs run -m`: which they are, where they report to, and the commands that run some of them again."""

from __future__ import annotations

import re
import secrets
import shlex
import time
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from bench.commands.words import prepare_words
from bench.errors import UsageError
from bench.settings.compose import list_options

Job = tuple[str, ...]
"""The overrides of one job, each as Hydra reads it: ``encode.sigma2=1``."""
SWEEPS = ("-m", "--multirun")
SPREADING = ("hydra/launcher=", "hydra.launcher.", "hydra/sweeper=", "hydra.sweeper.")
"""How words begin that say where the jobs of a sweep run and who chooses them: without -m nobody heeds them."""
FOLDER = "sweeps"
"""Below ``out``: a folder a sweep, which neither another sweep nor another host's temporary folder can touch."""


def is_sweep(arguments: Iterable[str]) -> bool:
    """Whether the words ask for several jobs."""
    return bool({*SWEEPS, "hydra.mode=MULTIRUN"} & set(arguments))


def find_spreading(words: Iterable[str]) -> list[str]:
    """Find the words that choose a launcher or a sweeper, or set one of its keys."""
    return [word for word in words if word.lstrip("+~").startswith(SPREADING)]


def make_folder_name(out: str) -> Path:
    """A name for the folder of this sweep that no other has, absolute: a job may start elsewhere."""
    return Path(out).absolute() / FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def expand_jobs(words: Sequence[str], config_dir: str | None = None) -> tuple[list[Job], list[str]]:
    """The jobs of a sweep in Hydra's order, and the words for Hydra itself, which all jobs share.

    No jobs where only another sweeper knows them (``hydra/sweeper=…``, intervals). Raises HydraException for words
    that cannot be read.
    """
    parsed = _parse_words(words)
    own = [o.input_line for o in parsed if o.is_hydra_override()]
    if any(word.startswith(("hydra/sweeper=", "hydra.sweeper.")) for word in own):
        return [], own
    values: dict[str, list[str]] = {}
    for override in (o for o in parsed if not o.is_hydra_override()):
        key = override.get_key_element()
        if override.is_sweep_override() and not override.is_discrete_sweep():
            return [], own
        values[key] = [f"{key}={value}" for value in _list_values(override, config_dir)]
    return list(product(*values.values())), own


def list_fixed_words(words: Sequence[str]) -> Job:
    """The words of a sweep that stay the same in every job."""
    return tuple(o.input_line for o in _parse_words(words) if not o.is_sweep_override() and not o.is_hydra_override())


def describe_job(job: Job, jobs: Sequence[Job]) -> str:
    """The overrides of a job by which it differs from others of its sweep; all of them where none does."""
    common = set.intersection(*map(set, jobs)) if jobs else set()
    return " ".join(map(strip_quotes, [word for word in job if word not in common] or job))


def strip_quotes(word: str) -> str:
    """A word as a person types it: without the quotes and escapes that Hydra has it in, where they come back."""
    from hydra.errors import HydraException

    try:
        value = _parse_words([word])[0].value()
        text = getattr(value, "text", value)
        bare = f"{word.partition('=')[0]}={text}" if isinstance(text, str) else word
        return bare if _parse_words(prepare_words([bare], sweep=True))[0].value() == value else word
    except (HydraException, UsageError):
        return word


def quote_value(value: str) -> str:
    """A text as Hydra reads it, whatever characters it has."""
    return "'" + re.sub(r"(\\*)'", r"\1\1\'", re.sub(r"(\\+)$", r"\1\1", value)) + "'"


def group_jobs(jobs: Sequence[Job]) -> list[list[str]]:
    """Some jobs as few sweeps as can be: each list of words makes all its combinations, and nothing else.

    >>> group_jobs([("a=1", "b=1"), ("a=2", "b=1"), ("a=2", "b=2")])
    [['a=1,2', 'b=1'], ['a=2', 'b=2']]
    """
    groups: list[dict[str, tuple[str, ...]]] = [
        {word.partition("=")[0]: (word.partition("=")[2],) for word in job} for job in dict.fromkeys(jobs)
    ]
    for key in dict.fromkeys(key for group in groups for key in group):
        alike: dict[Any, dict[str, tuple[str, ...]]] = {}
        for group in groups:
            # An empty value cannot stand in a list of values.
            rest = tuple((k, v) for k, v in group.items() if k != key or "" in v)
            have = alike.get(rest)
            alike[rest] = {**group, key: have[key] + group[key]} if have and key in group else group
        groups = list(alike.values())
    return [[f"{key}={','.join(values)}" for key, values in group.items()] for group in groups]


def make_commands(jobs: Sequence[Job], shared: Sequence[str]) -> list[str]:
    """Lines for a shell that run these jobs and no others; ``shared`` are flags and words that all of them need."""
    lines, spread = [], bool(find_spreading(shared))
    for group in group_jobs(jobs):
        several = spread or any(_has_several_values(word) for word in group)
        lines.append(shlex.join(["zgs", "run", *(["-m"] if several else []), *shared, *map(strip_quotes, group)]))
    return lines


def _has_several_values(word: str) -> bool:
    (override,) = _parse_words([word])
    return bool(override.is_sweep_override())


def _list_values(override: Any, config_dir: str | None) -> list[str]:
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if override.value_type.name == "GLOB_CHOICE_SWEEP":
        return [str(name) for name in override.value().filter(sorted(list_options(override.key_or_group, config_dir)))]
    return list(override.sweep_string_iterator())


def _parse_words(words: Sequence[str]) -> list[Any]:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create().parse_overrides(list(words))
