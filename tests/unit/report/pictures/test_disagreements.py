"""Which segments are shown as extremes, and that the picture shows just them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.records import ClassList, Sample
from bench.report.pictures.disagreements import Extremes, select, select_extremes, write_disagreements
from bench.report.pictures.highlights import CELL, _widen, highlight_segment
from bench.report.tables.comparisons import list_pairs

COLUMNS = ["image_id", "class", "text", "tt_cosine", "tt_hit", "st_top1"]


def table(*lines: tuple[str, str, float, bool, bool]) -> pd.DataFrame:
    return pd.DataFrame([(i, c, f"a {c}", cosine, tt, st) for i, c, cosine, tt, st in lines], columns=COLUMNS)


# In the order of the difference; "=" marks what both name alike, which is never shown.
FIRST = table(
    ("a", "cat", 0.9, True, True), ("a", "dog", 0.8, True, True), ("b", "cat", 0.9, True, True),
    ("b", "sky", 0.6, True, True), ("d", "cat", 0.6, True, True), ("c", "cat", 0.6, True, True),
    ("e", "dog", 0.3, False, False), ("e", "sky", 0.2, False, False), ("f", "sky", 0.1, False, False),
    ("a", "sky", 0.0, False, False),
)  # fmt: skip
OTHER = table(
    ("a", "cat", 0.1, False, True), ("a", "dog", 0.1, False, True), ("b", "cat", 0.1, True, True),
    ("b", "sky", 0.1, False, True), ("d", "cat", 0.5, True, False), ("c", "cat", 0.5, True, False),
    ("e", "dog", 0.3, True, False), ("e", "sky", 0.4, False, True), ("f", "sky", 0.5, False, True),
    ("a", "sky", 0.9, True, True),
)  # fmt: skip


def keys(found: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(found["image_id"], found["class"], strict=True))


def test_the_rule_by_hand() -> None:
    ahead, behind = select(FIRST, OTHER)
    # a/dog: its image is there; b/cat: both name it right; c before d: the same difference, by image id.
    assert keys(ahead) == [("a", "cat"), ("b", "sky"), ("c", "cat")]
    # a/sky: its image is in the row; e/dog: no difference of cosines.
    assert keys(behind) == [("f", "sky"), ("e", "sky")]
    assert keys(select(FIRST, OTHER, count=1)[0]) == [("a", "cat")]


def test_nothing_is_called_ahead_where_the_embedding_says_the_reverse() -> None:
    """Else a segment would stand under "behind" whose embedding only the variant that is behind names right."""
    first = table(("a", "cat", 0.9, True, False), ("b", "cat", 0.6, True, True), ("c", "cat", 0.8, True, True))
    other = table(("a", "cat", 0.1, False, True), ("b", "cat", 0.1, False, True), ("c", "cat", 1.0, True, False))
    assert [keys(part) for part in select(first, other)] == [[("b", "cat")], []]
    assert [keys(part) for part in select(other, first)] == [[], [("b", "cat")]]


def test_order_of_lines_changes_nothing_and_roles_can_be_swapped() -> None:
    shuffled = select(FIRST.sample(frac=1, random_state=1), OTHER.sample(frac=1, random_state=2))
    assert [keys(part) for part in shuffled] == [keys(part) for part in select(FIRST, OTHER)]
    assert keys(select(OTHER, FIRST)[0]) == [("a", "sky"), ("f", "sky"), ("e", "sky")]


def extremes(*runs: tuple[str, pd.DataFrame], floors: Sequence[str] = ()) -> list[Extremes]:
    return select_extremes(dict(runs), list_pairs([name for name, _ in runs], floors))


def test_pairs_leave_out_floors_and_twins() -> None:
    found = extremes(("full", FIRST), ("x", OTHER), ("twin", FIRST), ("crop", OTHER), floors=["x"])
    assert [(pair.first, pair.other) for pair in found] == [("full", "crop")]


def test_a_segment_is_shown_with_the_first_pair_only() -> None:
    first, second = extremes(("full", FIRST), ("crop", OTHER), ("mask", OTHER))
    assert keys(first.ahead) == [("a", "cat"), ("b", "sky"), ("c", "cat")]
    # What is next: a/dog, then d/cat; behind, f/sky and e/sky have been shown, a/sky lies in the row's image a.
    assert keys(second.ahead) == [("a", "dog"), ("d", "cat")] and keys(second.behind) == []


def test_the_segment_is_as_it_was_and_the_rest_is_dim() -> None:
    image = np.full((20, 20, 3), (200, 100, 50), np.uint8)
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    shown = np.asarray(highlight_segment(image, mask, (200, 200)))
    assert (shown[60:140, 60:140] == [200, 100, 50]).all()
    outside = shown[:30, :30].reshape(-1, 3)
    assert (outside == outside[0]).all() and len(set(outside[0].tolist())) == 1 and outside[0, 0] < 80
    assert (shown[48, 100] == 255).all() and (shown[46, 100] == 0).all(), "a white line inside a black one"


class Scenes:
    """Images of noise; all three classes in stripes."""

    classes = ClassList("three", ("cat", "dog", "sky"), (True, True, False))

    def load(self, image_id: str) -> Sample:
        image = np.random.default_rng(ord(image_id)).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        return Sample(image_id, image, (np.arange(30)[:, None] // 10 + np.zeros((1, 40))).astype(np.int16))


@pytest.mark.slow
def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    found = extremes(("full", FIRST), ("a variant with a very long name indeed", OTHER))
    files = [write_disagreements(found, Scenes(), tmp_path / name, embedded=True) for name in ("a.png", "b.png")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert Image.open(files[0]).width == 6 * CELL + 4 * 18 + 2 * 20 + 44


@pytest.mark.parametrize("pixels", [1, 4])
def test_a_widened_mask_is_all_that_lies_near(pixels: int) -> None:
    mask = np.random.default_rng(pixels).random((13, 21)) > 0.97
    rows, columns = np.nonzero(mask)
    for y, x in np.ndindex(mask.shape):
        near = (abs(rows - y) <= pixels) & (abs(columns - x) <= pixels)
        assert _widen(mask, pixels)[y, x] == near.any()
