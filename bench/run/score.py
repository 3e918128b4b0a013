"""Section 4: a predictions file of any system to numbers, under one protocol or several: the second half of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bench.data.base import list_remarks
from bench.errors import UserError
from bench.mapping.choose import make_strategies
from bench.mapping.remarks import describe_absent_classes
from bench.metrics.object_recall import describe_objects
from bench.predictions.remarks import list_prediction_remarks
from bench.predictions.source import PredictionFile
from bench.protocol import UNTIL_KNOWN, Protocol
from bench.run.context import RunContext
from bench.run.executor import Map, call_here
from bench.run.score_notes import describe_ids, describe_misfits, describe_sizes
from bench.run.score_protocol import evaluate_own, prepare_records, score_protocol
from bench.run.score_records import ScoreRequest, ScoreResult, ScoreTables, ScoringContext
from bench.run.similarities import SimilarityModels
from bench.run.tables import Tables, compare_ids, make_tables
from bench.score.counts import settle_background
from bench.score.evaluate import Scores, check_words
from bench.score.intervals import MetricCounts
from bench.settings.instantiate import make_object
from bench.system.remember import Memory

PROTOCOLS: Memory[Protocol] = Memory(64)
"""Protocols of this process, before the data set has its say: a run asks for its own three times."""


def score_predictions(context: RunContext, request: ScoreRequest, work: Map = call_here) -> ScoreResult:
    """Take a predictions file, return its numbers under every protocol: tables from pixels once, the rest arithmetic.

    Raises UserError for whatever is wrong with predictions, ids, tables or ratings.
    """
    if context.dataset.classes is None:
        raise UserError("these data have no labels, so there is nothing to score; give data=… with labels")
    file, ids = request.predictions, context.dataset.list_ids()
    missing, unknown, outside = compare_ids(file, context.dataset)
    missing = [image_id for image_id in missing if image_id not in request.skipped]
    notes = [*list_remarks(context.dataset), *describe_ids(request, ids, len(file), missing, unknown, outside)]
    notes += list_prediction_remarks(file, ids)
    asked = [resolve_protocol(context, options) for options in request.protocols]
    usable = [image_id for image_id in ids if image_id not in request.skipped]
    by_overlap = {
        name: _make_tables(context, file, usable, name, work) for name in dict.fromkeys(p.overlap for p in asked)
    }
    scoring = ScoringContext(context, SimilarityModels(context, file), request, notes)
    tables, parts, protocols = Tables(), [], []
    for protocol in asked:
        tables = by_overlap[protocol.overlap]
        protocols.append(_settle_background(scoring, protocol, tables))
        if tables.misfits and protocol.proportions == "same":
            raise UserError(describe_misfits(tables))
        skipped = len(request.skipped) + len(tables.skipped)
        found = len(ids) - len([i for i in missing if i not in tables.skipped]) - skipped
        parts.append(score_protocol(scoring, protocol, tables, (len(ids), found, skipped)))
    if context.dataset.subset is None:
        notes += describe_absent_classes(tables.tables.values(), context.classes)
    metrics = {word for protocol in asked for word in protocol.metrics}
    notes += describe_objects(tables.tables.values(), context.classes, metrics)
    numbers = _join_parts(parts)
    if numbers.scores.empty:
        raise UserError(f"{file.path}: nothing to score: {'; '.join(notes) or 'no metric was asked for'}")
    notes += describe_sizes(tables)
    skips = {**request.skipped, **tables.skipped}
    return ScoreResult(numbers, protocols, notes, missing, unknown, outside, dict(sorted(skips.items())))


def resolve_protocol(context: RunContext, options: Mapping[str, Any]) -> Protocol:
    """Resolve the protocol, with the background as the data set says and mappings that know the class names."""
    options = dict(options)
    if options["background"] == "auto":
        options["background"] = getattr(context.dataset, "background", "context")
    options["background"] = UNTIL_KNOWN.get(options["background"], options["background"])
    protocol = PROTOCOLS.make_once(lambda: make_object(options), options)
    return name_classes(protocol, context.dataset.classes.texts if context.dataset.classes else ())


def name_classes(protocol: Protocol, texts: tuple[tuple[str, ...], ...]) -> Protocol:
    """Give the class names to the mappings that need them (exact, table); ``texts`` are those of each class.

    Raises UsageError for a metric or mapping that is none, and for a table that is not given.
    """
    check_words(protocol)
    return replace(protocol, mapping=make_strategies(protocol.mapping, texts, protocol.table))


def score_own(scoring: ScoringContext, protocol: Protocol, tables: Tables) -> Scores:
    """Score the predictions alone, without controls, curves and files: what `bench.Scorer` computes."""
    count = len(tables.tables)
    _settle_background(scoring, protocol, tables)  # notes what it came to; a number's name keeps the word
    scoring, protocol, rows, records = prepare_records(scoring, protocol, tables)
    for note in describe_objects(tables.tables.values(), scoring.context.classes, set(protocol.metrics)):
        scoring.note(note)
    return evaluate_own(scoring, protocol, records, rows, (count, count, 0))


def _settle_background(scoring: ScoringContext, protocol: Protocol, tables: Tables) -> Protocol:
    """Take a protocol as asked for, return it as it is recorded: with what "class_if_any" came to in these images."""
    settled = settle_background(protocol, list(tables.tables.values()))
    if settled is not protocol and settled.background == "class":
        scoring.note("score.background=class_if_any: the truth has background, which is one more class")
    return settled


def _make_tables(context: RunContext, file: PredictionFile, ids: Sequence[str], overlap: str, work: Map) -> Tables:
    data = context.settings["data"], context.identity, context.store
    made = make_tables(file, ids, *data, overlap, work)
    if not made.tables:
        reason = next(iter(made.skipped.values()), "the data set has no image")
        raise UserError(f"none of the {len(ids)} images could be used; the first: {reason}")
    return made


def _join_parts(parts: Sequence[ScoreTables]) -> ScoreTables:
    """Join the tables of all protocols under each other; the true segments are those of the first."""

    def stack(name: str) -> pd.DataFrame | None:
        tables = [table for part in parts if (table := getattr(part, name)) is not None]
        return pd.concat(tables, ignore_index=True) if tables else None

    counts: dict[str, MetricCounts] = {}
    for part in parts:
        counts |= part.counts
    ids = sorted({image_id for part in parts for image_id in part.image_ids})
    segments = next((part.segments for part in parts if len(part.segments)), parts[0].segments)
    scores = pd.concat([part.scores for part in parts], ignore_index=True)
    more = {name: stack(name) for name in ("curves", "areas", "ratings", "confusion")}
    return ScoreTables(scores, counts, ids, segments, **more)
