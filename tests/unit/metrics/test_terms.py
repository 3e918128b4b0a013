"""Terms and their averages against plain loops; groups; names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.metric_name import parse
from bench.metrics.terms import Terms, make_terms
from bench.records import ClassList
from bench.score.counts import (
    SIZES,
    average,
    join_terms,
    list_groups,
    make_class_words,
    name_within_group,
    select_terms,
)
from tests.unit.metrics.make import CLASSES
from tests.unit.metrics.measure import pooled

DRAW = np.random.default_rng(0)
PARTS = [
    make_terms("segments", DRAW.integers(0, 5, n), DRAW.random(n) / 8, DRAW.random(n), DRAW.integers(1, 4, n))
    if n
    else None
    for n in (3, 0, 5, 1, 4)
]
KNOWN = [part for part in PARTS if part is not None]


def averaged(average: str) -> list[Terms | None]:
    return [part and replace(part, average=average) for part in PARTS]


def test_segments_are_pooled() -> None:
    row = pooled(averaged("segments"))
    top, bottom = (sum(getattr(part, name).sum() for part in KNOWN) for name in ("numerator", "denominator"))
    assert row.value() == pytest.approx(top / bottom) and row.unit == "segments" and row.n == bottom


def test_images_are_averaged() -> None:
    row = pooled(averaged("images"))
    each = [part.numerator.sum() / part.denominator.sum() for part in KNOWN]
    assert row.value() == pytest.approx(np.mean(each)) and row.n == 4
    assert np.isnan(row.each()[1])


def test_classes_are_averaged_after_their_own_sums() -> None:
    row = pooled(averaged("classes"))
    means = []
    for index in range(5):
        top = sum(part.numerator[0, part.classes == index].sum() for part in KNOWN)
        bottom = sum(part.denominator[0, part.classes == index].sum() for part in KNOWN)
        means += [top / bottom] if bottom else []
    assert row.value() == pytest.approx(np.mean(means)) and row.n == len(means)


def test_background_takes_the_last_column() -> None:
    part = make_terms("classes", np.array([0, -1]), np.zeros(2), np.array([1, 3]), np.array([2, 4]))
    assert pooled([part]).numerator.tolist() == [[1, 0, 0, 0, 0, 3]]


def test_what_was_not_measurable_weighs_nothing() -> None:
    part = make_terms("segments", np.array([0, 1]), np.zeros(2), np.array([np.nan, 1.0]))
    assert pooled([part]).value() == 1 and part.denominator.tolist() == [[0, 1]]
    empty = make_terms("images", np.zeros(0), np.zeros(0), np.zeros(0))
    assert np.isnan(pooled([None, empty]).value()) and pooled([None, empty]).n == 0


def test_each_threshold_is_averaged_alone() -> None:
    values = DRAW.random((3, 4))
    part = make_terms("images", np.arange(4), np.zeros(4), np.where(values > 0.8, np.nan, values))
    found = average(("a",), *join_terms([part]), 6)
    assert [row.value() for row in found] == pytest.approx([line[line <= 0.8].mean() for line in values])


def test_kinds_and_classes_divide_the_terms_and_sizes_those_that_have_one() -> None:
    found = list_groups(("class", "size", "kind"), CLASSES)
    assert list(found) == [
        "kind.things", "kind.stuff", *(f"size.{name}" for name in SIZES), *(f"class.{name}" for name in CLASSES.names),
    ]  # fmt: skip
    part = make_terms("images", np.arange(5), np.array([1 / 256, 1 / 257, 1 / 16, 1.0, 0.0]), np.ones(5))
    chosen = {name: select_terms(part, belongs(part)).classes.tolist() for name, belongs in found.items()}
    assert chosen["kind.things"] == [0, 1, 4] and chosen["kind.stuff"] == [2, 3]
    sizes = [chosen[f"size.{name}"] for name in ("tiny", "small", "medium", "large")]
    assert sizes == [[1], [0], [], [2, 3]], "a bound belongs to the larger, a class that is not there to none"
    assert [chosen[f"class.{name}"] for name in CLASSES.names] == [[0], [1], [2], [3], [4]]


def test_names_of_groups_read_back() -> None:
    classes = ClassList("odd", ("tv monitor", "tv-monitor", "tv_monitor", "Straße"), (True,) * 4)
    assert make_class_words(classes.names) == ["tv_monitor_0", "tv-monitor", "tv_monitor_2", "Stra_e"]
    for group in list_groups(("class", "size", "kind"), classes):
        name = name_within_group("recall.argmax>0.5", group)
        assert parse(f"a:b/c/paper/none/{name}").metric == f"recall.argmax.{group}"
