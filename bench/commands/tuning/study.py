"""A study of Optuna that outlives its process: opened again, it goes on with the trials that are left (appendix E)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.commands.tuning.space import Space
from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.run.job_progress import Process

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import Trial

ASKED, PROCESS = "asked", "process"
"""What a study is of, and who runs a trial, as the study keeps them."""
SAMPLERS = {
    "tpe": "TPESampler", "random": "RandomSampler", "gp": "GPSampler", "qmc": "QMCSampler",
    "brute": "BruteForceSampler",
}  # fmt: skip
"""How trials are chosen, and the class of Optuna that chooses."""
OLDEST = 5
DIRECTIONS = ("maximize", "minimize")


def describe_question(space: Space, objective: str, direction: str) -> dict[str, Any]:
    """Describe what a study asks, in JSON: two commands that ask the same go on with one study."""
    from optuna.distributions import distribution_to_json

    chosen = {key: json.loads(distribution_to_json(each)) for key, each in space.chosen.items()}
    return {"fixed": sorted(space.fixed), "chosen": chosen, "objective": objective, "direction": direction}


def open_study(storage: str, name: str, question: Mapping[str, Any], sampler: str, seed: int) -> Study:
    """Open a study where it is, or begin it. Raises UserError for another study of that name, or a place of none.

    Trials of processes that are gone count as failed and are tried again first.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(
            storage=storage, study_name=name, direction=str(question["direction"]), load_if_exists=True
        )
        known = study.user_attrs.get(ASKED)
        if known is None:
            study.set_user_attr(ASKED, dict(question))
    except Exception as error:  # of SQLAlchemy, its driver, alembic or Optuna itself
        reason = " ".join(str(error.__cause__ or error).split())[:160]
        raise UserError(f"hydra.sweeper.storage={storage}: no study can be kept there ({reason})") from error
    if known is not None and known != question:
        differing = ", ".join(key for key in question if known.get(key) != question[key])
        raise UserError(
            f"study {name} in {storage}: has asked something else (its {differing}); give this one another name, "
            "hydra.sweeper.study=NAME, or leave the name out"
        )
    study.sampler = make_sampler(sampler, seed + len(study.trials))
    _take_up_lost(study)
    return study


def make_sampler(word: str, seed: int) -> BaseSampler:
    """Make what chooses trials. A study that goes on has another seed than it began with, or would begin anew."""
    import optuna

    check_word("sampler", word, tuple(SAMPLERS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # the lock says what is tested
        made: BaseSampler = getattr(optuna.samplers, SAMPLERS[word])(seed=seed)
    return made


def tell_value(study: Study, trial: Trial, value: float | None) -> None:
    """Tell a study the value of a trial, or that it failed.

    Of the last combination the sampler that tries all of them asks to stop, for which Optuna 5 has no ear outside
    ``Study.optimize``: it keeps the value and raises RuntimeError.
    """
    from optuna.trial import TrialState

    try:
        study.tell(trial, value) if value is not None else study.tell(trial, state=TrialState.FAIL)
    except RuntimeError as error:
        if "Study.stop" not in str(error):
            raise


def check_word(key: str, word: str, known: tuple[str, ...]) -> None:
    """Raise UsageError for a word that the sweeper does not know."""
    if word not in known:
        raise UsageError(
            f"hydra.sweeper.{key}={word}: no such {key}{suggest_nearest(word, known)}; known are {', '.join(known)}"
        )


def import_optuna() -> None:
    """Import Optuna. Raises UserError where it is not installed, or older than what is tested."""
    try:
        import optuna
    except ImportError as error:
        raise UserError("hydra/sweeper=optuna: Optuna is not installed: pip install 'zgs[optuna]'") from error
    if int(optuna.__version__.partition(".")[0]) < OLDEST:
        raise UserError(
            f"hydra/sweeper=optuna: needs Optuna {OLDEST} or newer, not {optuna.__version__}: pip install 'zgs[optuna]'"
        )


def describe_process() -> dict[str, Any]:
    """Describe this process, as a trial keeps it."""
    return asdict(Process.find_own())


def make_default_storage(folder: Path) -> str:
    """Make the address of a study's file in its folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder.absolute() / 'study.sqlite'}"


def _take_up_lost(study: Study) -> None:
    """Let trials fail whose process is gone, and try the same values again first."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        owner = trial.user_attrs.get(PROCESS)
        if owner and Process(**owner).is_gone():
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)
