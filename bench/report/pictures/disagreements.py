"""Figure 5's question, segment by segment: the true segments on which two variants disagree most, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.base import Dataset
from bench.data.truth_masks import make_truth_masks
from bench.report.pictures.highlights import Cell, Said, Strip, draw_highlight_sheet, has_room
from bench.report.tables.comparisons import Pair, select_pairs, shorten_title
from bench.score.score_table import EMBEDDED_NOTE
from bench.text.escape import escape_for_picture, shorten_middle

COUNT = 3
"""Segments shown each way."""
RULE = (
    "These are the extremes; the tables say how often. Of the true segments that one of the two names right and the "
    "other wrong, by TT or ST, and never the reverse:",
    "the {count} with the largest and the {count} with the smallest difference of cosines, at most one an image in a "
    "row, none twice.",
    "Number: cosine of the text to the true name; TT✓ it passes the threshold; ST✓ the embedding's nearest class is "
    "right.",
)
_KEY = ["image_id", "class"]
_LONG = 52
"""Characters of a name in a heading of two lines."""


@dataclass(frozen=True, eq=False)
class Extremes:
    """Two variants and the segments between them: lines of both tables joined, columns ending in _a and _b."""

    first: str
    other: str
    ahead: pd.DataFrame
    behind: pd.DataFrame


def select(first: pd.DataFrame, other: pd.DataFrame, count: int = COUNT) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Select segments where ``first`` is most ahead of ``other`` and where it is most behind, ``count`` each.

    Eligible is a segment of which ``tt_hit`` or ``st_top1`` differs, and neither in favour of the one whose
    ``tt_cosine`` is smaller. Sorted by the difference of ``tt_cosine`` (a difference of 0 is neither), ties by
    image_id, then by class; of an image the first only, over both lists.
    """
    both = first.merge(other, on=_KEY, suffixes=("_a", "_b"), validate="one_to_one")
    lead = both.assign(lead=both["tt_cosine_a"] - both["tt_cosine_b"])
    more, less = _find_right_alone(both, "a", "b"), _find_right_alone(both, "b", "a")
    ahead = _take_extremes(lead[(lead["lead"] > 0) & more & ~less], False, count)
    behind = lead[(lead["lead"] < 0) & less & ~more & ~lead["image_id"].isin(ahead["image_id"])]
    return ahead, _take_extremes(behind, True, count)


def _find_right_alone(both: pd.DataFrame, one: str, other: str) -> pd.Series:
    """Find which segments the ``one`` names right, by text or by embedding, and the ``other`` does not by the same."""
    hits = [
        both[f"{kind}_{one}"].astype(bool) & ~both[f"{kind}_{other}"].astype(bool) for kind in ("tt_hit", "st_top1")
    ]
    return hits[0] | hits[1]


def select_extremes(tables: Mapping[str, pd.DataFrame], pairs: Sequence[Pair]) -> list[Extremes]:
    """Select the pairs of variants where there is anything to show; a segment is shown with the first of them only."""
    found, shown = list[Extremes](), set[tuple[str, str]]()
    for a, b in select_pairs(pairs, tables):
        pair = Extremes(a, b, *select(_drop_shown(tables[a], shown), _drop_shown(tables[b], shown)))
        shown |= {
            key for part in (pair.ahead, pair.behind) for key in zip(part["image_id"], part["class"], strict=True)
        }
        found += [pair] if len(pair.ahead) or len(pair.behind) else []
    return found


def _drop_shown(table: pd.DataFrame, shown: set[tuple[str, str]]) -> pd.DataFrame:
    return table[[key not in shown for key in zip(table["image_id"], table["class"], strict=True)]]


def write_disagreements(found: Sequence[Extremes], dataset: Dataset, path: Path, *, embedded: bool) -> Path:
    """Draw the segments of some pairs, a row for each pair; the images come from ``dataset``."""
    strips = [
        Strip(
            _write_heading(pair, "ahead of"),
            _write_heading(pair, "behind"),
            tuple(_make_cell(line, pair, dataset) for line in pair.ahead.to_dict("records")),
            tuple(_make_cell(line, pair, dataset) for line in pair.behind.to_dict("records")),
        )
        for pair in found
    ]
    rule = tuple(line.format(count=COUNT) for line in RULE)
    sheet = draw_highlight_sheet(
        strips, count=COUNT, title="Where the variants disagree most", notes=rule, footer=EMBEDDED_NOTE * embedded
    )
    sheet.save(path, compress_level=6)  # a sixth of the seconds of the smallest file, for a sixteenth more
    return path


def _name_both(pair: Extremes) -> tuple[str, str]:
    """Name what cells call the two: their names where both have room, else the letters that the heading gives them."""
    names = shorten_title(pair.first), shorten_title(pair.other)
    return names if all(map(has_room, names)) else ("A", "B")


def _write_heading(pair: Extremes, way: str) -> str:
    """Write ``masked ahead of crop``, or on two lines ``A: …`` and ``ahead of B: …`` with long names by their ends."""
    if _name_both(pair) != ("A", "B"):
        return f"{pair.first} {way} {pair.other}"
    first, other = (shorten_middle(escape_for_picture(name), _LONG) for name in (pair.first, pair.other))
    return f"A: {first} {way} B: {other}"


def _take_extremes(lead: pd.DataFrame, ascending: bool, count: int) -> pd.DataFrame:
    ordered = lead.sort_values(["lead", *_KEY], ascending=[ascending, True, True], kind="stable")
    return ordered.drop_duplicates("image_id").head(count)


def _make_cell(line: Mapping[Any, Any], pair: Extremes, dataset: Dataset) -> Cell:
    sample = dataset.load(line["image_id"])
    masks, classes = make_truth_masks(sample)
    assert dataset.classes is not None, "segments have classes"
    mask = masks[classes.tolist().index(dataset.classes.names.index(line["class"]))]
    said = (
        Said(
            name,
            line[f"text_{end}"],
            line[f"tt_cosine_{end}"],
            line[f"tt_hit_{end}"],
            line[f"st_top1_{end}"],
        )
        for name, end in zip(_name_both(pair), "ab", strict=True)
    )
    return Cell(sample.image, mask, line["class"], tuple(said))
