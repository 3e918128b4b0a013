"""Section 4, in words: what a reader must know of a predictions file and its numbers, beside them and in the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.mapping.no_class import is_silent, list_silent_words
from bench.mapping.remarks import describe_texts
from bench.mapping.table import Table
from bench.protocol import Protocol
from bench.records import Overlap, TrueSegmentTexts
from bench.run.score_records import ScoreRequest, ScoringContext
from bench.run.tables import Tables

UNRATED = "ratings are missing; those labels count as not verified"


def describe_unrated(mapping: str, without: int, total: int) -> str:
    """Describe how many of all labels times batches nobody rated: ``tt: 12 of 40 ratings are missing; …``."""
    return f"{mapping}: {without} of {total} {UNRATED}"


def find_unrated(notes: Sequence[str], mapping: str) -> str:
    """Find what `describe_unrated` said of a mapping among the notes of a record; nothing where all were rated."""
    return next((each for each in notes if each.startswith(f"{mapping}: ") and each.endswith(UNRATED)), "")


def note_texts(
    scoring: ScoringContext,
    protocol: Protocol,
    images: list[Overlap],
    truths: list[TrueSegmentTexts],
    rows: Sequence[str],
) -> None:
    """Note what a reader must know of the texts and of what was given and not read."""
    dataset, read_tgq = scoring.context.dataset, "tgq" in protocol.metrics
    for text in describe_texts(images, truths, scoring.context.classes, protocol, getattr(dataset, "table", None)):
        scoring.note(text)
    if read_tgq and not truths and not scoring.request.measured:
        scoring.note('no TGQ: the file has no "oracle" section (texts for the true segments)')
    elif read_tgq and truths and not rows:
        scoring.note("no TGQ: it is measured by TT and ST, and none of the mappings asks for their models")
    if "st" in rows:
        _note_other_space(scoring)
    if protocol.table and not any(isinstance(mapping, Table) for mapping in protocol.mapping):
        scoring.note("score.table is given, but score.mapping has no table: it was not read")
    if protocol.ratings and protocol.verify != "human":
        scoring.note("score.ratings is given, but score.verify is not human: they were not read")


def _note_other_space(scoring: ScoringContext) -> None:
    """Note where the file names another model for its embeddings than the one that encodes the class names."""
    model, own = (scoring.models.file.head.get("embeddings") or {}).get("model"), scoring.context.embedder
    if model is not None and model != own:
        scoring.note(f"beware: embeddings of {model} (says the file) are compared with texts of {own}: choose models=…")


def note_counts(scoring: ScoringContext, protocol: Protocol, counted: Mapping[str, int]) -> None:
    """Note what was counted in spite of being empty, or left out."""
    unread = set() if {"tgq", "names"} & set(protocol.metrics) else {"true_segments_without_a_text"}
    empty = [f"{key.replace('_', ' ')} {n}" for key, n in counted.items() if n and key not in unread]
    if empty:
        scoring.note(f"counted: {', '.join(empty)}")
    if protocol.empty == "skip" and counted["empty_predictions"]:
        scoring.note(f"score={protocol.name} leaves predictions without segments out of IoU and recall: look at n")


def note_missing_words(scoring: ScoringContext, table: Table, protocol: Protocol, tables: Tables) -> None:
    silent = list_silent_words(protocol.no_class, scoring.context.classes)
    texts = (text for item in tables.tables.values() for text in item.texts)
    absent = table.list_missing(text for text in texts if not is_silent(text, silent))
    if not absent:
        return
    word, count = absent.most_common(1)[0]
    lacking = f"{protocol.table} lacks {len(absent)} words on {absent.total()} segments, most often {word!r} ({count})"
    if protocol.unmapped == "error":
        raise UserError(f"{lacking}; add them: `zgs vocabulary FILE table={protocol.table}` lists all")
    scoring.note(f"{lacking}; they count as no class")


def describe_ids(
    request: ScoreRequest,
    ids: Sequence[str],
    predicted: int,
    missing: list[str],
    unknown: list[str],
    outside: list[str],
) -> list[str]:
    """Describe what to say of ids that only one side has; unknown ones stop unless they are to be ignored."""
    if unknown and not request.ignore_unknown:
        raise UserError(
            f"{request.predictions.path}: {len(unknown)} of its {predicted} images are not in the data set, the first "
            f"{unknown[0]!r}{suggest_nearest(unknown[0], ids[:2000])}; choose other data, or ignore them: "
            "--ignore-unknown"
        )
    notes = []
    if missing:
        first = f"the first {missing[0]!r}"
        notes.append(f"{len(missing)} of {len(ids)} images have no prediction, {first}: each counts as an empty one")
    if outside:
        first = f"the first {outside[0]!r}"
        notes.append(
            f"{len(outside)} of the file's {predicted} images are of the split, not of the subset, {first}: left out"
        )
    if unknown:
        near = f", the first {unknown[0]!r}{suggest_nearest(unknown[0], ids[:2000])}" if missing else ""
        notes.append(f"{len(unknown)} of the file's {predicted} images are not in the data set and were ignored{near}")
    return notes


def describe_misfits(tables: Tables) -> str:
    more = len(tables.misfits) - 1
    return next(iter(tables.misfits.values())) + (f" (and so are those of {more} more images)" if more else "")


def describe_sizes(tables: Tables) -> list[str]:
    counted = {
        "predictions of other proportions than the truth: {} (stretched to fit)": len(tables.misfits),
        "predictions of another size than the truth: {} (resized by nearest neighbour)": tables.resized,
    }
    return [text.format(count) for text, count in counted.items() if count]
