"""Section 4 for a whole run: scores with intervals, floors and ceilings beside them, curves, predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.base import remarks_of
from bench.mapping.choose import make_strategies
from bench.mapping.no_class import list_silent_words, silence_texts
from bench.mapping.remarks import describe_texts
from bench.mapping.similarity import compute_own_similarity
from bench.metric_name import Naming
from bench.predictions.parse import Described
from bench.predictions.source import PredictionFile
from bench.predictions.write import write_predictions
from bench.protocol import Protocol
from bench.records import Oracle, Overlap, Prediction, Sample
from bench.run.context import Builder
from bench.run.run_folder import role_of
from bench.run.tabulate import Sizes, keep
from bench.score.controls import choose_controls
from bench.score.counts import OwnText
from bench.score.curves import compute_curves, list_curved
from bench.score.evaluate import Scores, check_words, evaluate
from bench.score.per_image import make_per_class, make_per_image_n
from bench.score.score_table import ALL, OF_CURVES, add_columns, write_scores
from bench.score.segments import KNOWN, make_segment_table
from bench.settings.instantiate import make
from bench.settings.naming import variant_name
from bench.text.csv_files import write_csv

Tables = tuple[list[Overlap], list[Oracle]]


def write(
    builder: Builder, folder: Path, score: Protocol, tables: Sequence[tuple[Overlap, Oracle]], expected: int, found: int
) -> pd.DataFrame:
    """scores.csv, curves.csv, areas.csv, and the rows behind them as parquet; returns the scores.

    Empty without any label.
    """
    if not tables:
        return _write_unlabelled(folder)
    classes, naming = builder.classes, naming_of(builder)
    silent = list_silent_words(score.no_class, classes)
    overlaps, oracles = (
        silence_texts([pair[0] for pair in tables], silent),
        silence_texts([pair[1] for pair in tables], silent),
    )
    tables = list(zip(overlaps, oracles, strict=True))
    variant = variant_name(builder.settings)

    spoken = _own_text(builder, overlaps) if "clipscore" in score.metrics else None

    def scored(given: Tables, by: Protocol, name: str) -> Scores:
        return evaluate(
            *given, classes, by, naming, run=builder.name, variant=name,
            expected=expected, found=found, skipped=expected - found,
            own_text=spoken if name == variant else None,
        )  # fmt: skip

    own = overlaps, _described(oracles)
    whole = scored(own, score, variant)
    parts = [add_columns(whole.table, role_of(builder.settings))]
    for control in choose_controls(builder.settings["controls"]):
        given = replace(score, mapping=tuple(m for m in score.mapping if m in control.mappings))
        changed = control.change(own, builder.settings["seed"], len(classes))
        rows = control.select(scored(changed, given, f"{control.title} ({variant})").table)
        parts.append(add_columns(rows, control.role))
    table = pd.concat(parts, ignore_index=True)
    write_scores(table, folder / "scores.csv")
    _write_rows(folder, whole, make_segment_table(tables, classes, score))
    _write_curves(
        folder,
        [compute_curves(overlaps, classes, score, naming, rows) for rows in list_curved(score)],
        variant,
        role_of(builder.settings),
    )
    return table


def notes(builder: Builder, score: Protocol, tables: Sequence[tuple[Overlap, Oracle]]) -> list[str]:
    """What the data set made of its files, and what a reader must know of the texts."""
    dataset = builder.dataset
    told = list(remarks_of(dataset))
    if tables and dataset.classes is not None:
        images, truths = [pair[0] for pair in tables], [pair[1] for pair in tables]
        told += describe_texts(images, truths, dataset.classes, score, getattr(dataset, "table", None))
    return told


def _write_curves(folder: Path, found: Sequence[tuple[pd.DataFrame, pd.DataFrame]], variant: str, role: str) -> None:
    for at, file in enumerate(("curves.csv", "areas.csv")):
        (folder / file).unlink(missing_ok=True)
        if found:
            table = pd.concat([parts[at] for parts in found], ignore_index=True).assign(variant=variant)
            write_csv(add_columns(table, role, "name", OF_CURVES), folder / file)


def _own_text(builder: Builder, overlaps: Sequence[Overlap]) -> OwnText:
    """What CLIP says of each predicted segment and its own text; the embeddings come from the store."""
    found = {}
    for item in overlaps:
        prediction = builder.pipeline.predict(builder.dataset.load(item.image_id))
        assert prediction.embeddings is not None, "our own predictions carry embeddings"
        found[item.image_id] = compute_own_similarity(builder.model("clip"), prediction.embeddings, item.texts)
    return found


def export(builder: Builder, folder: Path, tables: Mapping[str, tuple[Overlap, Oracle]], ids: Sequence[str]) -> None:
    """predictions.json and .npz, read from the store image by image; `zgs score` finds the tables that were made."""
    about = {"run": builder.name, "models": builder.settings["models"]["name"]}
    records: dict[str, tuple[Overlap, Sizes]] = {}

    def exported() -> Iterator[tuple[Prediction, Described | None]]:
        for image_id in ids:
            sample = builder.dataset.load(image_id)
            prediction, oracle = _exported(builder, sample)
            if image_id in tables:
                records[image_id] = tables[image_id][0], (prediction.masks.shape[1:], sample.size)
            yield prediction, oracle

    path = write_predictions(folder / "predictions.json", exported(), about, builder.embedder)
    keep(PredictionFile(path), records, builder.settings["data"], builder.identity, builder.store)


def _exported(builder: Builder, sample: Sample) -> tuple[Prediction, Described | None]:
    """The prediction of an image and, where TGQ is measured, what the method says of the true segments."""
    pipeline, classes = builder.pipeline, builder.dataset.classes
    prediction = pipeline.predict(sample)
    if sample.truth is None or classes is None or not builder.has_oracle:
        return prediction, None
    captions, embeddings, _, true = pipeline.oracle(sample)
    return prediction, Described(tuple(classes.names[i] for i in true), captions.texts, embeddings.vectors)


def naming_of(builder: Builder, rows: Sequence[str] = ("tt", "st")) -> Naming:
    """What the metric names of a run share; ``rows`` are the similarities that are measured, and so need a model."""
    dataset = builder.dataset
    models = {row: builder.mapping_model(row) for row in rows}
    named = models | {f"grounded-{row}": model for row, model in models.items()}
    return Naming(dataset.name, dataset.split, builder.classes.name, dataset.subset, named)


def score_of(builder: Builder, options: Mapping[str, Any]) -> Protocol:
    """The protocol, with the background as the data set says and mappings that know the class names."""
    options = dict(options)
    if options["background"] == "auto":
        options["background"] = getattr(builder.dataset, "background", "context")
    score: Protocol = make(options)
    check_words(score)
    texts = builder.dataset.classes.texts if builder.dataset.classes else ()
    return replace(score, mapping=make_strategies(score.mapping, texts, score.table))


def _described(oracles: list[Oracle]) -> list[Oracle]:
    """Oracle records of a variant that has any (without merging there are none)."""
    return [oracle for oracle in oracles if oracle.tt is not None]


def _write_rows(folder: Path, own: Scores, segments: pd.DataFrame) -> None:
    """From which every mean and every paired comparison follows without this run's models or data."""
    own.per_image.to_parquet(folder / "per_image.parquet", index=False)
    make_per_image_n(own.rows, list(own.per_image["image_id"])).to_parquet(folder / "per_image_n.parquet", index=False)
    make_per_class(own.rows).to_parquet(folder / "per_class.parquet", index=False)
    segments.to_parquet(folder / "segments.parquet", index=False)


def _write_unlabelled(folder: Path) -> pd.DataFrame:
    table = pd.DataFrame(columns=list(ALL))
    write_csv(table, folder / "scores.csv")
    for name in ("per_image", "per_image_n"):
        pd.DataFrame({"image_id": []}).to_parquet(folder / f"{name}.parquet", index=False)
    make_per_class({}).to_parquet(folder / "per_class.parquet", index=False)
    pd.DataFrame(columns=list(KNOWN)).to_parquet(folder / "segments.parquet", index=False)
    return table
