"""What Hydra calls for each job of `zgs run`: one run, whose end is told in the sweep's folder."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from bench.commands.as_in_run import Base
from bench.commands.calling import run_alone
from bench.commands.naming import name_variant
from bench.commands.overrides import explain_error
from bench.commands.repeated import change_settings
from bench.commands.sweeps import Job, describe_job
from bench.commands.words import prepare_words
from bench.errors import UsageError, writing
from bench.settings.compose import STORED, read_choices, resolve_config
from bench.settings.decimals import shorten_decimals
from bench.system import signals
from bench.text.escape import escape_for_terminal

if TYPE_CHECKING:
    from bench.report.blocklist import Blocklist
    from bench.run.outcomes import Outcome


class Task:
    """One job, in whichever process and on whichever host a launcher runs it: all that it needs travels with it.

    ``folder`` is the sweep's, on a disk that all hosts share; a job alone has none and leaves ``outcomes`` here.
    """

    def __init__(
        self,
        command: str,
        base: Base | None = None,
        config_dir: str | None = None,
        folder: Path | None = None,
        jobs: Sequence[Job] = (),
    ) -> None:
        self.command, self.base, self.folder, self.jobs = command, base, folder, list(jobs)
        self.config_dir = str(Path(config_dir).absolute()) if config_dir else None
        self.places = {tuple(sorted(job)): at for at, job in enumerate(jobs, 1)}
        self.outcomes: list[Outcome] = []

    def __call__(self, config: DictConfig) -> float | None:
        """Run a job; whatever it raises but Ctrl-C is its outcome, so that all jobs of a sweep run.

        Returns the value of its objective, for sweepers that look for the best; None where there is none.
        """
        from bench.run.job_progress import note_progress, tell_progress
        from bench.run.outcomes import attempt_job, name_outcome_file, write_outcome

        own = HydraConfig.get()
        # A folder of the user's own is a word to Hydra, and none of the job.
        words = tuple(str(word) for word in own.overrides.task if not str(word).startswith("hydra.searchpath="))
        # Where another sweeper chose the jobs, their number is all that is known.
        place = self.places.get(tuple(sorted(words))) or len(self.jobs) + 1 + int(own.job.get("num") or 0)
        settings: dict[str, Any] = {}

        def run_it() -> Any:
            settings.update(self._resolve_settings(config, read_choices(own), words))
            from bench.run.executor import begin_executor

            begin_executor(settings["executor"])
            from bench.report.blocklist import read_run_blocklist
            from bench.run.job import run
            from bench.run.provenance import describe_origin

            made_by = describe_origin(self.command) | {"overrides": list(words), "config_dir": self.config_dir}
            hide = read_run_blocklist(settings)  # before anything is computed: the file may not be there
            finished = run(settings, made_by)
            note_progress("done", finished.expected - finished.skipped, finished.expected)
            _draw(finished.folder, int(settings["pictures"]), hide)
            self._track(finished.folder, settings["tracking"], words)
            return finished

        def trace() -> Path:
            from bench.run.job import TRACEBACK, find_folder

            if self.folder is not None:
                return name_outcome_file(place, self.folder, "txt")
            return find_folder(settings) / TRACEBACK if settings else Path(str(config.get("out", "."))) / TRACEBACK

        with tell_progress(place, words, self.folder):
            outcome = attempt_job(place, words, run_it, trace)
        signals.raise_if_stopping()  # a library may have made an error of an interrupt
        if outcome.failed:
            _print_outcome(
                outcome, f"job {place} ({describe_job(words, self.jobs)}): " if self.folder is not None else ""
            )
        if self.folder is None:
            self.outcomes.append(outcome)
        else:
            write_outcome(outcome, self.folder)
        return outcome.objective

    def tell_loss(self, words: Sequence[str], reason: str, log: str = "") -> None:
        """Tell in the sweep's folder that a job has ended without a word, unless it has told of itself meanwhile."""
        from bench.run.outcomes import make_loss, name_outcome_file, write_outcome

        place = self.places.get(tuple(sorted(words)))
        if self.folder is not None and place and not name_outcome_file(place, self.folder).exists():
            loss = make_loss(place, words, reason, self.folder, log)
            write_outcome(loss, self.folder)

    def check_objective(self, words: Sequence[str]) -> None:
        """Raise UsageError unless a job with these words measures the objective: a search has not begun by then.

        Nothing is said of words that Hydra composes and a run refuses: the job itself says that better.
        """
        from bench.run.job import check_objective_of

        def look(config: DictConfig) -> None:
            check_objective_of(self._resolve_settings(config, read_choices(HydraConfig.get()), words))

        place = ["-cd", self.config_dir] if self.config_dir else []
        run_alone([*(["-cn", STORED] if self.base else []), *place, *words], look)

    def _track(self, folder: Path, options: dict[str, Any], words: Sequence[str]) -> None:
        """Tell a tracker of a finished run and of its place in the sweep."""
        from bench.tracking.tell import track_run

        asked = self.folder is not None and not self.jobs  # where another sweeper chooses the jobs as it goes
        command = prepare_words(shlex.split(self.command)) if asked else ()
        track_run(folder, options, words, self.jobs, command)

    def _resolve_settings(self, config: DictConfig, chosen: dict[str, str], words: Sequence[str]) -> dict[str, Any]:
        """The configuration as a plain dict, every value resolved, with the options that were chosen."""
        try:
            if self.base is not None:
                settings = change_settings(self.base, resolve_config(config, complete=False), chosen, words)
            else:
                settings = {**resolve_config(config), "choices": chosen}
        except OmegaConfBaseException as error:
            raise UsageError(explain_error(error, list(words))) from error
        if missing := _find_missing(settings):
            raise UsageError(f"{missing} has to be given: {missing}=…")
        return shorten_decimals({**settings, "variant": name_variant(settings["variant"], words, self.jobs)})


def _draw(folder: Path, pictures: int, hide: Blocklist) -> None:
    """Draw the gallery of a finished run anew; its record is written, for no number depends on a picture.

    Where words are hidden, a line says how many. What lies there may be of the same run before its images changed: its
    page goes first, and pictures that the new one shows, too, stay; none where words are hidden, which they may say.
    """
    if hide or not pictures:
        shutil.rmtree(folder / "gallery", ignore_errors=True)
    for name in ("index.html", "overview.png"):
        (folder / "gallery" / name).unlink(missing_ok=True)
    if pictures:
        from bench.report.pictures.side_by_side import write_side_by_side

        with writing(folder, "out=FOLDER"):
            write_side_by_side([folder], folder / "gallery", pictures, blocklist=hide)
        if hide:
            print(escape_for_terminal(f"{folder / 'gallery'}: {hide.describe()}"), flush=True)


def _find_missing(node: Any, key: str = "") -> str | None:
    """The first key that has to be given and is not."""
    if isinstance(node, dict):
        found = (_find_missing(value, f"{key}.{name}".lstrip(".")) for name, value in node.items())
        return next(filter(None, found), None)
    return key if isinstance(node, str) and node == "???" else None


def _print_outcome(outcome: Outcome, which: str) -> None:
    """A job's error in one line, as soon as it has happened."""
    trace = f"; traceback: {outcome.traceback}" if outcome.traceback else ""
    print(escape_for_terminal(f"zgs: {which}{outcome.reason}{trace}"), file=sys.stderr, flush=True)
