"""Each rule of failures on images made by hand, where it is known what fails."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.paper.figures import mining
from bench.paper.figures.failures import select_examples
from bench.paper.figures.mining import Labelled
from bench.records import Prediction, Sample

NAMES = ("cat", "sky", "road")
CAT, SKY, ROAD = range(3)


def make(inside: list[list[int]], classes: list[int], true: list[int], texts: tuple[str, ...] = ()) -> Labelled:
    """An image of which segments cover every true pixel; the last two columns of ``inside`` are background and void."""
    counts = np.array(inside, np.int64)
    said = texts or tuple(f"text {at}" for at in range(len(inside)))
    file: Any = MappingProxyType({})
    return Labelled(
        Path(), "i", said, np.array(classes, np.int32), np.array(true, np.int32), counts, counts[:, :-2].sum(axis=0),
        counts.sum(axis=0), NAMES, file,
    )  # fmt: skip


def test_another_class_than_the_true_one() -> None:
    image = make(
        [[60, 40, 0, 0], [10, 90, 0, 0], [30, 30, 41, 0], [5, 0, 0, 0], [0, 7, 0, 0]],
        [SKY, SKY, CAT, -1, CAT],
        [CAT, SKY],
    )
    # 0 lies in cat and is called sky; 1 is right; 2 lies in neither (30 of 101); 3 has no class; 4 is sky called cat.
    assert [(found[1], found[3], found[4]) for found in mining.find_reassigned(image)] == [
        ([0], "sky", "cat"),
        ([4], "cat", "sky"),
    ]
    first = next(mining.find_reassigned(image))
    assert first[0] == "“text 0” → sky, not cat" and first[5] == pytest.approx(60 / 105)


@pytest.mark.parametrize(
    "classes, parts, pieces",
    [
        ([SKY, ROAD, SKY], [[0, 1]], []),  # the third is too small a piece
        ([SKY, CAT, SKY], [], []),  # one has the class of the whole, and one is no two pieces
        ([CAT, CAT, CAT], [], [[0, 1]]),
        ([SKY, -1, CAT], [[0, 1]], []),
    ],
)
def test_wholes_in_parts_and_in_pieces(classes: list[int], parts: list[list[int]], pieces: list[list[int]]) -> None:
    image = make([[50, 0, 0], [47, 0, 0], [3, 0, 0]], classes, [CAT])
    assert [found[1] for found in mining.find_parts(image)] == parts
    assert [found[1] for found in mining.find_pieces(image)] == pieces


def test_pieces_that_say_the_same_or_cover_little_are_none() -> None:
    same = make([[50, 0, 0], [47, 0, 0]], [CAT, CAT], [CAT], ("cat", "cat"))
    assert list(mining.find_pieces(same)) == []
    little = make([[20, 0, 0], [20, 0, 0], [60, 70, 0]], [SKY, ROAD, SKY], [CAT])
    assert list(mining.find_parts(little)) == [], "two fifths of the whole are not the whole"


def test_pixels_without_a_label() -> None:
    image = make([[10, 5, 5], [10, 4, 5], [0, 0, 20]], [CAT, CAT, -1], [CAT])
    found = list(mining.find_unlabelled(image))
    assert [(each[1], each[3]) for each in found] == [([0], "cat"), ([2], "(none)")]
    assert [each[5] for each in found] == pytest.approx([10 / 59, 20 / 59])


def test_classes_that_the_truth_of_the_image_does_not_have() -> None:
    """Road is in no true segment: 1 lies in the cat, 2 on no label, 3 on both; sky, which is there, is none of it."""
    inside = [[40, 0, 0, 0], [30, 10, 0, 0], [10, 0, 5, 10], [10, 9, 5, 0], [0, 20, 0, 0]]
    found = list(mining.find_absent(make(inside, [SKY, ROAD, ROAD, ROAD, -1], [CAT, SKY])))
    assert [(each[1], each[3], each[4]) for each in found] == [
        ([1], "road", "cat"), ([2], "road", "(no label)"), ([3], "road", "(several)"),
    ]  # fmt: skip
    assert found[0][0] == "“text 1” → road" and found[0][5] == pytest.approx(40 / 149)


def test_leaks_from_the_largest_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sky lies above cat and road; the cat touches both, the road is larger, and no sky touches the lowest row."""
    truth = np.full((20, 20), SKY, np.int16)
    truth[8:] = ROAD
    truth[6:12, 5:11] = CAT
    truth[18:, 12:] = CAT
    masks = np.zeros((2, 20, 20), bool)
    masks[0, 6:12, 5:11] = True
    masks[1, 18:, 12:] = True
    said = Prediction("i", masks, ("a", "b"))
    sample = Sample("i", np.zeros((20, 20, 3), np.uint8), truth)
    monkeypatch.setattr(mining, "load_sample", lambda folder, image_id: sample)
    areas = np.bincount(truth.ravel(), minlength=3)
    assert areas[ROAD] > areas[SKY] > areas[CAT]

    def find(classes: list[int]) -> list[list[int]]:
        inside = np.array([[36, 0, 0, 0, 0], [16, 0, 0, 0, 0]], np.int64)
        image = Labelled(
            Path(), "i", said.texts, np.array(classes, np.int32), np.arange(3, dtype=np.int32), inside, areas,
            inside.sum(axis=0), NAMES, {"i": said},  # type: ignore[arg-type]
        )  # fmt: skip
        return [found[1] for found in mining.find_leaks(image)]

    assert find([ROAD, ROAD]) == [[0], [1]]
    assert find([SKY, SKY]) == [], "sky is the smaller neighbour of the one, and none of the other"
    assert find([CAT, -1]) == []


def test_examples_are_the_largest_of_the_commonest_groups() -> None:
    lines = [("a", "i0", 0.1), ("a", "i1", 0.9), ("b", "i1", 0.8), ("b", "i2", 0.2), ("c", "i3", 1.0), ("b", "i4", 0.3)]
    table = pd.DataFrame(lines, columns=["group", "image_id", "share"]).assign(segments="0")
    counts, examples = select_examples(table, 2)
    assert counts.to_dict() == {"b": 3, "a": 2, "c": 1} and list(counts.index) == ["b", "a", "c"]
    # b takes the image i1 first, so a shows its other one.
    assert list(zip(examples["group"], examples["image_id"], strict=True)) == [("b", "i1"), ("a", "i0")]
