"""A search over a study that stands for Optuna's: which jobs are launched, what trials are told, what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.commands.tuning import search, sweep
from bench.commands.tuning.search import Search, name_study
from bench.commands.tuning.space import Space, write_value
from bench.errors import DONE, FAILED, UsageError
from bench.run.job_progress import Process
from bench.run.outcomes import Outcome, write_outcome
from bench.run.sweep_status import Plan, read_plan, write_plan


@dataclass
class Trial:
    params: dict[str, Any]
    user_attrs: dict[str, Any] = field(default_factory=dict)
    told: Any = None

    def set_user_attr(self, key: str, value: Any) -> None:
        self.user_attrs[key] = value


@dataclass
class Study:
    """Suggests 1, 2, 3 … and remembers what it is told."""

    trials: list[Trial] = field(default_factory=list)

    def ask(self, chosen: Any) -> Trial:
        self.trials.append(Trial({"a": len(self.trials) + 1}))
        return self.trials[-1]

    def tell(self, trial: Trial, value: float | None = None, state: Any = None) -> None:
        trial.told = value if state is None else "failed"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    made = Study()
    monkeypatch.setitem(
        __import__("sys").modules, "optuna.trial", SimpleNamespace(TrialState=SimpleNamespace(FAIL="f"))
    )
    monkeypatch.setattr(search, "count_done", lambda own: sum(isinstance(t.told, float) for t in own.trials))
    monkeypatch.setattr(search, "PATIENCE", 0.0)
    return made


def make_search(study: Study, folder: Path, trials: int, together: int = 1) -> tuple[Search, list[tuple[int, list]]]:
    launched: list[tuple[int, list]] = []
    write_plan(folder, Plan("zgs run", (), Process("far", 1)))
    return Search(study, Space(("out=o",), {"a": None}), folder, trials, together), launched  # type: ignore[arg-type]


def test_jobs_have_the_fixed_and_the_chosen_words_and_trials_are_told_their_value(study: Study, tmp_path: Path) -> None:
    own, launched = make_search(study, tmp_path, 5, together=2)

    def launch(jobs: Sequence[Sequence[str]], first: int) -> None:
        launched.append((first, [list(job) for job in jobs]))
        for at, job in enumerate(jobs, first + 1):
            write_outcome(Outcome(at, tuple(job), DONE, folder=f"run{at}", objective=at / 10), tmp_path)

    own.run(launch)
    words = [["out=o", f"a={at}"] for at in range(1, 6)]
    assert launched == [(0, words[:2]), (2, words[2:4]), (4, words[4:])]
    assert [trial.told for trial in study.trials] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert study.trials[3].user_attrs["folder"] == "run4" and study.trials[3].user_attrs["process"]["number"] > 0
    plan = read_plan(tmp_path)
    assert plan is not None and (plan.expected, plan.fixed) == (5, ("out=o",))


def test_a_job_that_failed_or_was_killed_is_a_trial_without_a_value_and_the_search_ends(study, tmp_path) -> None:
    own, _ = make_search(study, tmp_path, 3)

    def launch(jobs: Sequence[Sequence[str]], first: int) -> None:
        if first == 0:
            write_outcome(Outcome(1, tuple(jobs[0]), FAILED, "boom"), tmp_path)
        if first == 1:
            write_outcome(Outcome(2, tuple(jobs[0]), DONE, folder="f"), tmp_path)  # nothing was measured

    own.run(launch)
    assert [trial.told for trial in study.trials] == ["failed"] * 3
    assert [trial.user_attrs.get("folder") for trial in study.trials] == [None, "f", None]


def test_a_search_whose_first_trials_all_fail_stops(study: Study, tmp_path: Path, capsys) -> None:
    make_search(study, tmp_path, 40)[0].run(lambda *_: None)
    assert len(study.trials) == 3 and "37 were not begun" in capsys.readouterr().out
    plan = read_plan(tmp_path)
    assert plan is not None and plan.expected == 3


def test_a_study_that_has_all_its_trials_launches_nothing_and_one_that_lacks_some_those(study, tmp_path) -> None:
    study.trials = [Trial({"a": 1}, told=0.5), Trial({"a": 2}, told="failed"), Trial({"a": 3}, told=0.25)]
    make_search(study, tmp_path, 2)[0].run(lambda *_: pytest.fail("nothing is left"))
    numbers: list[int] = []
    make_search(study, tmp_path, 4)[0].run(lambda jobs, first: numbers.append(first))
    assert numbers == [0, 1]


def test_a_study_is_named_by_what_it_asks() -> None:
    question = {"fixed": ["a=1"], "objective": "iou"}
    assert name_study(question) == name_study({"objective": "iou", "fixed": ["a=1"]})
    assert name_study(question) != name_study({**question, "objective": "recall"})


def test_floats_are_written_as_hydra_reads_them() -> None:
    assert [write_value(value) for value in (0.1 + 0.2, 3, "crop", 1e-7)] == ["0.3", "3", "crop", "1e-07"]


@pytest.mark.parametrize(
    ("objective", "options", "told"),
    [
        (None, {}, "say which: objective="),
        ("iou", {"direction": "maximise"}, "direction=maximise: no such direction (did you mean 'maximize'?)"),
        ("iou", {"sampler": "tpee"}, "sampler=tpee: no such sampler (did you mean 'tpe'?)"),
        ("iou", {"n_trials": 0}, "n_trials=0: needs a whole number, 1 or more"),
        ("iou", {"n_jobs": "two"}, "n_jobs=two: needs a whole number"),
    ],
)
def test_wrong_options_are_one_line_before_anything_begins(objective, options, told, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sweep, "import_optuna", lambda: None)
    config = SimpleNamespace(objective=objective, hydra=SimpleNamespace(sweep=SimpleNamespace(dir=str(tmp_path))))
    known = {"direction": "maximize", "sampler": "tpe", "n_trials": 2, "n_jobs": 1}
    with pytest.raises(UsageError) as error:
        sweep.search({**known, **options}, config, [], lambda *_: pytest.fail("nothing is launched"))
    assert told in str(error.value)
