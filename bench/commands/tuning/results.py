"""What a study leaves: a csv of its trials, a picture, and the command of the best (appendix E)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bench.commands.sweeps import strip_quotes
from bench.commands.tuning.search import FOLDER
from bench.commands.tuning.space import Space
from bench.csv_files import write_csv
from bench.errors import UsageError, UserError, writing
from bench.run.objective import find_objective
from bench.run.run_folder import read_run_scores
from bench.store.sealed import RECORD

if TYPE_CHECKING:
    from optuna.study import Study

SHOWN = ("value", "low", "high", "n", "unit_of_n")
"""Columns of scores.csv that stand beside a trial."""


def list_trials(study: Study, space: Space, objective: str) -> pd.DataFrame:
    """List all trials in their order: number, state, the objective with its interval and n, the choice, the run."""
    rows = []
    for trial in study.get_trials(deepcopy=False):
        folder = str(trial.user_attrs.get(FOLDER, ""))
        scores = _read_scores(folder, objective) if folder else {}
        value = float("nan") if trial.value is None else trial.value
        row = {"trial": str(trial.number), "state": trial.state.name.lower(), **dict.fromkeys(SHOWN), **scores}
        rows.append({**row, "value": value, **{key: trial.params.get(key) for key in space.chosen}, FOLDER: folder})
    table = pd.DataFrame(rows, columns=["trial", "state", "metric", *SHOWN, *space.chosen, FOLDER])
    return table.astype({"n": "Int64"})


def write_results(study: Study, space: Space, objective: str, to: Path) -> list[Path]:
    """Write trials.csv and, once a trial has a value, study.png and study.svg; returns what was written."""
    trials = list_trials(study, space, objective)
    with writing(to, "out=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        written = [write_csv(trials, to / "trials.csv")]
        if trials["value"].notna().any():
            from bench.report.figures.study import write_study

            lower, embedded = study.direction.name == "MINIMIZE", _use_embedded_models(trials)
            named = list(space.chosen), to / "study", study.study_name
            written += write_study(trials, *named, lower_is_better=lower, embedded=embedded)
    return written


def describe_best(study: Study, space: Space) -> list[str]:
    """Describe the best trial in lines, with the command that runs it; one line where no trial has a value."""
    done = [trial for trial in study.get_trials(deepcopy=False) if trial.value is not None]
    if not done:
        return [f"study {study.study_name}: no trial has a value yet"]
    best = study.best_trial
    words = " ".join(
        f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}" for key, value in best.params.items()
    )
    told = f"{len(done)} trials with a value, the best {best.value:.6f} in trial {best.number}: {words}"
    command = shlex.join(["zgs", "run", *map(strip_quotes, space.make_words(best.params))])
    return [
        f"study {study.study_name}: {told}",
        "  chosen by these images, on which it therefore looks better than on others; on them it is made again by",
        f"  {command}",
    ]


def _use_embedded_models(trials: pd.DataFrame) -> bool:
    from bench.report.out_of_domain import uses_embedded_models

    folders = [Path(folder) for folder in trials[FOLDER] if folder and (Path(folder) / RECORD).is_file()]
    return bool(folders) and uses_embedded_models(folders)


def _read_scores(folder: str, objective: str) -> Mapping[str, Any]:
    """Read the row of the objective in the run of a trial; empty where that is there no more."""
    try:
        scores = read_run_scores(Path(folder))
        own = scores[scores["variant"] == scores["variant"].iloc[0]]
        row = own[own["metric"] == find_objective(objective, list(own["metric"]))].iloc[0]
    except (UserError, UsageError, OSError, KeyError):
        return {}
    return {name: row[name] for name in ("metric", *SHOWN)}
