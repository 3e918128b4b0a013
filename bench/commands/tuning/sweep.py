"""A sweep whose jobs Optuna chooses: from what Hydra's plug-in is given to the study's files (appendix E)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.commands.tuning.results import describe_best, write_results
from bench.commands.tuning.search import Launch, Search, name_study
from bench.commands.tuning.space import count_combinations, read_space
from bench.commands.tuning.study import (
    DIRECTIONS,
    SAMPLERS,
    check_word,
    describe_question,
    import_optuna,
    make_default_storage,
    open_study,
)
from bench.errors import UsageError, writing
from bench.text.escape import escape_for_terminal

Check = Callable[[Sequence[str]], object]
"""Raises UsageError unless jobs with such words measure the objective."""
NAMING = ("score", "data", "protocol", "experiment", "method")
"""What metrics are called by, or which there are: where these are chosen, each trial has names of its own."""


def search(
    options: Mapping[str, Any], config: Any, overrides: Sequence[Any], launch: Launch, check: Check | None = None
) -> float | None:
    """Search by the options of the sweeper's yaml; return the best value. Raises UserError before any job is launched.

    ``config`` is Hydra's, whose sweep folder lies in ``out/sweeps``; the study's folder lies beside it.
    """
    import_optuna()
    objective, folder = config.objective, Path(str(config.hydra.sweep.dir))
    if not objective:
        raise UsageError(
            "hydra/sweeper=optuna: looks for the best value of a metric; say which: objective=iou.image.union"
        )
    check_word("direction", str(options["direction"]), DIRECTIONS)
    check_word("sampler", str(options["sampler"]), tuple(SAMPLERS))
    trials, together = (_read_count(key, options[key]) for key in ("n_trials", "n_jobs"))
    space = read_space(overrides, _find_config_dir(config))
    if check is not None and not any(key.partition(".")[0] in NAMING for key in space.chosen):
        check(space.make_first_words())
    if options["sampler"] == "brute":
        trials = min(trials, count_combinations(space))
    question = describe_question(space, str(objective), str(options["direction"]))
    name = str(options["study"] or name_study(question))
    to = folder.parent / name
    with writing(to, "out=FOLDER"):
        storage = str(options["storage"] or make_default_storage(to))
    study = open_study(storage, name, question, str(options["sampler"]), int(options["seed"]))
    try:
        Search(study, space, folder, trials, together).run(launch)
    finally:
        written = write_results(study, space, str(objective), to)
        lines = [*describe_best(study, space), f"  {storage}", *(f"  {path}" for path in written)]
        print(*map(escape_for_terminal, lines), sep="\n")
    return max((t.value for t in study.trials if t.value is not None), default=None)


def _read_count(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"hydra.sweeper.{key}={value}: needs a whole number, 1 or more")
    return value


def _find_config_dir(config: Any) -> str | None:
    """Find the folder of configs of the user's own, where Hydra was given one."""
    for source in config.hydra.runtime.config_sources:
        if source.provider == "command-line" and source.schema == "file":
            return str(source.path)
    return None
