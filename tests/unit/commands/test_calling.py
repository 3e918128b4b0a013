"""A job alone is what Hydra makes of the same words, and whatever asks for more than a job is left to Hydra."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig

from bench.commands.calling import call_hydra, run_alone
from bench.commands.task import Task
from bench.run.outcomes import Outcome, collect_outcomes
from bench.settings.compose import read_choices, resolve_config


class Noted:
    """A task that notes what it was called with."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, config: Any) -> None:
        own = HydraConfig.get()
        known = {"words": list(own.overrides.task), "output": own.runtime.output_dir, "cwd": own.runtime.cwd}
        known |= {"choices": read_choices(own), "settings": resolve_config(config), "mark": os.environ.get("ZGS_MARK")}
        self.calls.append(known)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    return tmp_path


def test_a_job_alone_sees_what_hydra_would_show_it() -> None:
    words = ["encode=crop", "score.tau_iou=0.25", "variant=${hydra:job.name}-${hydra:runtime.choices.encode}", "out=o"]
    ours, hydras = Noted(), Noted()
    run_alone(words, ours)
    call_hydra(words, hydras)
    assert ours.calls == hydras.calls and len(ours.calls) == 1
    assert ours.calls[0]["settings"]["variant"] == "run-crop"
    assert HydraConfig.instance().cfg is None, "as before the job"


def test_what_a_task_raises_comes_through_and_leaves_nothing_behind() -> None:
    def fail(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_alone(["seed=1"], fail)
    assert HydraConfig.instance().cfg is None


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("hydra: {job: {env_set: {ZGS_MARK: here}}}", [(0, "here")]),
        ("seed: 7", [(7, None)]),
        ("hydra: {mode: MULTIRUN, sweeper: {params: {seed: '1,2'}}}", [(1, None), (2, None)]),
    ],
)
def test_a_yaml_of_ones_own_may_ask_for_more(text: str, seen: list[tuple[int, str | None]], folder: Path) -> None:
    (folder / "own/experiment").mkdir(parents=True)
    (folder / "own/experiment/mine.yaml").write_text(f"# @package _global_\n{text}\n")
    task = Noted()
    run_alone(["-cd", "own", "experiment=mine"], task)
    assert [(call["settings"]["seed"], call["mark"]) for call in task.calls] == seen


def test_other_flags_are_hydras(capsys: pytest.CaptureFixture[str]) -> None:
    task = Noted()
    run_alone(["--cfg", "job", "seed=3"], task)
    assert not task.calls and "\nseed: 3\n" in capsys.readouterr().out


def test_a_folder_of_options_is_no_word_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To Hydra `-cd` is one more word; a job that told of itself by it was not found among those of its sweep."""
    (tmp_path / "mine" / "encode").mkdir(parents=True)
    (tmp_path / "mine" / "encode" / "half.yaml").write_text("defaults: [masked, _self_]\n")
    jobs = [("encode=half", "seed=1"), ("encode=half", "seed=2")]
    task = Task("zgs run -m …", folder=tmp_path, jobs=jobs)
    monkeypatch.setattr("bench.run.outcomes.attempt_job", lambda job, words, run, trace: Outcome(job, words, 0))
    for job in jobs:
        run_alone(["-cd", str(tmp_path / "mine"), *job], task)
    assert [(outcome.job, outcome.overrides) for outcome in collect_outcomes(tmp_path, jobs)] == list(
        enumerate(jobs, 1)
    )
