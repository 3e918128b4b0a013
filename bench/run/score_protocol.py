"""Section 4, one protocol over the tables of a predictions file: which mappings can be measured, and every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bench.errors import UsageError, UserError
from bench.mapping.base import Strategy
from bench.mapping.choose import find_similarity_of, make_strategy
from bench.mapping.no_class import list_silent_words, silence_texts
from bench.mapping.table import Table
from bench.metric_name import Naming
from bench.metrics.registry import select_metrics
from bench.protocol import Protocol
from bench.records import Overlap, TrueSegmentTexts
from bench.run.context import RunContext
from bench.run.run_folder import find_role
from bench.run.score_notes import describe_unrated, note_counts, note_missing_words, note_texts
from bench.run.score_records import ScoreTables, ScoringContext
from bench.run.similarities import add_similarities, make_oracles
from bench.run.tables import Tables
from bench.score.confusion import make_confusion_table
from bench.score.controls import choose_controls
from bench.score.counts import OwnText
from bench.score.curves import compute_curves, list_curved
from bench.score.evaluate import COLUMNS, NOTE, Scores, evaluate
from bench.score.human_ratings import check_ratings, count_ratings, count_unrated, read_ratings, score_verified
from bench.score.intervals import Interval
from bench.score.score_table import OF_CURVES, add_columns
from bench.score.segments import make_segment_table

Records = tuple[list[Overlap], list[TrueSegmentTexts]]
"""Of each image its segments, and its true segments as described."""


def score_protocol(
    scoring: ScoringContext, protocol: Protocol, tables: Tables, counted: tuple[int, int, int]
) -> ScoreTables:  # fmt: skip
    """Take the tables of a predictions file, return every number of a protocol, controls and curves beside it.

    ``counted`` are the images that were expected, found and skipped.
    """
    scoring, protocol, rows, records = prepare_records(scoring, protocol, tables)
    numbers = _evaluate(scoring, protocol, records, rows, counted)
    if protocol.verify == "human":
        _add_verified(scoring, protocol, records[0], rows, counted, numbers)
    return numbers


def prepare_records(
    scoring: ScoringContext, protocol: Protocol, tables: Tables
) -> tuple[ScoringContext, Protocol, list[str], Records]:
    """Put similarities beside the tables of a predictions file, by the rules of a protocol, and read its true segments.

    Returns context and protocol with the mappings that the file allows, the similarities that were measured, and the
    records, in which texts that mean no class say nothing.
    """
    scoring = replace(scoring, models=scoring.models.round_by(protocol.rounding))
    protocol = replace(protocol, mapping=_keep_measurable(scoring, protocol, tables))
    described = tables.make_once("described", lambda: scoring.models.read_true_segments(tables.tables))
    rows = _list_similarities(scoring, protocol, tables)
    images = add_similarities(scoring.models, tables, rows)
    truths = make_oracles(scoring.models, tables, described, rows)
    note_texts(scoring, protocol, images, truths, rows)
    silent = list_silent_words(protocol.no_class, scoring.context.classes)
    return scoring, protocol, rows, (silence_texts(images, silent), silence_texts(truths, silent))


def name_metrics(context: RunContext, rows: Sequence[str]) -> Naming:
    """Make what the metric names of a request share; ``rows`` are the similarities measured, each by a model."""
    dataset = context.dataset
    models = {row: context.describe_mapping_model(row) for row in rows}
    named = models | {f"grounded-{row}": model for row, model in models.items()}
    return Naming(dataset.name, dataset.split, context.classes.name, dataset.subset, named)


def evaluate_own(
    scoring: ScoringContext, protocol: Protocol, records: Records, rows: Sequence[str], counted: tuple[int, int, int]
) -> Scores:  # fmt: skip
    """Evaluate the predictions themselves on what `prepare_records` gave, and note what was counted though empty."""
    spoken = None
    if "clipscore" in protocol.metrics and "st" in rows:
        spoken = {item.image_id: scoring.models.compare_own_texts(item) for item in records[0]}
    own = _score(scoring, protocol, records, rows, counted, scoring.request.variant, spoken)
    note_counts(scoring, protocol, own.counted)
    return own


def _score(
    scoring: ScoringContext, protocol: Protocol, records: Records, rows: Sequence[str],
    counted: tuple[int, int, int], variant: str, own_text: OwnText | None = None,
) -> Scores:  # fmt: skip
    (expected, found, skipped), classes = counted, scoring.context.classes
    return evaluate(
        *records, classes, protocol, name_metrics(scoring.context, rows), run=scoring.request.run, variant=variant,
        expected=expected, found=found, skipped=skipped, own_text=own_text,
    )  # fmt: skip


def _evaluate(
    scoring: ScoringContext, protocol: Protocol, records: Records, rows: Sequence[str], counted: tuple[int, int, int]
) -> ScoreTables:  # fmt: skip
    """Evaluate what thresholds decide: scores, floors, ceilings, curves. Where people decide, no mapping is left."""
    images, request, classes = records[0], scoring.request, scoring.context.classes
    by = replace(protocol, mapping=()) if protocol.verify == "human" else protocol
    own, role = evaluate_own(scoring, by, records, rows, counted), find_role(scoring.context.settings)
    naming, seed = name_metrics(scoring.context, rows), scoring.context.run.seed
    lines = [add_columns(own.table, role)]
    for control in choose_controls(request.controls) if protocol.verify != "human" else ():
        if not set(control.mappings) & set(rows):
            continue
        mappings = tuple(mapping for mapping in by.mapping if mapping in control.mappings)
        changed, variant = control.change(records, seed, len(classes)), f"{control.title} ({request.variant})"
        table = _score(scoring, replace(by, mapping=mappings), changed, rows, counted, variant).table
        lines.append(add_columns(control.select(table), control.role))
    curves = [compute_curves(images, classes, protocol, naming, mapping) for mapping in list_curved(by)]
    tables = [_describe_curves(pd.concat(parts), request.variant, role) for parts in zip(*curves, strict=True)]
    segments = make_segment_table(_pair(*records), classes, protocol)
    scores, ids = pd.concat(lines, ignore_index=True), list(own.per_image["image_id"])
    confusion = make_confusion_table(images, classes, by)
    curved, areas = tables or (None, None)
    return ScoreTables(scores, dict(own.rows), ids, segments, curved, areas, confusion=confusion)


def _describe_curves(curves: pd.DataFrame, variant: str, role: str) -> pd.DataFrame:
    return add_columns(curves.assign(variant=variant), role, "name", OF_CURVES)


def reads_embeddings(protocol: Protocol) -> bool:
    """Whether a protocol compares embeddings of segments with texts: for ST, or for CLIPScore."""
    metrics = select_metrics(set(protocol.metrics) - {"tgq"})
    return "st" in {*map(find_similarity_of, protocol.mapping), *(metric.mapping for metric in metrics)}


def _list_similarities(scoring: ScoringContext, protocol: Protocol, tables: Tables) -> list[str]:
    """List the similarities that mappings and metrics read; without embeddings CLIPScore is left out with a note.

    TGQ reads what the mappings read, or what is measured already: it alone loads no model.
    """
    read = {find_similarity_of(mapping) for mapping in protocol.mapping} | set(scoring.request.measured)
    read |= {metric.mapping for metric in select_metrics(set(protocol.metrics) - {"tgq", "clipscore"})}
    if "clipscore" in protocol.metrics and _have_embeddings(scoring, "clipscore", tables):
        read.add("st")
    return [rows for rows in ("st", "tt") if rows in read]


def _keep_measurable(scoring: ScoringContext, protocol: Protocol, tables: Tables) -> tuple[str | Strategy, ...]:
    """Keep the mappings that the predictions allow."""
    kept = []
    for mapping in protocol.mapping:
        if isinstance(mapping, Table):
            note_missing_words(scoring, mapping, protocol, tables)
        what, by_embedding = f"score.mapping={mapping}", find_similarity_of(mapping) == "st"
        if not by_embedding or _have_embeddings(scoring, what, tables, scoring.request.chosen):
            kept.append(mapping)
    return tuple(kept)


def _have_embeddings(scoring: ScoringContext, what: str, tables: Tables, required: bool = False) -> bool:
    """Whether there are embeddings. Some images without them are an error, and so is a mapping that was asked for."""
    file, filled = scoring.models.file, [image_id for image_id, item in tables.tables.items() if len(item.areas)]
    lacking = [image_id for image_id in filled if not file.has_embeddings(image_id)]
    if not lacking:
        return True
    if required or len(lacking) < len(filled):
        raise UserError(
            f"{file.describe_place(lacking[0])}: {len(lacking)} of {len(filled)} images have no embeddings, "
            f"which {what} needs; choose others, e.g. score.mapping=[tt]"
        )
    scoring.note(f"{what.removeprefix('score.mapping=')} left out: the file has no embeddings")
    return False


def _add_verified(
    scoring: ScoringContext, protocol: Protocol, images: list[Overlap], rows: Sequence[str],
    counted: tuple[int, int, int], numbers: ScoreTables,
) -> None:  # fmt: skip
    """Add scores verified by people instead of thresholds, and the distribution of their ratings."""
    if not protocol.ratings:
        raise UsageError("score.verify=human needs score.ratings=FILE (csv: image,segment,label,rater,batch,rating)")
    classes, ratings = scoring.context.classes, read_ratings(protocol.ratings)
    by_id, naming = {item.image_id: item for item in images}, name_metrics(scoring.context, rows)
    check_ratings(ratings, by_id, scoring.models.file, classes.names)
    bases = {}
    for mapping in protocol.mapping:
        model = naming.models.get(mapping) if isinstance(mapping, str) else None
        base = make_strategy(mapping, protocol.rounding, model)
        bases[base.name.partition("(")[0]] = base
    whose = scoring.request.run, scoring.request.variant
    for what, base in bases.items():
        verified = score_verified(images, ratings, base, protocol, classes, naming)
        lines = [(*whose, v.name, *_list_ends(v.interval), v.n, v.unit, *counted, v.interval.note) for v in verified]
        table = add_columns(pd.DataFrame(lines, columns=[*COLUMNS, NOTE]), find_role(scoring.context.settings))
        numbers.scores = pd.concat([numbers.scores, table], ignore_index=True)
        numbers.counts |= {v.name: v.average_batches() for v in verified}
        without, total = count_unrated(images, ratings, base, classes)
        if without:
            scoring.note(describe_unrated(what, without, total))
    numbers.ratings = count_ratings(by_id, ratings, bases, classes)
    scoring.note(f"ratings: {len(ratings.batches)} batches, {ratings.raters} raters")


def _list_ends(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high


def _pair(images: list[Overlap], truths: list[TrueSegmentTexts]) -> list[tuple[Overlap, TrueSegmentTexts]]:
    """Pair each image with its true segments as described, or with nothing."""
    known, none = {oracle.image_id: oracle for oracle in truths}, np.zeros(0, np.int32)
    empty = none.astype(np.int64)
    return [
        (item, known.get(item.image_id, TrueSegmentTexts(item.image_id, none, empty, None, None)))
        for item in images
    ]  # fmt: skip
