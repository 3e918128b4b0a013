"""Hydra's own command line, called with words of ours; no part of the paper."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from bench.system.resources import find_conf_dir

COMPOSING = (HydraException, OmegaConfBaseException)
"""What Hydra raises for words that fit nothing."""
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c", "--package", "-p")
"""Hydra's flags that are followed by a value."""


def call_hydra(arguments: Sequence[str], task: Callable[[Any], None]) -> None:
    """Let Hydra compose one job or a sweep and call ``task`` for each job, here or where its launcher runs them."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, which print them as one line
    argv, sys.argv = sys.argv, ["zgs run", *put_flags_first(arguments)]
    try:
        hydra.main(version_base="1.3", config_path=str(find_conf_dir()), config_name="config")(task)()
    finally:
        sys.argv = argv


def put_flags_first(arguments: Sequence[str]) -> list[str]:
    """Put the flags in front of the overrides: Hydra's parser takes overrides in one piece only."""
    flags, words = split_flags(arguments)
    return [*flags, *words]


def split_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split words into Hydra's flags with their values, and the overrides."""
    flags: list[str] = []
    overrides: list[str] = []
    words = iter(arguments)
    for word in words:
        if word.startswith("-"):
            flags += [word] + ([next(words, "")] if word in WITH_VALUE else [])
        else:
            overrides.append(word)
    return flags, overrides
