"""Section 4's records of a finished run, read back from its store as scoring reads them: for who looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.metric_name import Naming
from bench.predictions.source import PredictionFile
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.run.context import RunContext
from bench.run.score import resolve_protocol
from bench.run.score_protocol import name_metrics, prepare_records
from bench.run.score_records import ScoreRequest, ScoringContext
from bench.run.similarities import SimilarityModels
from bench.run.tables import make_tables
from bench.score.counts import ScoredSet, gather
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record


@dataclass(frozen=True, eq=False)
class StoredRecords:
    """What the numbers of a run are made of: records by its protocol, and how its metrics are named.

    ``images`` are the tables of the predicted segments by image, with their similarities, ``scored`` all that metrics
    read, sorted by image.
    """

    protocol: Protocol
    classes: ClassList
    images: Mapping[str, Overlap]
    scored: ScoredSet
    naming: Naming


def list_run_protocols(folder: Path) -> list[dict[str, Any]]:
    """List the resolved ``score`` settings that a run, or scored predictions, were scored by."""
    settings = read_run_settings(folder)
    return [dict(options) for options in settings.get("protocols") or [settings["score"]]]


def read_stored_records(folder: Path, file: PredictionFile, options: Mapping[str, Any]) -> StoredRecords:
    """Read the records of a run as ``options``, settings of a protocol, take them.

    As in `zgs score`, tables that the store lacks are made of pixels, and vectors of texts by the model; a whole store
    needs neither. Raises UserError where data, predictions or that model are not there any more.
    """
    context = RunContext(read_run_settings(folder))
    skipped = dict(read_record(folder).get("skipped", {}))
    request = ScoreRequest(file, [options], skipped=skipped)
    scoring = ScoringContext(context, SimilarityModels(context, file), request, [])
    protocol = resolve_protocol(context, options)
    ids = [image_id for image_id in context.dataset.list_ids() if image_id not in skipped]
    tables = make_tables(file, ids, context.settings["data"], context.identity, context.store, protocol.overlap)
    _, protocol, rows, (images, truths) = prepare_records(scoring, protocol, tables)
    images, truths = sorted(images, key=lambda item: item.image_id), sorted(truths, key=lambda item: item.image_id)
    scored = gather(images, truths, context.classes, protocol)
    return StoredRecords(
        scored.protocol, context.classes, {item.image_id: item for item in images}, scored, name_metrics(context, rows)
    )
