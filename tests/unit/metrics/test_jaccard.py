"""Soft, hard, overlap and nearest Jaccard against loops over pixels, scikit-learn, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from bench.metrics.jaccard import compute_hard, compute_nearest, compute_overlap, compute_soft
from bench.metrics.terms import Terms
from bench.records import VOID, Overlap
from tests.unit.metrics.make import CLASSES, Case, by_hand, case, resized, row
from tests.unit.metrics.measure import image_of, pooled

CAT, DOG, SKY, WALL = range(4)
B, V = -1, -2


def value(found: list[dict[str, Terms]], name: str) -> float:
    return pooled([one[name] for one in found]).value()


def measured(compute: object, item: Overlap, void: str = "count") -> dict[str, Terms]:
    return compute(image_of(item, void=void))


def slow(one: Case, weights: np.ndarray, void: str = "count") -> dict[int, tuple[float, float]]:
    """Jaccard and recall of every true class, pixel by pixel; weights [n, c]."""
    truth = one.sample.truth
    at = np.zeros((*truth.shape, weights.shape[1]))
    for mask, own in zip(one.prediction.masks, weights, strict=True):
        at = np.maximum(at, resized(mask, truth.shape)[..., None] * own)
    found = {}
    for index in sorted(set(truth[truth >= 0].tolist())):
        inside = at[truth == index, index].sum()
        area = at[..., index][(truth != VOID) | (void == "count")].sum()
        size = (truth == index).sum()
        found[index] = inside / (area + size - inside), inside / size
    return found


CASES = [case(seed, overlapping=bool(seed % 2)) for seed in range(40)]


@pytest.mark.parametrize("void", ["count", "ignore"])
def test_soft_equals_pixels(void: str) -> None:
    found, pairs = [], []
    for one in CASES:
        found.append(measured(compute_soft, one.overlap, void))
        pairs += slow(one, np.maximum(one.tt, 0), void).items()
    for column, name in enumerate(("jaccard", "recall")):
        assert value(found, f"{name}.soft.micro") == pytest.approx(np.mean([pair[column] for _, pair in pairs]))
        each = [np.mean([p[column] for index, p in pairs if index == c]) for c in {index for index, _ in pairs}]
        assert value(found, f"{name}.soft.macro") == pytest.approx(np.mean(each))
    assert len(pairs) > 60


def test_nearest_and_overlap_equal_pixels() -> None:
    nearest, overlap, slow_nearest, slow_overlap = [], [], [], []
    for one in CASES:
        truth, n = one.sample.truth, len(one.prediction)
        present = sorted(set(truth[truth >= 0].tolist()))
        near, most = np.zeros((n, 5)), np.zeros((n, 5))
        for s in range(n if present else 0):
            if one.tt[s].any():
                near[s, max(present, key=lambda c: (one.tt[s, c], -c))] = 1
            mask = resized(one.prediction.masks[s], truth.shape)
            shares = {c: (mask & (truth == c)).sum() for c in present}
            if any(shares.values()):
                most[s, max(present, key=lambda c: (shares[c], -c))] = 1
        nearest.append(measured(compute_nearest, one.overlap))
        overlap.append(measured(compute_overlap, one.overlap))
        slow_nearest += [pair[0] for pair in slow(one, near).values()]
        slow_overlap += [pair[0] for pair in slow(one, most).values()]
    assert value(nearest, "jaccard.nearest.micro") == pytest.approx(np.mean(slow_nearest))
    assert value(overlap, "jaccard.overlap.micro") == pytest.approx(np.mean(slow_overlap))


def test_hard_over_the_set_equals_scikit_learn() -> None:
    draw, found, true, predicted = np.random.default_rng(0), [], [], []
    for one in [case(seed) for seed in range(30)]:
        texts = tuple(draw.choice([*CLASSES.names, "bird", ""], len(one.prediction)).tolist())
        found.append(measured(compute_hard, replace(one.overlap, texts=texts)))
        seen = np.full(one.sample.truth.shape, 9)
        for mask, text in zip(one.prediction.masks, texts, strict=True):
            seen[resized(mask, seen.shape)] = CLASSES.names.index(text) if text in CLASSES.names else 9
        true.append(np.where(one.sample.truth < 0, 8, one.sample.truth).ravel())
        predicted.append(seen.ravel())
    expected = jaccard_score(np.concatenate(true), np.concatenate(predicted), labels=range(5), average="macro")
    assert value(found, "jaccard.hard.dataset") == pytest.approx(expected, abs=1e-12)


def test_by_hand() -> None:
    """Text 1 is half a cat, text 2 wholly a dog; one pixel of three is lost."""
    item = by_hand([[CAT, CAT, DOG, B]], [[[1, 0, 1, 0]], [[0, 0, 0, 1]]], [row(cat=0.5, dog=0.0), row(cat=0.0, dog=1)])
    found = measured(compute_soft, item)
    assert found["jaccard.soft.micro"].numerator[0].tolist() == pytest.approx([0.5 / (1 + 2 - 0.5), 0])
    assert found["recall.soft.micro"].numerator[0].tolist() == pytest.approx([0.25, 0])


def test_perfect_is_one_and_empty_is_nothing() -> None:
    both = by_hand([[CAT, DOG]], [[[1, 0]], [[0, 1]]], [row(cat=1, dog=0), row(dog=1, cat=0)])
    named = replace(both, texts=("cat", "dog"))
    every = measured(compute_soft, both) | measured(compute_nearest, both) | measured(compute_overlap, both)
    every |= measured(compute_hard, named)
    assert len(every) == 11 and all(value([every], name) == 1 for name in every)
    empty = by_hand([[CAT, DOG]], [], [])
    every = measured(compute_soft, empty) | measured(compute_nearest, empty) | measured(compute_overlap, empty)
    assert all(value([every], name) == 0 for name in every)
    nothing = by_hand([[V, V]], [[[1, 1]]], [row(cat=1)])
    assert all(len(part) == 0 for part in measured(compute_soft, nothing).values())


def test_absent_classes_cost_only_the_hard_jaccard_of_the_set() -> None:
    item = replace(by_hand([[CAT, CAT]], [[[1, 0]], [[0, 1]]], [row(cat=1), row(sky=1, cat=0)]), texts=("cat", "sky"))
    assert value([measured(compute_hard, item)], "jaccard.hard.micro") == 0.5
    assert value([measured(compute_hard, item)], "jaccard.hard.dataset") == 0.25


def test_objects_of_a_class_are_one_segment() -> None:
    one = case(3, n=4).overlap
    doubled = objects(one)
    for fast in (compute_overlap, compute_soft):
        pairs = zip(measured(fast, one).values(), measured(fast, doubled).values(), strict=True)
        for before, after in pairs:
            np.testing.assert_allclose(before.numerator, after.numerator)


def objects(item: Overlap) -> Overlap:
    """The same table with every true segment cut into two objects."""
    half = item.counts[:, :-2] // 2
    cut = np.stack([half, item.counts[:, :-2] - half], axis=2).reshape(len(half), -1)
    counts = np.hstack([cut, item.counts[:, -2:]])
    return replace(item, counts=counts, truth_classes=np.repeat(item.truth_classes, 2))
