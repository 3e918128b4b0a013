"""Figure 5 for finished runs: input, over-segments, each variant's named segments and the truth, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.base import full_name
from bench.metric_name import parse
from bench.predictions.source import PredictionFile
from bench.records import Prediction, Sample
from bench.report.pictures.disagreements import select_extremes, write_where
from bench.report.pictures.draw import Panel
from bench.report.pictures.gallery import GalleryRow, write_gallery
from bench.report.report import STRANGERS, embedded, labels, settings_of, strangers
from bench.report.tables.pairs import Pair
from bench.run.context import Builder
from bench.run.run_folder import complete, role_of, saved_image_scores, saved_segments
from bench.score.score_table import FLOOR
from bench.store.sealed import RECORD, intact


@dataclass(frozen=True)
class Run:
    """What the gallery shows of one finished run."""

    variant: str
    predictions: Mapping[str, Prediction]
    per_image: pd.DataFrame
    builder: Builder
    role: str


def write_comparison(folders: Sequence[Path], to: Path, pictures: int, pairs: Sequence[Pair] = ()) -> tuple[Path, ...]:
    """Write the gallery of some runs over the images they share; returns the page, the overview, and perhaps where.png.

    That one shows the segments on which the runs of each of the ``pairs`` disagree most, whatever images the page
    shows.
    """
    names = labels(folders)
    runs = [_read(folder, names[folder]) for folder in folders]
    first = runs[0].builder
    shared = [i for i in first.dataset.ids() if all(i in run.predictions for run in runs)][:pictures]
    settings = first.settings
    # Of the predictions of another system nobody knows with which models they were made.
    models = {} if "predictions" in settings else {"models": str(settings["models"]["name"])}
    facts = {
        "data": full_name(first.dataset),
        **models,
        "images": f"{len(shared)} of {len(first.dataset.ids())}",
        "device": f"{first.device}, {settings['dtype']}",
    }
    if any(map(strangers, folders)):
        facts["beware"] = STRANGERS
    small = embedded(folders)
    where = _where(folders, runs, to / "where.png", small, pairs) if pictures else ()
    figures = [("Where the variants disagree most", path.name) for path in where]
    rows = (_row(runs, image_id) for image_id in shared)
    written = write_gallery(rows, to, title="Zero-guidance segmentation", facts=facts, embedded=small, figures=figures)
    return (*written, *where)


def _where(
    folders: Sequence[Path], runs: Sequence[Run], path: Path, small: bool, pairs: Sequence[Pair]
) -> tuple[Path, ...]:
    """The picture of extremes, where both runs of a pair have rows of true segments; an earlier one goes."""
    path.unlink(missing_ok=True)
    tables = [(run.variant, saved_segments(f)) for f, run in zip(folders, runs, strict=True) if complete(f)]
    found = select_extremes({variant: table for variant, table in tables if table is not None}, pairs)
    path.parent.mkdir(parents=True, exist_ok=True)
    return (write_where(found, runs[0].builder.dataset, path, embedded=small),) if found else ()


def _read(folder: Path, variant: str) -> Run:
    settings = settings_of(folder)
    path = Path(settings.get("predictions") or folder / "predictions.json")
    if (path.parent / RECORD).exists():  # of a run of ours, its own or the one that was scored again
        path = intact(path.parent, path.name)
    return Run(
        variant, PredictionFile(path), saved_image_scores(folder), Builder(settings, ("segment",)), role_of(settings)
    )


def _row(runs: Sequence[Run], image_id: str) -> GalleryRow:
    sample = runs[0].builder.dataset.load(image_id)
    panels = _over_segments(runs[0], sample)
    panels += [_predicted(run, image_id) for run in runs if run.role != FLOOR]
    return GalleryRow(image_id, sample.image, (*panels, *_truth(runs[0], sample)))


def _over_segments(run: Run, sample: Sample) -> list[Panel]:
    """Nothing for stored predictions (`zgs score`): nobody knows how they were made."""
    if "predictions" in run.builder.settings:
        return []
    tree = run.builder.segmenting.segment(sample)
    return [Panel("over-segments", labels=tree.leaves, note=f"{len(tree.heap_ids)} segments")]


def _predicted(run: Run, image_id: str) -> Panel:
    prediction = run.predictions[image_id]
    return Panel(run.variant, masks=prediction.masks, texts=prediction.texts, note=_scores(run, image_id))


def _scores(run: Run, image_id: str) -> str:
    """IoU of the whole image by each mapping, where it was scored; of several protocols the first."""
    if image_id not in run.per_image.index:
        return ""
    row: Any = run.per_image.loc[image_id]
    found: dict[str, float] = {}
    for column in row.index:
        name = parse(column)
        family, *how = name.metric.split(".")
        if (family, *how[:1]) == ("iou", "image") and len(how) == 2 and not pd.isna(row[column]):
            found.setdefault(name.mapping.upper() if len(name.mapping) == 2 else name.mapping, row[column])
    return "IoU " + ", ".join(f"{mapping} {100 * value:.0f}" for mapping, value in found.items()) if found else ""


def _truth(run: Run, sample: Sample) -> tuple[Panel, ...]:
    classes = run.builder.dataset.classes
    if sample.truth is None or classes is None:
        return ()
    return (Panel("ground truth", labels=sample.truth, texts=classes.names),)
