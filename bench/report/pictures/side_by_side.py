"""Figure 5 for finished runs: input, over-segments, each variant's named segments and the truth, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.base import Dataset, make_full_name
from bench.metric_name import parse
from bench.predictions.source import PredictionFile
from bench.records import Prediction, Sample
from bench.report.blocklist import NOTHING, Blocklist
from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain, uses_embedded_models
from bench.report.pictures.disagreements import select_extremes, write_disagreements
from bench.report.pictures.draw import Panel
from bench.report.pictures.gallery import GalleryRow, write_gallery
from bench.report.runs import label_runs
from bench.report.tables.comparisons import Pair
from bench.run.run_folder import (
    find_over_segments,
    find_role,
    has_rows,
    read_image_scores,
    read_over_segments,
    read_segments,
)
from bench.score.score_table import FLOOR
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.store.files import Namespace
from bench.store.sealed import RECORD, check_intact, read_record


@dataclass(frozen=True)
class ShownRun:
    """What the gallery shows of one finished run."""

    variant: str
    role: str
    folder: Path
    predictions: Mapping[str, Prediction]
    per_image: pd.DataFrame
    over_segments: Namespace | None


def write_side_by_side(
    folders: Sequence[Path], to: Path, pictures: int, pairs: Sequence[Pair] = (), blocklist: Blocklist | None = None
) -> tuple[Path, ...]:
    """Write the gallery of some runs over the images they share; returns the page, the overview, and perhaps where.png.

    That one shows the segments on which the runs of each of the ``pairs`` disagree most, whatever images the page
    shows. All of it is read from the runs' folders, the data and the store: nothing is segmented, and no model asked.
    Words of ``blocklist`` are hidden in all texts.
    """
    hide = blocklist or Blocklist()
    names, dataset = label_runs(folders), make_object(read_run_settings(folders[0])["data"])
    runs = [read_shown_run(folder, names[folder]) for folder in folders]
    ids = dataset.list_ids()
    shared = [image_id for image_id in ids if all(image_id in run.predictions for run in runs)][:pictures]
    facts = _state_facts(folders, make_full_name(dataset), f"{len(shared)} of {len(ids)}")
    facts |= {"hidden": told} if (told := hide.state()) else {}
    small = uses_embedded_models(folders)
    where = _write_disagreements(runs, dataset, to / "where.png", small, pairs, hide) if pictures else ()
    figures = [("Where the variants disagree most", path.name) for path in where]
    rows = (_make_row(runs, dataset, dataset.load(image_id), hide) for image_id in shared)
    written = write_gallery(rows, to, title="Zero-guidance segmentation", facts=facts, embedded=small, figures=figures)
    return (*written, *where)


def _state_facts(folders: Sequence[Path], data: str, images: str) -> dict[str, str]:
    """State what the page says of the first run: its models, too (nobody knows those of another system)."""
    settings, record = read_run_settings(folders[0]), read_record(folders[0])
    models = {} if "predictions" in settings else {"models": str(settings["models"]["name"])}
    device = f"{record.get('device', settings['device'])}, {settings['dtype']}"
    facts = {"data": data, **models, "images": images, "device": device}
    return facts | ({"beware": OUT_OF_DOMAIN} if any(map(is_out_of_domain, folders)) else {})


def _write_disagreements(
    runs: Sequence[ShownRun], dataset: Dataset, path: Path, small: bool, pairs: Sequence[Pair], hide: Blocklist
) -> tuple[Path, ...]:
    """Write the picture of extremes, where both runs of a pair have rows of true segments; an earlier one goes."""
    path.unlink(missing_ok=True)
    tables = {run.variant: read_segments(run.folder) for run in runs if pairs and has_rows(run.folder)}
    known = {variant: hide_texts(table, hide) for variant, table in tables.items() if table is not None}
    found = select_extremes(known, pairs)
    path.parent.mkdir(parents=True, exist_ok=True)
    return (write_disagreements(found, dataset, path, embedded=small),) if found else ()


def hide_texts(table: pd.DataFrame, hide: Blocklist) -> pd.DataFrame:
    """Hide words in the texts of a table of true segments; they are counted where the gallery shows them."""
    return table.assign(text=[hide.mask(text) for text in table["text"]]) if hide else table


def read_shown_run(folder: Path, variant: str) -> ShownRun:
    """Open what a gallery shows of a finished run, or of scored predictions; masks are read image by image."""
    settings = read_run_settings(folder)
    path = Path(settings.get("predictions") or folder / "predictions.json")
    if (path.parent / RECORD).exists():  # of a run of ours, its own or the one that was scored again
        path = check_intact(path.parent, path.name)
    whole = "predictions" in settings or "baseline" in settings
    namespace = None if whole else find_over_segments(folder)
    return ShownRun(variant, find_role(settings), folder, PredictionFile(path), read_image_scores(folder), namespace)


def _make_row(runs: Sequence[ShownRun], dataset: Dataset, sample: Sample, hide: Blocklist) -> GalleryRow:
    shown = [show_prediction(run, sample.image_id, hide) for run in runs if run.role != FLOOR]
    panels = (*_show_over_segments(runs[0], sample), *shown, *show_truth(dataset, sample, hide))
    return GalleryRow(sample.image_id, sample.image, panels)


def _show_over_segments(run: ShownRun, sample: Sample) -> list[Panel]:
    """Show nothing for stored predictions (`zgs score`) and for whole systems: nobody knows how they were made."""
    if run.over_segments is None:
        return []
    tree = read_over_segments(run.over_segments, sample)
    if tree is None:
        return [Panel("over-segments", note="not in the store")]
    return [Panel("over-segments", labels=tree.leaves, note=f"{len(tree.heap_ids)} segments")]


def show_prediction(run: ShownRun, image_id: str, hide: Blocklist = NOTHING) -> Panel:
    """Show the named segments of an image, with their IoU below; words of ``hide`` are hidden and counted."""
    prediction = run.predictions[image_id]
    texts = hide.hide_all(prediction.texts)
    return Panel(run.variant, masks=prediction.masks, texts=texts, note=write_scores(run, image_id))


def write_scores(run: ShownRun, image_id: str) -> str:
    """Write IoU of the whole image by each mapping, where it was scored; of several protocols the first."""
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


def show_truth(dataset: Dataset, sample: Sample, hide: Blocklist = NOTHING) -> tuple[Panel, ...]:
    """Show the ground truth; nothing where there is none. Names of classes are hidden, and not counted."""
    classes = dataset.classes
    if sample.truth is None or classes is None:
        return ()
    return (Panel("ground truth", labels=sample.truth, texts=tuple(map(hide.mask, classes.names))),)
