"""Figures 4, 5, 7 and 18 to 20: input, what each row's run says of it, and the truth, side by side.

Which images are shown is a rule and never a choice by hand; the csv names it, with every segment that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.pictures import (
    ACROSS,
    Shown,
    compute_lines,
    draw_pictures,
    load_sample,
    open_dataset,
    open_run,
    save_pictures,
)
from bench.paper.weights import describe_baseline
from bench.report.figures.style import write_note
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pictures.draw import Colours, Panel, make_label_map
from bench.report.pictures.draw import draw as draw_panel
from bench.report.pictures.side_by_side import ShownRun, show_prediction, show_truth
from bench.report.tables.paper_metrics import select_iou_metrics
from bench.score.score_table import describe_name
from bench.settings.saved import read_run_settings

COLUMNS = ("image_id", "rule", "row", "segment", "text", "share")
"""``share`` is the segment's part of the image's pixels, from 0 to 1."""
Choose = Callable[[pd.DataFrame, int, int], list[str]]


@dataclass(frozen=True)
class Block:
    """The runs on one data set: row name and opened run, and the folder that names the data."""

    folder: Path
    runs: Mapping[str, ShownRun]


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw ``options.images`` images of each data set, chosen by ``options.choose`` with ``options.seed``."""
    options = {"images": 6, "choose": "random", "seed": 0, **item.options}
    if options["choose"] not in RULES:
        raise UserError(f"{item.name}: options: choose: {options['choose']} is none of {', '.join(RULES)}")
    for key in ("images", "seed"):
        if not str(options[key]).isdigit():
            raise UserError(f"{item.name}: options: {key}: {options[key]} is no whole number, 0 or more")
    rows: list[list[Shown]] = []
    lines, rules = [], dict[str, None]()
    for block in gather_blocks(runs):
        rule, ids = choose_images(block, str(options["choose"]), int(options["images"]), int(options["seed"]))
        rules[rule] = None
        beside = max(1, ACROSS // (len(block.runs) + 2))
        for at, image_id in enumerate(ids):
            shown, told = _show_image(block, image_id, rule, beside)
            rows += [[]] if at % beside == 0 else []
            rows[-1] += shown
            lines += told
    if not rows:
        raise UserError(f"{item.name}: its runs have no image in common")
    said = [f"Shown: {'; '.join(rules)}", *_tell_of_rows(item, runs)]
    footer = write_note(". ".join(said), uses_embedded_models(list(runs.values())))
    figure = draw_pictures(rows, footer)
    table = write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), folder / f"{item.name}.csv", decimals=6)
    return [*save_pictures(figure, folder / item.name), table]


def _tell_of_rows(item: Item, runs: Mapping[str, Path]) -> list[str]:
    """Tell which rows are not in the figure and why, and of a baseline its weights."""
    told = []
    for row in item.rows:
        own = [folder for name, folder in runs.items() if name == row.name or name.startswith(f"{row.name}, ")]
        if not own:
            told.append(f"{row.name} is not shown: {row.optional or 'its run is not finished'}")
        elif weights := describe_baseline(read_run_settings(own[0])):
            told.append(f"{row.name}: {weights}")
    return told


def gather_blocks(runs: Mapping[str, Path]) -> list[Block]:
    """Gather the runs by the data that they are of, in order; names lose the data set that several would all carry."""
    found: dict[str, dict[str, Path]] = {}
    for name, folder in runs.items():
        dataset = open_dataset(folder)
        key = f"{dataset.name}:{dataset.split}[{dataset.subset}]"
        found.setdefault(key, {})[name] = folder
    blocks = []
    for part in found.values():
        ends = {name.rpartition(", ")[2] for name in part}
        plain = {name: name.rpartition(", ")[0] if len(found) > 1 and len(ends) == 1 else name for name in part}
        opened = {plain[name] or name: open_run(folder, plain[name] or name) for name, folder in part.items()}
        blocks.append(Block(next(iter(part.values())), opened))
    return blocks


def choose_images(block: Block, choose: str, count: int, seed: int) -> tuple[str, list[str]]:
    """Choose ``count`` images that all runs of a block have; returns the rule in words, and the ids."""
    ids = open_dataset(block.folder).list_ids()
    shared = [i for i in ids if all(i in run.predictions for run in block.runs.values())]
    scores = pd.DataFrame({name: _mean_iou(run) for name, run in block.runs.items()}).reindex(shared)
    words, rule = RULES[choose]
    told = words.format(count=min(count, len(shared)), images=len(shared), seed=seed)
    return told, rule(scores, count, seed)


def _mean_iou(run: ShownRun) -> pd.Series:
    """Compute each image's mean of IoU under TT and ST, by image id; NaN where it has none."""
    names = [str(name) for name in run.per_image.columns if not describe_name(str(name)).group]
    chosen = select_iou_metrics(names)
    return run.per_image[chosen].mean(axis=1) if chosen else pd.Series(np.nan, run.per_image.index)


def _choose_random(scores: pd.DataFrame, count: int, seed: int) -> list[str]:
    order = np.random.default_rng(seed).permutation(len(scores))[:count]
    return [str(scores.index[at]) for at in sorted(order)]


def _choose_best(scores: pd.DataFrame, count: int, seed: int) -> list[str]:
    return _take_largest(scores.iloc[:, -1], count)


def _choose_spread(scores: pd.DataFrame, count: int, seed: int) -> list[str]:
    return _take_largest(scores.max(axis=1) - scores.min(axis=1), count)


def _take_largest(values: pd.Series, count: int) -> list[str]:
    """Take the ids of the largest values, ties by id."""
    table = pd.DataFrame({"value": values.fillna(-1.0), "id": values.index.astype(str)})
    return list(table.sort_values(["value", "id"], ascending=[False, True], kind="stable")["id"].head(count))


RULES: dict[str, tuple[str, Choose]] = {
    "random": ("{count} images drawn from {images} with seed {seed}", _choose_random),
    "best": ("the {count} of {images} images with the highest IoU (mean of TT and ST); not typical", _choose_best),
    "spread": ("the {count} of {images} images on which IoU (mean of TT and ST) differs most", _choose_spread),
}
"""By name, the rule in words and its function of (IoU of each image and row, how many, seed)."""


def _show_image(block: Block, image_id: str, rule: str, beside: int) -> tuple[list[Shown], list[tuple[object, ...]]]:
    """Draw the pictures of one image, ``beside`` of which share a line, and list what they say of it."""
    sample, colours = load_sample(block.folder, image_id), Colours()
    panels = [(name, show_prediction(run, image_id)) for name, run in block.runs.items()]
    truth = show_truth(open_dataset(block.folder), sample)
    every: Sequence[Panel] = [Panel("input", note=image_id), *(panel for _, panel in panels), *truth]
    lines = compute_lines(beside * len(every))
    shown = [Shown(draw_panel(sample.image, each, colours, lines), each.title, each.note) for each in every]
    return shown, [(image_id, rule, *line) for name, panel in panels for line in _list_segments(name, panel)]


def _list_segments(name: str, panel: Panel) -> list[tuple[object, ...]]:
    """List row, number, text and share of each segment that a panel shows."""
    labels = make_label_map(panel)
    if labels is None:
        return []
    areas = np.bincount(labels[labels >= 0].ravel(), minlength=len(panel.texts))
    return [(name, at, text, areas[at] / labels.size) for at, text in enumerate(panel.texts)]
