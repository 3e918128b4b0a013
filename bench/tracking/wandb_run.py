"""Section 5's runs in Weights & Biases: one W&B run a job, whole, offline by default; a sweep is a group."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bench.errors import UsageError, UserError
from bench.tracking.content import summarise
from bench.tracking.told import TrackedRun, TrackedSweep
from bench.tracking.wandb_kinds import (
    make_artifact,
    make_charts,
    make_confusions,
    make_image_tables,
    make_score_tables,
    read_picture,
    use_artefact,
)

Mode = Literal["offline", "online", "disabled"]
_PATIENCE = 30.0
"""Seconds within which W&B has to answer."""
_DATA = "data-"
"""Begins the folder of what W&B copies, beside that of the offline run."""


class Wandb:
    """Weights & Biases; with ``mode=offline`` files in the run's folder that `wandb sync` uploads later.

    The id of a W&B run is made from what the run is: made again or continued it is the same W&B run, of which the
    folder holds one copy. ``group`` replaces the name that a sweep gives its group.
    """

    def __init__(
        self, project: str = "zero-guidance-segmentation", group: str | None = None, mode: Mode = "offline"
    ) -> None:
        if not project.strip() or len(project) > 128 or set(project) & set("/\\#?%:"):
            raise UsageError(f"tracking.project={project}: W&B takes 1 to 128 characters without / \\ # ? % :")
        if group is not None and not 0 < len(group.strip()) <= 128:
            raise UsageError(f"tracking.group={group}: W&B takes 1 to 128 characters; null: each sweep names its own")
        self.project, self.group, self.mode = project, group, mode

    def log(self, run: TrackedRun) -> None:
        """Log one W&B run: config, scores with intervals, curves, images, confusions, artefacts with what they use."""
        place = run.place
        group = self.group or (place.group if place else None)
        about = {"id": run.identity, "name": run.folder.resolve().name, "job_type": run.kind, "group": group}
        tags = [key[:64] for key in place.keys] if place else []
        with self._open(run.folder, about, tags, run.config) as opened:
            values, details = summarise(run.scores)
            for key, table in make_image_tables(run):
                opened.log({key: table}, commit=False)
            opened.log({**make_charts(run.charts), **make_confusions(run.confusion)}, commit=False)
            opened.log({**values, **make_score_tables(run.scores)})
            opened.summary.update(details)
            use_artefact(opened, run.predictions)
            for artefact in run.outputs:
                opened.log_artifact(make_artifact(artefact))

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Log the summary run of a sweep: one table over its runs, the pictures and files of the report about them."""
        about = {
            "id": sweep.identity, "name": f"summary of {sweep.group}"[:128], "job_type": "summary",
            "group": self.group or sweep.group,
        }  # fmt: skip
        with self._open(sweep.folder, about, [key[:64] for key in sweep.keys], sweep.config) as opened:
            figures = {name: path for name, path in sweep.report.files.items() if name.endswith(".png")}
            pictures = {f"report/{name}": read_picture(path) for name, path in figures.items() if "/" not in name}
            opened.log({**make_score_tables(sweep.table), **pictures})
            for artefact in sweep.inputs:
                use_artefact(opened, artefact)
            opened.log_artifact(make_artifact(sweep.report))

    @contextmanager
    def _open(
        self, folder: Path, about: Mapping[str, Any], tags: Sequence[str], config: Mapping[str, Any]
    ) -> Iterator[Any]:
        """Open a W&B run, and finish it whatever happens; no process of W&B's is left."""
        if not os.access(folder, os.W_OK):  # W&B would write to the folder for temporary files and say nothing
            raise UserError(f"{folder}: cannot be written")
        before = [path for name in ("offline-run-*", f"{_DATA}*") for path in (folder / "wandb").glob(name)]
        with _set_surroundings(folder / "wandb" / f"{_DATA}{secrets.token_hex(4)}", self.mode):
            import wandb  # here, since it takes seconds and most runs never need it

            opened, code = None, 1
            try:
                opened = self._start({"dir": str(folder), "config": dict(config), "tags": list(tags), **about})
                yield opened
                code = 0
            finally:
                if opened is not None:
                    opened.finish(exit_code=code)
                wandb.teardown()  # `finish` returns before the file is on disk, and a worker may then be killed
        for path in before:  # of the same run, which would be uploaded twice
            shutil.rmtree(path, ignore_errors=True)

    def _start(self, about: Mapping[str, Any]) -> Any:
        """Start a W&B run; offline, with one warning, where there is no account or no network."""
        import wandb

        quiet = wandb.Settings(
            silent=True, console="off", init_timeout=_PATIENCE,
            x_disable_stats=True, x_disable_meta=True, disable_git=True, disable_code=True,
        )  # fmt: skip
        start = partial(wandb.init, project=self.project, resume="allow", reinit="create_new", settings=quiet, **about)
        if self.mode != "online":
            return start(mode=self.mode)
        try:
            wandb.setup(quiet)
            if not wandb.login(prompt=False):  # else W&B asks on a terminal, and waits
                raise UserError("no API key; `wandb login` takes one")
            return start(mode="online")
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            wandb.teardown()
            opened = start(mode="offline")
            place = Path(opened.dir).parent
            print(f"warning: W&B cannot be used online ({reason}); later: wandb sync {place}", file=sys.stderr)
            return opened


@contextmanager
def _set_surroundings(data: Path, mode: Mode) -> Iterator[None]:
    """Set what W&B reads of the environment, and put everything back.

    Pictures of tables are copied to ``data``: offline W&B else leaves them in the home folder for ever. And a run that
    is offline by an argument alone sends how W&B is used to its server all the same: only the variable keeps it quiet.
    """
    set_by_us = {"WANDB_DATA_DIR": str(data.absolute()), **({} if mode == "online" else {"WANDB_MODE": mode})}
    before, hook = {name: os.environ.get(name) for name in set_by_us}, sys.excepthook
    os.environ.update(set_by_us)
    try:
        yield
    finally:
        sys.excepthook = hook
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
