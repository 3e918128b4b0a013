"""`zgs run`: Hydra composes the settings, each job is one run; a table over all jobs closes a sweep."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bench.cli import DONE, FAILED, SKIPS, USAGE
from bench.commands.overrides import explained
from bench.commands.words import prepared
from bench.errors import UsageError, UserError
from bench.resources import conf_dir
from bench.run.decimals import shortest

WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--cfg", "-c", "--package", "-p")
"""Hydra's flags that are followed by a value."""
STAGES = ("segment", "encode", "caption", "merge")
OUTCOMES = "ZGS_OUTCOMES"
"""Names the file to which jobs of a sweep report, whichever process a launcher runs them in."""


def main(arguments: list[str]) -> int:
    """Run one job or a sweep and say where the results are; the exit code is the worst of all jobs."""
    outcomes = sweep(arguments)
    folders = [Path(o["folder"]) for o in outcomes if o["folder"]]
    if folders:
        from bench.report.report import print_runs

        print_runs(folders)
    return worst(outcomes)


def worst(outcomes: Sequence[dict[str, Any]]) -> int:
    """The exit code of several jobs: an error counts more than a skip."""
    codes = {outcome["code"] for outcome in outcomes}
    return next((code for code in (USAGE, FAILED, SKIPS) if code in codes), DONE)


def sweep(arguments: list[str]) -> list[dict[str, Any]]:
    """Compose and run all jobs; one outcome (code, folder) a job. Raises UsageError for wrong overrides."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us, which print them as one line
    with tempfile.NamedTemporaryFile(prefix="zgs-", suffix=".jsonl") as file:
        os.environ[OUTCOMES] = file.name
        argv, sys.argv = sys.argv, ["zgs run", *flags_first(prepared(arguments))]
        try:
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(_job)()
        except (hydra.errors.HydraException, OmegaConfBaseException) as error:
            raise UsageError(explained(error, arguments)) from error
        finally:
            sys.argv = argv
        return [json.loads(line) for line in Path(file.name).read_text().splitlines()]


def flags_first(arguments: Sequence[str]) -> list[str]:
    """The flags in front of the overrides: Hydra's parser takes overrides in one piece only."""
    flags, overrides, words = [], [], iter(arguments)
    for word in words:
        if word.startswith("-"):
            flags += [word] + ([next(words, "")] if word in WITH_VALUE else [])
        else:
            overrides.append(word)
    return [*flags, *overrides]


def _job(config: DictConfig) -> None:
    """One job. Its errors end the job, not the sweep."""
    from bench.run.job import run

    try:
        finished = run(_settings(config))
        _report(SKIPS if finished.skipped else DONE, str(finished.folder))
    except UserError as error:
        print(f"zgs: {' '.join(str(error).split())}", file=sys.stderr)
        _report(USAGE if isinstance(error, UsageError) else FAILED, "")


def _settings(config: DictConfig) -> Any:
    """The configuration as a plain dict, every value resolved."""
    try:
        settings: Any = shortest(OmegaConf.to_container(config, resolve=True, throw_on_missing=True))
        settings["variant"] = _told(settings["variant"])
        return settings
    except OmegaConfBaseException as error:
        raise UsageError(explained(error, [])) from error


def _told(variant: str | None) -> str | None:
    """The name that an experiment gives its variant, and what the command line changed of it."""
    if variant is None:
        return None
    chosen = [word for word in HydraConfig.get().overrides.task if word.partition("=")[0] in STAGES]
    return " ".join([str(variant), *chosen])


def _report(code: int, folder: str) -> None:
    with open(os.environ[OUTCOMES], "a") as file:
        file.write(json.dumps({"code": code, "folder": folder}) + "\n")
