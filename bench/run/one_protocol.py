"""Section 4, one protocol over the tables of stored predictions: which mappings can be measured, and every number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import UsageError, UserError
from bench.mapping.base import Strategy
from bench.mapping.choose import find_similarity_of, make_strategy
from bench.mapping.no_class import list_silent_words, says_nothing, silence_texts
from bench.mapping.remarks import describe_texts
from bench.mapping.table import Table
from bench.metric_name import Naming
from bench.metrics.registry import select_metrics
from bench.protocol import Protocol
from bench.records import Oracle, Overlap
from bench.run.attach import Measures, attach, oracles
from bench.run.context import Builder
from bench.run.scores import naming_of
from bench.run.tabulate import Tables
from bench.score.curves import compute_curves, list_curved
from bench.score.evaluate import COLUMNS, evaluate
from bench.score.human_ratings import check_ratings, count_ratings, count_unrated, read_ratings, score_verified
from bench.score.intervals import MetricCounts
from bench.score.segments import make_segment_table


@dataclass(frozen=True)
class Session:
    """What the protocols of one call share; ``notes`` grow with everything that a reader must know."""

    builder: Builder
    measures: Measures
    run: str
    variant: str
    chosen: bool
    notes: list[str]

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass
class Numbers:
    """What the protocols of one call give together."""

    lines: list[pd.DataFrame] = field(default_factory=list)
    rows: dict[str, MetricCounts] = field(default_factory=dict)
    curves: list[pd.DataFrame] = field(default_factory=list)
    areas: list[pd.DataFrame] = field(default_factory=list)
    segments: pd.DataFrame = field(default_factory=pd.DataFrame)
    ratings: list[pd.DataFrame] = field(default_factory=list)


def score_protocol(session: Session, score: Protocol, found: Tables, counted: dict[str, int], numbers: Numbers) -> None:
    """Add every number of a protocol; ``counted`` are expected, found and skipped."""
    score = replace(score, mapping=_measurable(session, score, found))
    session = replace(session, measures=session.measures.of(score.rounding))
    described = found.once("described", lambda: session.measures.oracle(found.tables))
    rows = _rows(session, score, found)
    images = attach(session.measures, found, rows)
    truths = oracles(session.measures, found, described, rows)
    dataset = session.builder.dataset
    for text in describe_texts(images, truths, session.builder.classes, score, getattr(dataset, "table", None)):
        session.note(text)
    silent = list_silent_words(score.no_class, session.builder.classes)
    images, truths = silence_texts(images, silent), silence_texts(truths, silent)
    if "tgq" in score.metrics and not described:
        session.note('no TGQ: the file has no "oracle" section (texts for the true segments)')
    elif "tgq" in score.metrics and not rows:
        session.note("no TGQ: it is measured by TT and ST, and none of the mappings asks for their models")
    if "st" in rows:
        _same_space(session)
    if score.table and not any(isinstance(mapping, Table) for mapping in score.mapping):
        session.note("score.table is given, but score.mapping has no table: it was not read")
    if score.ratings and score.verify != "human":
        session.note("score.ratings is given, but score.verify is not human: they were not read")
    naming, classes = naming_of(session.builder, rows), session.builder.classes
    told = {"run": session.run, "variant": session.variant, **counted}
    by_people = score.verify == "human"
    given = replace(score, mapping=()) if by_people else score
    speaks = "clipscore" in score.metrics and "st" in rows
    spoken = {item.image_id: session.measures.own_text(item) for item in images} if speaks else None
    scores = evaluate(images, truths, classes, given, naming, own_text=spoken, **told)  # type: ignore[arg-type]
    numbers.lines.append(scores.table)
    numbers.rows |= scores.rows
    if by_people:
        _verify(session, images, score, naming, told, numbers)
    for mapping in list_curved(given):
        lines, areas = compute_curves(images, classes, score, naming, mapping)
        numbers.curves.append(lines.assign(variant=session.variant))
        numbers.areas.append(areas.assign(variant=session.variant))
    if numbers.segments.empty:
        numbers.segments = make_segment_table(_pairs(images, truths), classes, score)
    unread = set() if {"tgq", "names"} & set(score.metrics) else {"true_segments_without_a_text"}
    empty = [f"{key.replace('_', ' ')} {n}" for key, n in scores.counted.items() if n and key not in unread]
    if empty:
        session.note(f"counted: {', '.join(empty)}")
    if score.empty == "skip" and scores.counted["empty_predictions"]:
        session.note(f"score={score.name} leaves predictions without segments out of IoU and recall: look at n")


def _rows(session: Session, score: Protocol, found: Tables) -> list[str]:
    """The similarities that mappings and metrics read; CLIPScore is left out with a note where nothing is embedded.

    TGQ reads what the mappings read: it alone loads no model.
    """
    read = {find_similarity_of(mapping) for mapping in score.mapping}
    read |= {metric.mapping for metric in select_metrics(set(score.metrics) - {"tgq", "clipscore"})}
    if "clipscore" in score.metrics and _embedded(session, "clipscore", found):
        read.add("st")
    return [rows for rows in ("st", "tt") if rows in read]


def _measurable(session: Session, score: Protocol, found: Tables) -> tuple[str | Strategy, ...]:
    """The mappings that the predictions allow."""
    kept = []
    for mapping in score.mapping:
        if isinstance(mapping, Table):
            _count_missing(session, mapping, score, found)
        if find_similarity_of(mapping) != "st" or _embedded(session, f"score.mapping={mapping}", found, session.chosen):
            kept.append(mapping)
    return tuple(kept)


def _embedded(session: Session, what: str, found: Tables, required: bool = False) -> bool:
    """Whether there are embeddings. Some images without them are an error, and so is a mapping that was asked for."""
    filled = [image_id for image_id, item in found.tables.items() if len(item.areas)]
    lacking = [image_id for image_id in filled if not session.measures.file.embedded(image_id)]
    if not lacking:
        return True
    if required or len(lacking) < len(filled):
        raise UserError(
            f"{session.measures.file.where(lacking[0])}: {len(lacking)} of {len(filled)} images have no embeddings, "
            f"which {what} needs; choose others, e.g. score.mapping=[tt]"
        )
    session.note(f"{what.removeprefix('score.mapping=')} left out: the file has no embeddings")
    return False


def _same_space(session: Session) -> None:
    """Say where the file names another model for its embeddings than the one that encodes the class names."""
    told, own = (session.measures.file.head.get("embeddings") or {}).get("model"), session.builder.embedder
    if told is not None and told != own:
        session.note(f"beware: embeddings of {told} (says the file) are compared with texts of {own}: choose models=…")


def _count_missing(session: Session, table: Table, score: Protocol, found: Tables) -> None:
    silent = list_silent_words(score.no_class, session.builder.classes)
    texts = (text for item in found.tables.values() for text in item.texts)
    absent = table.missing(text for text in texts if not says_nothing(text, silent))
    if not absent:
        return
    word, count = absent.most_common(1)[0]
    told = f"{score.table} lacks {len(absent)} words on {absent.total()} segments, most often {word!r} ({count})"
    if score.unmapped == "error":
        raise UserError(f"{told}; add them: `zgs vocabulary FILE table={score.table}` lists all")
    session.note(f"{told}; they count as no class")


def _verify(
    session: Session, images: list[Overlap], score: Protocol, naming: Naming, told: dict[str, Any], numbers: Numbers
) -> None:
    """Scores verified by people instead of thresholds, and the distribution of their ratings."""
    if not score.ratings:
        raise UsageError("score.verify=human needs score.ratings=FILE (csv: image,segment,label,rater,batch,rating)")
    classes, ratings = session.builder.classes, read_ratings(score.ratings)
    check_ratings(ratings, {item.image_id: item for item in images}, session.measures.file, classes.names)
    bases = {}
    for mapping in score.mapping:
        model = naming.models.get(mapping) if isinstance(mapping, str) else None
        base = make_strategy(mapping, score.rounding, model)
        bases[base.name.partition("(")[0]] = base
    for what, base in bases.items():
        found = score_verified(images, ratings, base, score, classes, naming)
        lines = [{**told, "metric": v.name, **vars(v.interval), "n": v.n, "unit_of_n": v.unit} for v in found]
        numbers.lines.append(pd.DataFrame(lines)[list(COLUMNS)])
        numbers.rows |= {v.name: v.each() for v in found}
        without, total = count_unrated(images, ratings, base, classes)
        if without:
            session.note(f"{what}: {without} of {total} ratings are missing; those labels count as not verified")
    numbers.ratings.append(count_ratings({item.image_id: item for item in images}, ratings, bases, classes))
    session.note(f"ratings: {len(ratings.batches)} batches, {ratings.raters} raters")


def _pairs(images: list[Overlap], truths: list[Oracle]) -> list[tuple[Overlap, Oracle]]:
    """Each image with its true segments as described, or with nothing."""
    known, none = {oracle.image_id: oracle for oracle in truths}, np.zeros(0, np.int32)
    return [
        (item, known.get(item.image_id, Oracle(item.image_id, none, none.astype(np.int64), None, None)))
        for item in images
    ]
