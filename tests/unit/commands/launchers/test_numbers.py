"""A launcher's numbers out of range are one line before any job, each with its range; those in range pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.commands.launchers.numbers import JOBLIB, RANGES, RAY, SUBMITIT, check_numbers
from bench.errors import UsageError
from bench.system.resources import find_conf_dir


@pytest.mark.parametrize(("kind", "keys", "told"), [
    (JOBLIB, {"n_jobs": 0}, "n_jobs=0: must be 1 or more, or below 0: -1 is a job for each processor"),
    (JOBLIB, {"timeout": 0}, "timeout=0: must be above 0"),
    (SUBMITIT, {"timeout_min": -1}, "timeout_min=-1: must be from 1 to 1000000"),
    (SUBMITIT, {"timeout_min": 0.5}, "timeout_min=0.5: needs a whole number from 1 to 1000000"),
    (SUBMITIT, {"array_parallelism": -1}, "array_parallelism=-1: must be from 0 to 100000"),
    (SUBMITIT, {"cpus_per_task": 0}, "cpus_per_task=0: must be from 1 to 100000"),
    (SUBMITIT, {"gpus_per_node": -1}, "gpus_per_node=-1: must be from 0 to 1024"),
    (SUBMITIT, {"mem_gb": 0}, "mem_gb=0: must be from 0.1 to 1000000"),
    (SUBMITIT, {"more": {"timeout_min": 0}}, "more.timeout_min=0: must be from 1 to 1000000"),
    (RAY, {"cpus": 0}, "cpus=0: must be above 0 and at most 100000"),
    (RAY, {"cpus": 1, "gpus": 1.5}, "gpus=1.5: must be a whole number, or a share of one: below 1"),
])  # fmt: skip
def test_a_number_out_of_range_is_one_line_that_names_the_range(kind: str, keys: dict, told: str) -> None:
    with pytest.raises(UsageError) as error:
        check_numbers({"_target_": f"hydra_plugins.any.{kind}", **keys})
    assert str(error.value) == f"hydra.launcher.{told}"


def test_every_number_of_the_yamls_has_a_range_in_which_it_is() -> None:
    files = sorted((find_conf_dir() / "hydra/launcher").glob("*.yaml"))
    assert len(files) == 3
    for file in files:
        node = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        check_numbers(node)
        numbers = {key for key, value in node.items() if isinstance(value, int | float)}
        assert numbers <= set(RANGES[node["_target_"].rpartition(".")[2]])


@pytest.mark.parametrize("number", [-1, 1, 2])
def test_joblibs_own_ways_to_say_how_many_stay(number: int) -> None:
    check_numbers({"_target_": f"x.{JOBLIB}", "n_jobs": number, "timeout": None, "verbose": 0})


def test_launchers_of_others_are_not_judged() -> None:
    check_numbers({"_target_": "theirs.Launcher", "n_jobs": 0})
    check_numbers({})
