"""Figures 8, 9 and 17: how often each kind of failure happens, and the largest example of the commonest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.data_names import name_all_data
from bench.paper.figures.mining import COLUMNS, RULES, Labelled, mine
from bench.paper.figures.pictures import (
    DPI,
    GREY,
    NOTE,
    TITLE,
    WIDE,
    fit,
    load_sample,
    place_picture,
    wrap,
    write_lines,
)
from bench.report.figures.style import make_figure, save, write_note
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pictures.highlights import highlight_segment

BARS, EXAMPLES = 7, 3
_LEFT, _BARS, _PICTURE, _GAP = 0.1, 2.4, 1.38, 0.1
"""Inches: edge, width of the bars, side of a picture, between them."""
_HIGH, _TITLE, _TEXTS = 1.42, 0.14, 0.5
"""Inches of the pictures of a row, of a line of its title, and of the texts below."""


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw a row for each of ``options.rules`` and run: the commonest groups, and an example of each of three."""
    rules = list(item.options.get("rules", ()))
    if wrong := [rule for rule in rules if rule not in RULES]:
        raise UserError(f"{item.name}: options: rules: {wrong[0]} is none of {', '.join(RULES)}")
    named = [(name, run, rule) for name, run in runs.items() for rule in rules]
    found = [mine(run, rule) for _, run, rule in named]
    titles = [
        _write_title(RULES[rule][0], table, images, name if len(runs) > 1 else "", rule, name_all_data([run]))
        for (name, run, rule), (table, images) in zip(named, found, strict=True)
    ]
    note = "Bars: how many, by what they are counted under. Pictures: of each of the first groups the largest example."
    footer = wrap(write_note(note, uses_embedded_models(list(runs.values()))), WIDE - 2 * _LEFT, NOTE)
    heads = [wrap(title, WIDE - 2 * _LEFT, TITLE, bold=True) for title in titles]
    tall = [_TITLE * len(head) + 0.05 + (_HIGH + _TEXTS if len(table) else 0.25)
            for head, (table, _) in zip(heads, found, strict=True)]  # fmt: skip
    figure = make_figure(sum(tall) + 0.13 * len(footer) + 0.15, WIDE)
    figure.set_layout_engine("none")
    for at, (head, (table, images), (_, _, rule)) in enumerate(zip(heads, found, named, strict=True)):
        top, by_id = sum(tall[:at]) + 0.08, {image.image_id: image for image in images}
        _draw_row(figure, top, head, table, by_id, explain_none(rule, images))
    write_lines(figure, _LEFT, sum(tall) + 0.08, footer, NOTE, "top", color=GREY)
    rows = [table.assign(row=name)[["row", *COLUMNS]] for (name, _, _), (table, _) in zip(named, found, strict=True)]
    written = write_csv(pd.concat(rows, ignore_index=True), folder / f"{item.name}.csv", decimals=6)
    return [*save(figure, folder / item.name), written]


def _write_title(title: str, table: pd.DataFrame, images: Sequence[Labelled], name: str, rule: str, data: str) -> str:
    """Write what a row shows, how many there are, and of how many: ``41 of 212 segments; n = 40 images of voc:val``."""
    segments, true = sum(len(image.texts) for image in images), sum(len(image.true) for image in images)
    of = f"{true} true segments" if rule in ("parts", "pieces") else f"{segments} segments"
    told = f"{title}: {len(table)} of {of}"
    if rule == "unlabelled":
        pixels = sum(int(image.covered.sum()) for image in images)
        share = sum(int(image.covered[-2:].sum()) for image in images) / max(pixels, 1)
        told += f", {_write_percent(share)} of predicted pixels"
    return f"{name + ': ' if name else ''}{told}; n = {len(images)} images of {data}"


def _write_percent(share: float) -> str:
    """Write a share in percent: one decimal, or two digits where that would be 0.0 and is not."""
    percent = 100 * share
    return f"{percent:.2g} %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def select_examples(table: pd.DataFrame, count: int = EXAMPLES) -> tuple[pd.Series, pd.DataFrame]:
    """Select how often each group happens, the commonest first (ties by name), and the largest example of the first.

    No image is shown twice while there is another one.
    """
    sizes = table.groupby("group").size().reset_index(name="count")
    sizes = sizes.sort_values(["count", "group"], ascending=[False, True], kind="stable")
    counts: pd.Series = sizes.set_index("group")["count"]
    chosen: list[pd.Series] = []
    order = table.sort_values(["share", "image_id", "segments"], ascending=[False, True, True], kind="stable")
    for group in counts.index[:count]:
        part = order[order["group"] == group]
        fresh = part[~part["image_id"].isin([line["image_id"] for line in chosen])]
        chosen.append((fresh if len(fresh) else part).iloc[0])
    return counts, pd.DataFrame(chosen)


def explain_none(rule: str, images: Sequence[Labelled]) -> str:
    """Explain in one line that a rule found nothing in some images, or that there it cannot find anything."""
    if rule != "unlabelled":
        return "None was found in these images."
    bare, pixels = sum(image.bare for image in images), max(1, sum(image.pixels for image in images))
    if not bare:
        return "Every pixel of these images has a label, so no segment can lie elsewhere."
    share = _write_percent(bare / pixels)
    return f"{share} of the pixels of these images have no label, and no segment lies there by half."


def _draw_row(
    figure: Figure, top: float, head: Sequence[str], table: pd.DataFrame, images: Mapping[str, Labelled], none: str
) -> None:
    write_lines(figure, _LEFT, top, head, TITLE, "top", fontweight="bold")
    below = top + _TITLE * len(head) + 0.05
    if table.empty:
        write_lines(figure, _LEFT, below, [none], NOTE, "top", color=GREY)
        return
    counts, examples = select_examples(table)
    wide, high = figure.get_size_inches()
    _draw_bars(
        figure.add_axes((_LEFT / wide, 1 - (below + _HIGH) / high, _BARS / wide, _HIGH / high)), counts.head(BARS)
    )
    for at, line in enumerate(examples.to_dict("records")):
        left = _LEFT + _BARS + _GAP + 0.1 + at * (_PICTURE + _GAP)
        image = images[line["image_id"]]
        pixels = load_sample(image.folder, image.image_id).image
        mask = image.mask([int(text) for text in line["segments"].split("+")], pixels.shape[:2])
        side = min(_PICTURE / pixels.shape[1], _HIGH / pixels.shape[0]) * DPI
        size = max(1, round(pixels.shape[1] * side)), max(1, round(pixels.shape[0] * side))
        place_picture(figure, highlight_segment(pixels, mask, size), left, below)
        texts = [f"“{line['text']}”", f"→ {line['assigned']}", f"true: {line['true']} · {line['image_id']}"]
        fitted = [fit(text, _PICTURE, NOTE - 0.6) for text in texts]
        write_lines(figure, left, below + size[1] / DPI + 0.03, fitted, NOTE - 0.6, "top", color=GREY)


def _draw_bars(axes: Axes, counts: pd.Series) -> None:
    """Draw a bar for each group with its name above it, so that no name is cut by its axis."""
    places = list(range(len(counts)))
    axes.barh([place + 0.32 for place in places], counts.to_numpy(), height=0.3, color="#5a6472")
    for place, (group, count) in zip(places, counts.items(), strict=True):
        text = fit(f"{count} × {group}", _BARS, NOTE - 0.4)
        axes.text(0, place + 0.1, text, fontsize=NOTE - 0.4, va="bottom", ha="left", color="#1c1e24")
    axes.set_xlim(0, max(int(counts.max()), 1))
    axes.set_ylim(BARS - 0.4, -0.4)
    axes.set_axis_off()
