"""`zgs score`, the second half of a run alone: predictions of any system to numbers, in a folder like a run's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.errors import writing
from bench.metric_name import parse
from bench.predictions.source import PredictionFile
from bench.run.context import RunContext
from bench.run.executor import call_in_workers
from bench.run.namespaces import list_opened
from bench.run.score import score_predictions
from bench.run.score_records import ScoreRequest, ScoreResult
from bench.run.write_folder import write_settings, write_tables
from bench.run.writing import lock_folder
from bench.score.score_table import EMBEDDED_NOTE
from bench.settings.naming import make_data_name
from bench.settings.ranges import NOT_IN_RUN_NAME
from bench.store.facts.contents import hash_content, replace_by_content
from bench.store.files import make_safe_name
from bench.store.model_facts import describe_by_content
from bench.store.sealed import write_record
from bench.system.resources import count_processors


def score_in_folder(
    settings: Mapping[str, Any], request: ScoreRequest, made_by: Mapping[str, Any]
) -> tuple[Path, ScoreResult]:  # fmt: skip
    """Take settings and a request without the name of its rows, score, leave everything in a folder; return both.

    ``made_by`` goes into the record as it is. Raises UserError for whatever is wrong with predictions or ratings.
    """
    context = RunContext({**settings, "controls": request.controls})
    request = replace(request, variant=request.variant or read_variant(request.predictions))
    request = replace(request, run=name_folder(context.settings, request))
    result = score_predictions(context, request, call_in_workers(_count_workers(settings), "bench.run.tables"))
    result = replace(result, notes=[*result.notes, *_note_skips(result)])
    small, made = _use_embedded_models(context, request, result)
    if small or made:
        result.notes.append(EMBEDDED_NOTE)
    folder = Path(settings["out"]) / request.run
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True, exist_ok=True)
        with lock_folder(folder):
            write_settings(folder, _describe_settings(context, request))
            write_tables(folder, result.tables)
            record = _make_record(context, request, result) | {"embedded": small or made, "made_embedded": made}
            write_record(folder, {**record, **made_by})
    return folder, result


def name_folder(settings: Mapping[str, Any], request: ScoreRequest) -> str:
    """Name the folder: the same request of the same contents is the same folder, wherever they lie."""
    path, variant = request.predictions.path, request.variant
    archive = path.with_suffix(".npz")  # where embeddings lie by custom
    contents = describe_by_content({k: v for k, v in settings.items() if k not in (*NOT_IN_RUN_NAME, "score")})
    contents["score"] = replace_by_content(list(request.protocols), named=True)
    contents["predictions"] = [hash_content(each) for each in (path, archive) if each.is_file()]
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True, default=str).encode()).hexdigest()[:8]
    return make_safe_name(f"score-{make_data_name(settings)}-{settings['data']['split']}-{variant}-{digest}")


def read_variant(file: PredictionFile) -> str:
    """Read the name of the row: as the file says, else the file's own."""
    about = file.head.get("about")
    variant = about.get("variant") if isinstance(about, dict) else None
    return str(variant or file.path.stem)


def _count_workers(settings: Mapping[str, Any]) -> int:
    workers = settings["executor"].get("workers", 1)
    return count_processors() if workers == "auto" else int(workers)


def _note_skips(result: ScoreResult) -> list[str]:
    return [f"skipped {image_id}: {reason}" for image_id, reason in result.skipped.items()]


def _use_embedded_models(context: RunContext, request: ScoreRequest, result: ScoreResult) -> tuple[bool, bool]:
    """Find whether the small models of the package measured similarities, and whether they made the predictions."""
    small = context.settings["models"]["name"] == "embedded"
    about = request.predictions.head.get("about", {})
    return small and any(parse(m).model for m in result.tables.scores["metric"]), about.get("models") == "embedded"


def _describe_settings(context: RunContext, request: ScoreRequest) -> dict[str, Any]:
    """Describe the settings of a run, with all protocols and the file that was scored."""
    settings = {**context.settings, "variant": request.variant, "score": dict(request.protocols[0])}
    predictions = str(request.predictions.path.resolve())
    return settings | {"protocols": [dict(options) for options in request.protocols], "predictions": predictions}


def _make_record(context: RunContext, request: ScoreRequest, result: ScoreResult) -> dict[str, Any]:
    stats = context.store.stats
    return {
        "run": request.run,
        "variant": request.variant,
        "ids": list(context.dataset.list_ids()),
        "missing": result.missing,
        "unknown": result.unknown,
        "skipped": result.skipped,
        "outside": result.outside,
        "protocols": [protocol.list_settings() for protocol in result.protocols],
        "notes": result.notes,
        "store": stats.count(),
        "namespaces": list_opened(context.store),
        "damaged": dict(stats.damaged),
        "data": context.identity.fingerprint,
    }
