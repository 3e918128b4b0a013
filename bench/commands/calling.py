"""Jobs as Hydra runs them: one composed here, and whatever else its own command line does; no part of the paper."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from bench.commands.options import CONFIG_DIR, CONFIG_NAME, find_flag
from bench.settings.compose import STORED, compose_config
from bench.system.resources import find_conf_dir

COMPOSING = (HydraException, OmegaConfBaseException)
"""What Hydra raises for words that fit nothing."""
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c", "--package", "-p")
"""Hydra's flags that are followed by a value."""


def run_alone(arguments: Sequence[str], task: Callable[[Any], object], number: int | None = None) -> None:
    """Compose one job and call ``task`` for it, as Hydra does, whose command line composes every job twice.

    ``number`` is its place in a sweep, from 0, as a configuration reads it by ``${hydra:job.num}``. It is left to
    Hydra where other flags are given, and where the configuration asks for more than a job.
    """
    flags, words = split_flags(arguments)
    name, place = find_flag(flags, CONFIG_NAME) or "config", find_flag(flags, CONFIG_DIR)
    known = {*CONFIG_DIR, *CONFIG_NAME} >= {flag.partition("=")[0] for flag in flags if flag.startswith("-")}
    config = compose_config(words, place, name) if known and name in ("config", STORED) else None
    if config is None or _asks_for_more(config.hydra):
        call_hydra(arguments, task)
        return
    with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
        config.hydra.runtime.output_dir = str(Path(config.hydra.run.dir).resolve())
    if number is not None:
        with read_write(config.hydra.job):
            config.hydra.job.num = number
    current = HydraConfig.instance()  # by which ${hydra:…} is resolved
    before = current.cfg
    current.set_config(config)
    try:
        task(config)
    finally:
        current.cfg = before


def _asks_for_more(own: Any) -> bool:
    """Whether Hydra's own part of a configuration asks for a sweep, callbacks, variables, files or logs of its own."""
    job, logs = own.job, (own.hydra_logging, own.job_logging)
    around = own.callbacks or own.output_subdir or own.verbose or job.chdir or job.env_set or job.env_copy
    return own.mode == RunMode.MULTIRUN or bool(around) or any(log.get("root") for log in logs)


def call_hydra(arguments: Sequence[str], task: Callable[[Any], object]) -> None:
    """Let Hydra compose one job or a sweep and call ``task`` for each job, here or where its launcher runs them."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, which print them as one line
    argv, sys.argv = sys.argv, ["zgs run", *put_flags_first(arguments)]
    current = HydraConfig.instance()
    before = current.cfg
    try:
        hydra.main(version_base="1.3", config_path=str(find_conf_dir()), config_name="config")(task)()
    finally:
        sys.argv, current.cfg = argv, before


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
