"""Section 5's runs in MLflow: one run a job, in a local database unless told otherwise; a sweep is their parent."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from bench.settings.ranges import NOT_IN_RUN_NAME
from bench.store.locks import hold_lock
from bench.tracking.content import summarise
from bench.tracking.plain import flatten_config, make_plain_names
from bench.tracking.told import Artefact, Chart, TrackedRun, TrackedSweep

IDENTITY = "zgs.identity"
"""The tag by which a run that is made again is found."""
STEPS = 10_000
"""Steps of an axis of 1: MLflow's are whole numbers, so that tau 0.05 is step 500."""
_AROUND = (*NOT_IN_RUN_NAME, "record", "sweep")
"""What of the configuration changes no number: tags, for MLflow never changes a parameter."""
_TAKEN = " ./:_-"
_MANY = 500
"""Metrics or parameters sent at once; MLflow takes 1,000 and 100."""


class MLflow:
    """MLflow; without ``uri`` in ``mlflow.db`` and ``mlartifacts`` beside the runs, for `mlflow ui`.

    A run made again with the same numbers is the same MLflow run. MLflow cannot change a number or parameter, so with
    others the earlier run goes to its trash and a new one has its place.
    """

    def __init__(self, experiment: str = "zero-guidance-segmentation", uri: str | None = None) -> None:
        self.experiment, self.uri = experiment, uri

    def log(self, run: TrackedRun) -> None:
        """Log parameters, scores with intervals, curves over steps, pictures, and the files of the run."""
        values, details = summarise(run.scores)
        client, experiment = self._connect(run.folder.parent)
        settings = flatten_config({key: value for key, value in run.config.items() if key not in _AROUND})
        metrics = _list_metrics({**values, **details}, run.charts)
        run_id = _open(client, experiment, (run.identity, run.folder.resolve().name), settings, metrics)
        _set_tags(client, run_id, _list_tags(run))
        for artefact in (run.predictions, *run.outputs):
            _log_files(client, run_id, artefact)
        for number, row in enumerate(row for row in run.list_images() if row.pictures):
            name = make_plain_names([row.image_id], "_-")[row.image_id]  # numbered, since it may be of two images
            for picture, drawn in row.pictures.items():
                client.log_image(run_id, drawn, artifact_file=f"images/{number:04}-{name}-{picture}.png")
        client.set_terminated(run_id)

    def log_sweep(self, sweep: TrackedSweep) -> None:
        """Log a parent of the sweep's runs, with the report about them."""
        client, experiment = self._connect(sweep.folder.parents[1])
        run_id = _open(client, experiment, (sweep.identity, f"summary of {sweep.group}"), {}, [])
        _set_tags(client, run_id, {**flatten_config(sweep.config), "kind": "summary", "group": sweep.group})
        client.log_text(run_id, sweep.table.to_csv(index=False), "scores.csv")
        _log_files(client, run_id, sweep.report)
        for identity in sweep.runs:
            for child in _find(client, experiment, identity):
                client.set_tag(child.info.run_id, "mlflow.parentRunId", run_id)
        client.set_terminated(run_id)

    def _connect(self, out: Path) -> tuple[Any, str]:
        """Connect to the store, and make the experiment where it is new; returns its id.

        Of two jobs that make the database at the same time both fail, and it is broken for good: one after the other.
        """
        from mlflow import MlflowClient  # here, since it takes seconds and is an extra

        for name in ("mlflow", "alembic"):  # which tell of every table that they make
            logging.getLogger(name).setLevel(logging.ERROR)
        own = out.absolute()
        with nullcontext() if self.uri else hold_lock(own / ".mlflow"):
            client = MlflowClient(tracking_uri=self.uri or f"sqlite:///{own / 'mlflow.db'}")
            known = client.get_experiment_by_name(self.experiment)
            place = None if self.uri else (own / "mlartifacts").as_uri()
            return client, known.experiment_id if known else client.create_experiment(self.experiment, place)


def _find(client: Any, experiment: str, identity: str) -> list[Any]:
    return list(client.search_runs([experiment], f"tags.`{IDENTITY}` = '{identity}'", max_results=100))


def _list_tags(run: TrackedRun) -> dict[str, Any]:
    tags = flatten_config({key: value for key, value in run.config.items() if key in _AROUND})
    place = {"group": run.place.group, "keys": list(run.place.keys)} if run.place else {}
    return {**tags, "kind": run.kind, **place}


def _open(
    client: Any, experiment: str, about: tuple[str, str], settings: Mapping[str, Any], metrics: Sequence[Any]
) -> str:
    """Open the run of an identity and name: the one that is there, where it says the same, else a new one."""
    from mlflow.entities import Param

    identity, name = about
    keys = make_plain_names(settings, _TAKEN)
    params = {keys[key]: _write(value)[:6000] for key, value in settings.items()}
    last = {metric.key: metric.value for metric in metrics}
    for known in _find(client, experiment, identity):
        if known.data.params == params and known.data.metrics == last:
            return str(known.info.run_id)
        client.delete_run(known.info.run_id)
    run_id = str(client.create_run(experiment, run_name=name, tags={IDENTITY: identity}).info.run_id)
    listed = [Param(key, value) for key, value in params.items()]
    for start in range(0, len(listed), 100):
        client.log_batch(run_id, params=listed[start : start + 100])
    for start in range(0, len(metrics), _MANY):
        client.log_batch(run_id, metrics=metrics[start : start + _MANY])
    return run_id


def _list_metrics(values: Mapping[str, float], charts: Sequence[Chart]) -> list[Any]:
    """List scores at step 0, and each curve over the steps of its axis, its interval beside it."""
    from mlflow.entities import Metric

    now, names = int(time.time() * 1000), make_plain_names([*values, *(chart.key for chart in charts)], _TAKEN, 240)
    listed = [Metric(names[key], value, now, 0) for key, value in values.items()]
    for chart in charts:
        for row in chart.rows.to_dict("records"):
            known = {part: row[part] for part in ("value", "low", "high") if row[part] == row[part]}
            listed += [
                Metric(names[chart.key] + ("" if part == "value" else f":{part}"), value, now, round(row["x"] * STEPS))
                for part, value in known.items()
            ]
    return listed


def _set_tags(client: Any, run_id: str, tags: Mapping[str, Any]) -> None:
    from mlflow.entities import RunTag

    names = make_plain_names(tags, _TAKEN)
    listed = [RunTag(f"zgs.{names[key]}"[:250], _write(value)[:5000]) for key, value in tags.items()]
    for start in range(0, len(listed), 100):
        client.log_batch(run_id, tags=listed[start : start + 100])


def _log_files(client: Any, run_id: str, artefact: Artefact) -> None:
    for name, path in artefact.files.items():
        folder = f"{artefact.kind}/{name}".rpartition("/")[0]
        client.log_artifact(run_id, str(path), folder)


def _write(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
