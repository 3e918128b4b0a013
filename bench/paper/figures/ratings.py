"""Figure 6: segments with what was said of them, by the rating that people gave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.pictures import Shown, draw_pictures, load_sample
from bench.paper.rating_shares import read_texts
from bench.predictions.source import PredictionFile
from bench.report.figures.style import save, write_note
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pictures.highlights import highlight_segment
from bench.resize import resize_nearest
from bench.score.human_ratings import Ratings, read_ratings
from bench.settings.saved import read_run_settings

COLUMNS = ("row", "rating", "image_id", "segment", "label", "ratings", "shown")
"""One question a row; ``rating`` is the median of ``ratings``, of two in the middle the lower one."""
MEANING = "3: correct; 2: correct, but too general or too specific; 1: partially correct; 0: incorrect"
ACROSS, SIDE = 5, 384


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw a row for each rating of each run: ``options.images`` questions drawn with ``options.seed``.

    Drawn among those on which all raters agree, and beyond these among the others of that median.
    """
    count, seed = int(item.options.get("images", ACROSS)), int(item.options.get("seed", 0))
    rows, tables, lacks = [], [], list[str]()
    for name, run in runs.items():
        settings = read_run_settings(run)
        file = PredictionFile(Path(settings["predictions"]))
        said = list_questions(read_ratings(settings["score"]["ratings"]), read_texts(file.path))
        if said.empty:
            lacks.append(f"{name}: no rating is of a text that it said: all labels are classes (Table 1's)")
        table = select_questions(said, count, seed)
        for _, part in table[table["shown"]].groupby("rating", sort=False):
            rows.append([_show(run, file, line) for line in part.to_dict("records")])
        tables.append(table.assign(row=name))
    if not rows:
        raise UserError(f"{item.name}: people rated nothing of its runs ({'; '.join(lacks)})")
    note = f"{MEANING}. Drawn with seed {seed}, first among those on which all raters agree."
    figure = draw_pictures(rows, write_note(note, uses_embedded_models(list(runs.values()))))
    written = write_csv(pd.concat(tables, ignore_index=True)[list(COLUMNS)], folder / f"{item.name}.csv")
    return [*save(figure, folder / item.name), written]


def list_questions(ratings: Ratings, texts: Mapping[tuple[str, int], str]) -> pd.DataFrame:
    """List every question once with its ratings in the order of the batches, and their lower median.

    Of questions that show what the method said: ``texts`` by image and segment. Others, of Table 1, show a class name.
    """
    found: dict[tuple[str, int, str], list[int]] = {}
    for batch in ratings.batches.values():
        for question, rating in batch.items():
            if texts.get(question[:2]) != question[2]:
                continue
            found.setdefault(question, []).append(rating)
    lines = [
        (sorted(each)[(len(each) - 1) // 2], *question, "+".join(map(str, each)), len(set(each)) == 1)
        for question, each in sorted(found.items())
    ]
    return pd.DataFrame(lines, columns=["rating", "image_id", "segment", "label", "ratings", "agreed"])


def select_questions(table: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Mark in a column ``shown`` up to ``count`` questions of each rating; from 3 down, the shown ones first."""
    order = np.random.default_rng(seed).permutation(len(table))
    drawn = table.iloc[order].sort_values(["rating", "agreed"], ascending=[False, False], kind="stable")
    drawn = drawn.assign(shown=drawn.groupby("rating").cumcount() < count)
    return drawn.reset_index(drop=True)


def _show(run: Path, file: PredictionFile, line: Mapping[Any, Any]) -> Shown:
    """Draw one segment at full brightness in its image, below what people rated."""
    image_id, segment = str(line["image_id"]), int(line["segment"])
    pixels = load_sample(run, image_id).image
    height, width = pixels.shape[:2]
    mask = resize_nearest(file[image_id].masks[segment].astype(np.uint8), (height, width)).astype(bool)
    scale = SIDE / max(height, width)
    picture = highlight_segment(pixels, mask, (round(width * scale), round(height * scale)))
    said = str(line["ratings"]).replace("+", ", ")
    return Shown(picture, f"{line['rating']}: {line['label']}", f"{image_id}, rated {said}")
