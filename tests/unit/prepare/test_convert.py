"""A row of a prepared set: sizes that do not fit are named, objects counted, whatever their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.prepared import CROWD, NO_SCORE
from bench.prepare.convert import Row, convert, count, count_objects
from bench.prepare.plan import Item, Labels, make_coding
from tests.unit.prepare.scenes import H, W, photograph, save, scatter

CODING = make_coding("own", {i: i for i in range(1, 9)} | {0: NO_SCORE}, "ours (1-8, 0 void)")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.ones((W, H), np.uint8), f"mask is {H}x{W} but its image is {W}x{H}: rows and columns exchanged?"),
        (np.ones((H, W - 1), np.uint8), f"mask is {W - 1}x{H} but its image is {W}x{H}"),
        (np.full((H, W), 9, np.uint8), "label 9 is none of ours (1-8, 0 void)"),
        (np.full((H, W), 300, np.uint16), "label 300 is none of ours (1-8, 0 void)"),
        (np.full((H, W), 65535, np.uint16), "label 65535 is none of ours (1-8, 0 void)"),
    ],
)
def test_a_mask_that_does_not_fit_is_named(tmp_path: Path, labels: np.ndarray, reason: str) -> None:
    photograph(tmp_path / "a.jpg")
    save(tmp_path / "a.png", labels)
    line = convert(Item("a", tmp_path / "a.jpg", tmp_path / "a.png"), CODING)
    assert isinstance(line, str) and line == f"{tmp_path / 'a.png'}: {reason}"


def test_a_photograph_that_is_cut_off_is_named_though_no_pixel_of_it_is_looked_at(tmp_path: Path) -> None:
    photograph(tmp_path / "a.jpg")
    save(tmp_path / "a.png", scatter(0, [0, 1, 8]).astype(np.uint8))
    item = Item("a", tmp_path / "a.jpg", tmp_path / "a.png")
    made = convert(item, CODING)
    assert isinstance(made, Row) and made.pixels == count(np.where((m := scatter(0, [0, 1, 8])) == 0, NO_SCORE, m))
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-60])
    assert "a.jpg: cannot be decoded" in str(convert(item, CODING))


@pytest.mark.parametrize("most", [3, 60000])
def test_objects_are_counted_by_class_and_number_and_crowds_are_none(most: int) -> None:
    draw = np.random.default_rng(most)
    classes = draw.integers(0, 5, (H, W)).astype(np.uint16)
    objects = draw.choice([0, 1, 2, most, CROWD], (H, W)).astype(np.uint16)
    pairs = {
        (c, o) for c, o in zip(classes.ravel().tolist(), objects.ravel().tolist(), strict=True) if o not in (0, CROWD)
    }
    assert count_objects(Labels(classes, objects)) == len(pairs) == 15
    assert count_objects(Labels(classes)) == 0 == count_objects(Labels(classes, np.full_like(objects, CROWD)))
