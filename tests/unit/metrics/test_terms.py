"""Terms and their averages against plain loops; groups; names."""

from __future__ import annotations

import numpy as np
import pytest

from bench.metric_name import parse
from bench.metrics.terms import SIZES, list_groups, make_class_words, make_terms, name_within_group, rows, subset
from bench.records import ClassList
from tests.unit.metrics.make import CLASSES

DRAW = np.random.default_rng(0)
PARTS = [
    make_terms(DRAW.integers(0, 5, n), DRAW.random(n) / 8, DRAW.random(n), DRAW.integers(1, 4, n)) if n else None
    for n in (3, 0, 5, 1, 4)
]
IDS = tuple("abcde")
KNOWN = [part for part in PARTS if part is not None]


def test_segments_are_pooled() -> None:
    row = rows(IDS, PARTS, "segments", 6)
    top, bottom = (sum(getattr(part, name).sum() for part in KNOWN) for name in ("numerator", "denominator"))
    assert row.value() == pytest.approx(top / bottom) and row.unit == "segments" and row.n == bottom


def test_images_are_averaged() -> None:
    row = rows(IDS, PARTS, "images", 6)
    each = [part.numerator.sum() / part.denominator.sum() for part in KNOWN]
    assert row.value() == pytest.approx(np.mean(each)) and row.n == 4
    assert np.isnan(row.each()[1])


def test_classes_are_averaged_after_their_own_sums() -> None:
    row = rows(IDS, PARTS, "classes", 6)
    means = []
    for index in range(5):
        top = sum(part.numerator[part.classes == index].sum() for part in KNOWN)
        bottom = sum(part.denominator[part.classes == index].sum() for part in KNOWN)
        means += [top / bottom] if bottom else []
    assert row.value() == pytest.approx(np.mean(means)) and row.n == len(means)


def test_background_takes_the_last_column() -> None:
    part = make_terms(np.array([0, -1]), np.zeros(2), np.array([1, 3]), np.array([2, 4]))
    assert rows(("a",), [part], "classes", 6).numerator.tolist() == [[1, 0, 0, 0, 0, 3]]


def test_what_was_not_measurable_weighs_nothing() -> None:
    part = make_terms(np.array([0, 1]), np.zeros(2), np.array([np.nan, 1.0]))
    assert rows(("a",), [part], "segments", 6).value() == 1 and part.denominator.tolist() == [0, 1]
    assert np.isnan(rows(("a", "b"), [None, None], "images", 6).value())
    assert rows((), [], "classes", 6).numerator.shape == (0, 6)


def test_kinds_and_classes_divide_the_terms_and_sizes_those_that_have_one() -> None:
    found = list_groups(("class", "size", "kind"), CLASSES)
    assert list(found) == [
        "kind.things", "kind.stuff", *(f"size.{name}" for name in SIZES), *(f"class.{name}" for name in CLASSES.names),
    ]  # fmt: skip
    part = make_terms(np.arange(5), np.array([1 / 256, 1 / 257, 1 / 16, 1.0, 0.0]), np.ones(5))
    chosen = {name: subset(part, belongs(part)).classes.tolist() for name, belongs in found.items()}
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
