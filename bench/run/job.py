"""One run, top to bottom: predict every image, then score the file of predictions; all of it in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.base import list_remarks
from bench.data.shared import find_tuned, list_shared_remarks
from bench.errors import UsageError, UserError, writing
from bench.predictions.source import PredictionFile
from bench.protocol import Protocol
from bench.run.context import RunContext
from bench.run.executor import Map, choose_scoring_map
from bench.run.made_of import describe_inputs
from bench.run.namespaces import list_opened
from bench.run.objective import check_objective, read_objective
from bench.run.predict import Predicted, predict_once, write_predictions_of
from bench.run.provenance import make_repeat_line
from bench.run.score import resolve_protocol, score_predictions
from bench.run.score_records import ScoreRequest, ScoreResult, ScoreTables
from bench.run.write_folder import write_settings, write_tables
from bench.run.writing import lock_folder
from bench.score.controls import choose_controls
from bench.settings.check import check_settings
from bench.settings.depends import check_name
from bench.settings.instantiate import make_object
from bench.settings.naming import make_run_name, make_variant_name
from bench.settings.trust import list_foreign_packages
from bench.store.files import StoreStats, make_safe_name, write_atomically
from bench.store.keys import read_library_versions
from bench.store.sealed import write_record
from bench.store.sources import keep_sources
from bench.system import signals
from bench.system.memory import explain_memory_errors
from bench.system.resources import count_processors
from bench.text.escape import escape_for_terminal

TRACEBACK = "traceback.txt"
"""In the folder of a run that an unexpected error has ended."""


@dataclass(frozen=True)
class Finished:
    """A finished run, as `zgs run` reports it."""

    folder: Path
    expected: int
    skipped: int
    objective: float | None = None


@explain_memory_errors(
    "scores and files of the run", "executor.workers=1, fewer images (data.subset) or score.resamples"
)
def run(settings: Mapping[str, Any], made_by: Mapping[str, Any] | None = None) -> Finished:
    """Take settings, predict all images, score the file of predictions, leave everything in the run's own folder.

    What the store holds is not made again. ``made_by`` goes into the record as it is: what is known of the command
    behind these settings.
    """
    signals.raise_if_stopping()
    check_settings(settings)
    context = RunContext(settings)
    ids = context.dataset.list_ids()
    seen, _ = _describe_data(context, ids), context.name
    # Made before any work, so that a wrong option fails at once and keys are of the weights as they are now; and before
    # the folder, so that what cannot begin leaves none.
    _, executor, _ = context.device, make_object(settings["executor"]), make_object(settings["tracking"])
    protocol, made_of = _check_protocol(context), describe_inputs(context)
    keep_sources(context.store)
    folder = prepare_folder(settings)
    print(*context.depends.unknown, sep="\n", end="\n" if context.depends.unknown else "")
    with executor.open_session(settings) as work:
        predicted = predict_once(context, ids, work)
        if not predicted.items:
            first = next(iter(predicted.skipped.values()))
            raise UserError(f"none of the {len(ids)} images could be used; the first: {first}")
        with writing(folder, "out=FOLDER"), lock_folder(folder):
            file = write_predictions_of(context, predicted, ids, folder / "predictions.json")
            result = _score(context, file, predicted, choose_scoring_map(executor, work))
            write_tables(folder, result.tables)
            check_name(settings, context.name)
            # Written when all numbers are: a folder with a record is a finished run. Pictures follow.
            write_atomically(folder / "ids.txt", "".join(f"{image_id}\n" for image_id in ids).encode())
            record = _make_record(context, protocol, predicted, result) | {"made_of": made_of}
            write_record(folder, record | seen | dict(made_by or {}))
    _tell(predicted.stats, result, len(ids), seen)
    signals.note_finished(folder)
    objective = read_objective(context.run.objective, result.tables.scores, make_variant_name(settings))
    return Finished(folder, len(ids), len(result.skipped), objective)


def find_folder(settings: Mapping[str, Any]) -> Path:
    """Find where a run with these settings leaves its results."""
    return Path(settings["out"]) / make_safe_name(make_run_name(settings))


def prepare_folder(settings: Mapping[str, Any]) -> Path:
    """Make the run's folder, with the resolved configuration in it."""
    folder = find_folder(settings)
    with writing(folder, "out=FOLDER"):
        write_settings(folder, settings)
        (folder / TRACEBACK).unlink(missing_ok=True)
    return folder


def check_objective_of(settings: Mapping[str, Any]) -> None:
    """Raise UsageError unless a run of these settings measures its objective; no model is loaded and no image read.

    Settings that a run would refuse are left to the run.
    """
    try:
        check_settings(settings)
    except UserError:
        return
    context = RunContext(settings)
    check_objective(context, resolve_protocol(context, context.settings["score"]))


def _check_protocol(context: RunContext) -> Protocol:
    protocol = resolve_protocol(context, context.settings["score"])
    if protocol.verify == "human":
        raise UsageError("score.verify=human rates predictions that exist: zgs score RUN score.verify=human")
    choose_controls(context.settings["controls"])
    check_objective(context, protocol)
    return protocol


def _score(context: RunContext, file: Path, predicted: Predicted, work: Map) -> ScoreResult:
    """Score the file that was just written; without any label there are no numbers."""
    if context.dataset.classes is None:
        notes = list(list_remarks(context.dataset))
        return ScoreResult(ScoreTables(), [], notes, [], [], [], dict(sorted(predicted.skipped.items())))
    settings = context.settings
    request = ScoreRequest(
        PredictionFile(file), [settings["score"]], context.name, make_variant_name(settings),
        settings["controls"], predicted.skipped, measured=context.measured,
    )  # fmt: skip
    return score_predictions(context, request, work)


def _make_record(context: RunContext, protocol: Protocol, predicted: Predicted, result: ScoreResult) -> dict[str, Any]:
    """Make the record that stands beside the numbers: who made them, from what, how much of it was there already."""
    predicted.stats.add(context.store.stats)
    return {
        "run": context.name,
        "variant": make_variant_name(context.settings),
        "score": (result.protocols or [protocol])[0].list_settings(),
        "ids": list(context.dataset.list_ids()),
        "skipped": result.skipped,
        "store": predicted.stats.count(),
        "namespaces": list_opened(context.store),
        "damaged": dict(predicted.stats.damaged),
        "seconds": {name: round(value, 3) for name, value in predicted.seconds.items()},
        "peak_mb": round(predicted.peak / (1 << 20)) or None,
        "device": context.device,
        "libraries": read_library_versions(),
        "unknown": context.depends.unknown,
        "data": context.identity.fingerprint,
        "over_segments": None if context.has_baseline else context.namespaces.segment.key,
        "processors": count_processors(),
        "notes": result.notes,
        "repeat": make_repeat_line(find_folder(context.settings), list_foreign_packages(context.settings)),
    }


def _describe_data(context: RunContext, ids: Sequence[str]) -> dict[str, Any]:
    """Describe which images lie in other sets or were tuned on; read first, so that a wrong path harms nothing."""
    settings = context.settings
    return {
        "tuned_on": find_tuned(settings["tuned_on"], ids),
        "shared": list_shared_remarks(context.dataset, settings["data"].get("root")),
        "remark": getattr(context.dataset, "remark", None),
    }


def _tell(stats: StoreStats, result: ScoreResult, expected: int, seen: Mapping[str, Any]) -> None:
    """Print what came from the store, what was skipped, and what a reader must know."""
    counts = stats.count().items()
    print("from the store:", ", ".join(f"{s} {c['reused']} of {c['reused'] + c['made']}" for s, c in counts))
    for image_id, reason in result.skipped.items():
        print(escape_for_terminal(f"skipped {image_id}: {reason}"))
    if result.skipped:
        print(f"{len(result.skipped)} of {expected} images skipped")
    if tuning := seen["tuned_on"]:
        count, source = len(tuning["shared"]), tuning["source"]
        print(f"{'beware: ' if count else ''}{count} of {expected} images were tuned on ({source})")
    said = [*map(escape_for_terminal, [*seen["shared"], *filter(None, [seen["remark"]])]), *result.notes]
    print(*said, sep="\n", end="\n" if said else "")
