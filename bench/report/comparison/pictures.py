"""Figure 5 for the images that changed most: input, what the two variants say, and the truth, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from PIL import Image

from bench.data.base import Dataset
from bench.report.blocklist import Blocklist
from bench.report.comparison.changes import select_images
from bench.report.pictures.contact_sheet import Row, draw_contact_sheet
from bench.report.pictures.draw import Colours, Panel, draw
from bench.report.pictures.gallery import INPUT
from bench.report.pictures.side_by_side import ShownRun, show_prediction, show_truth
from bench.report.tables.comparisons import Pair
from bench.report.tables.differences import write_signed
from bench.score.score_table import EMBEDDED_NOTE


def write_changed(
    changes: pd.DataFrame, runs: Mapping[str, ShownRun], pairs: Sequence[Pair], dataset: Dataset, stem: Path, *,
    count: int, embedded: bool, blocklist: Blocklist | None = None,
) -> list[tuple[str, Path]]:  # fmt: skip
    """Draw ``stem``-gains.png and -loses.png for each pair, ``count`` images each; returns headings and files.

    Of several pairs the files carry the pair's number. Files of an earlier comparison go. Words of ``blocklist`` are
    hidden in all texts.
    """
    for old in stem.parent.glob(f"{stem.name}-*.png"):
        old.unlink()
    written, hide = [], blocklist or Blocklist()
    for at, pair in enumerate(pairs, 1):
        number = f"-{at}" if len(pairs) > 1 else ""
        for way, ids in zip(("gains", "loses"), select_images(changes, pair, count), strict=True):
            if ids:
                rows = [_make_row(changes, runs, pair, dataset, image_id, hide) for image_id in ids]
                path = stem.with_name(f"{stem.name}{number}-{way}.png")
                sheet = draw_contact_sheet(rows, title="", footer=EMBEDDED_NOTE if embedded else "")
                sheet.save(path, compress_level=6)
                written.append((f"Where {pair[0]} {way} most against {pair[1]}", path))
    return written


def _make_row(
    changes: pd.DataFrame, runs: Mapping[str, ShownRun], pair: Pair, dataset: Dataset, image_id: str, hide: Blocklist
) -> Row:
    """Make the row of one image: titles, notes and drawn panels; the change stands below the input."""
    sample, colours = dataset.load(image_id), Colours()
    told = changes[(changes["image_id"] == image_id) & (changes["variant"] == pair[0])]
    change = float(told.loc[told["against"] == pair[1], "change"].iloc[0])
    panels = [
        Panel(INPUT, note=f"{image_id}: IoU {write_signed(change)}"),
        *(show_prediction(runs[name], image_id, hide) for name in pair),
        *show_truth(dataset, sample, hide),
    ]
    drawn: list[Image.Image] = [draw(sample.image, panel, colours) for panel in panels]
    return image_id, [(panel.title, panel.note) for panel in panels], drawn
