"""Short bounds change no bit of a tree: against every pair in float64, SciPy, and the bounds of all dimensions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy

from bench.segment import nearest, ward_bounds
from bench.segment.nearest import Clusters, update_nearest
from bench.segment.ward import build_ward_linkage, build_ward_tree, find_first_equal
from bench.segment.ward_bounds import Bounds, compute_error, find_directions, make_factors, project
from tests.unit.segment.planted import planted

Draw = np.random.Generator
KINDS: dict[str, Callable[[Draw, int, int], np.ndarray]] = {
    "strong spectrum": lambda draw, count, dim: draw.normal(size=(count, dim)) * 0.5 ** np.arange(dim),
    "weak spectrum": lambda draw, count, dim: draw.normal(size=(count, dim)),
    "rank deficient": lambda draw, count, dim: draw.normal(size=(count, 1)) @ draw.normal(size=(1, dim)),
    "ties": lambda draw, count, dim: draw.integers(-1, 2, (count, dim)),
    "duplicates": lambda draw, count, dim: draw.normal(size=(3, dim))[draw.integers(0, 3, count)],
    "zero vectors": lambda draw, count, dim: draw.normal(size=(count, dim)) * (draw.random((count, 1)) < 0.5),
    "unequal clusters": lambda draw, count, dim: (
        10.0 ** -draw.integers(0, 7, (count, 1)) * draw.normal(size=(count, dim))
    ),
    "near duplicates": lambda draw, count, dim: (
        np.eye(dim)[draw.integers(0, 2, count)] + 3e-4 * draw.normal(size=(count, dim))
    ),
    "far from each other": lambda draw, count, dim: (
        1e3 * draw.integers(0, 2, (count, 1)) + draw.normal(size=(count, dim))
    ),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks smaller than the features, and directions for as few as there are here."""
    for name, value in (("BLOCK", 8), ("ROWS", 8)):
        monkeypatch.setattr(nearest, name, value)
    for name, value in (("DIRECTIONS", 2), ("DIMENSIONS", 1), ("FEATURES", 0), ("SHARE", 0.0)):
        monkeypatch.setattr(ward_bounds, name, value)


def build_with_share(features: np.ndarray, share: float) -> np.ndarray:
    """Build the linkage where directions have to hold a share of the variance; above 1 none do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ward_bounds, "SHARE", share)
        return build_ward_linkage(features)


@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32), count=st.integers(2, 40), dim=st.integers(2, 9))
def test_the_linkage_is_the_same_bit_for_bit(kind: str, seed: int, count: int, dim: int) -> None:
    features = KINDS[kind](np.random.default_rng(seed), count, dim).astype(np.float32)
    assert Clusters.begin(features, find_first_equal(features)).directions is not None
    assert build_with_share(features, 0).tobytes() == build_with_share(features, 2).tobytes()


@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32), count=st.integers(2, 40))
def test_the_nearest_is_that_of_all_pairs_in_float64(kind: str, seed: int, count: int) -> None:
    """The lower place of a tie; clusters of up to a thousand features beside single ones."""
    draw = np.random.default_rng(seed)
    features = KINDS[kind](draw, count, 6)
    clusters = Clusters.begin(features, np.arange(count))
    clusters.sizes[:] = draw.choice([1, 2, 1000], count)
    update_nearest(clusters, np.arange(count), np.arange(count))
    one, other = np.divmod(np.arange(count * count), count)
    squared = clusters.compute_squared(one, other).reshape(count, count)
    np.fill_diagonal(squared, np.inf)
    np.testing.assert_array_equal(clusters.nearest, squared.argmin(1))
    np.testing.assert_array_equal(clusters.squared, squared.min(1))


def bound_all_pairs(features: np.ndarray, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Bound the squared distances of all pairs along the features' own directions; the distances themselves."""
    means = features - features.mean(0)
    lengths = np.einsum("fd,fd->f", means, means)
    factors = make_factors(means, lengths, dtype, find_directions(means))
    count = len(means)
    bounds = Bounds.prepare(factors, lengths, np.ones(count), count, short=True)
    gap = means[:, None] - means
    return bounds.compute(slice(0, count), slice(0, count)).numpy(), np.einsum("abd,abd->ab", gap, gap)


@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32), dim=st.integers(2, 9))
def test_no_bound_lies_above_its_distance(kind: str, seed: int, dim: int) -> None:
    features = KINDS[kind](np.random.default_rng(seed), 30, dim).astype(np.float64)
    for dtype in (np.float32, np.float64):
        bounds, squared = bound_all_pairs(features, dtype)
        assert (bounds <= squared).all()


def draw_crowd(dim: int = 8) -> np.ndarray:
    """Features of a plane, whose short bounds are equal to their distances but for rounding, some very near."""
    draw = np.random.default_rng(0)
    plane = draw.normal(size=(2, dim)) / dim**0.5
    features: np.ndarray = np.repeat(draw.normal(size=(40, 2)), 2, axis=0) @ plane
    return features + 3e-5 * draw.normal(size=(80, 2)) @ plane


def test_with_too_small_a_margin_a_wrong_neighbour_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checks above would see: rounding alone lifts bounds above distances that are small."""
    features = draw_crowd()
    expected = build_ward_linkage(features)
    np.testing.assert_array_equal(expected[:, :2], hierarchy.ward(features)[:, :2])
    bounds, squared = bound_all_pairs(features)
    assert (bounds <= squared).all()
    monkeypatch.setattr(ward_bounds, "compute_error", lambda terms, dtype, longest: 0.0)
    bounds, squared = bound_all_pairs(features)
    assert (bounds > squared).any()
    assert not np.array_equal(build_ward_linkage(features), expected)
    monkeypatch.setattr(ward_bounds, "compute_error", lambda terms, dtype, longest: -1e-4 * longest)
    with pytest.raises(ValueError, match="not finite"):  # no pair is left that is each other's nearest
        build_ward_linkage(features)


def test_the_margin_is_as_many_ulps_as_its_docstring_says() -> None:
    """96 terms and 16 to spare, each half of 2^-23 of 4 |x|^2."""
    assert compute_error(96, np.float32, 2.0) == pytest.approx(4 * 112 * 2.0**-24 * 2, rel=1e-12)
    assert compute_error(96, np.float64, 2.0) == pytest.approx(4 * 112 * 2.0**-53 * 2, rel=1e-12)


def test_what_lies_beyond_is_never_taken_for_less() -> None:
    """In a plane nothing lies beyond: float64 says so only up to rounding, and the square may not fall below."""
    means = draw_crowd(120)
    lengths = np.einsum("fd,fd->f", means, means)
    directions = find_directions(means)
    assert directions is not None
    made = project(means, lengths, directions)
    np.testing.assert_allclose(made[:, :2], means @ directions)
    assert (made[:, 2] > 0).all()
    assert (made[:, 2] <= 3e-6 * np.sqrt(lengths)).all()
    rest = np.random.default_rng(1).normal(size=(5, 120))
    expected = np.linalg.norm(rest - rest @ directions @ directions.T, axis=1)
    np.testing.assert_allclose(project(rest, (rest**2).sum(1), directions)[:, 2], expected, rtol=1e-9)


def test_directions_are_taken_where_they_hold_enough_and_save_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variances 9, 4, 1, 1: the first two hold 13 of 15."""
    means = np.concatenate([np.diag([3.0, 2, 1, 1]), -np.diag([3.0, 2, 1, 1])])
    directions = find_directions(means)
    assert directions is not None
    np.testing.assert_allclose(np.abs(directions), np.eye(4)[:, [1, 0]], atol=1e-12)
    for name, enough, few in (("SHARE", 13 / 15 - 1e-9, 13 / 15 + 1e-9), ("DIMENSIONS", 2, 3), ("FEATURES", 2, 3)):
        with monkeypatch.context() as patch:
            patch.setattr(ward_bounds, name, enough)
            assert find_directions(means) is not None
            patch.setattr(ward_bounds, name, few)
            assert find_directions(means) is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e200, 1e30])
def test_what_has_no_distance_ends_in_the_same_error(wrong: float) -> None:
    features = np.eye(5)
    features[2, 1] = wrong
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="not finite"):
        build_ward_linkage(features)


def test_bounds_get_closer_until_few_enough_pairs_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no pair allowed all kinds are tried: along directions, all dimensions in float32, in float64."""
    features = planted(1, grid=(6, 7))
    expected = build_ward_linkage(features)
    made: list[tuple[torch.dtype, int]] = []
    prepare = Bounds.prepare
    monkeypatch.setattr(nearest, "MANY", 0)
    monkeypatch.setattr(Bounds, "prepare", lambda factors, *rest, **options: (
        made.append((factors.dtype.type, factors.shape[1])) or prepare(factors, *rest, **options)
    ))  # fmt: skip
    np.testing.assert_array_equal(build_ward_linkage(features), expected)
    dim = features.shape[1]
    assert made[:3] == [(np.float32, 5), (np.float32, dim + 2), (np.float64, dim + 2)]


@pytest.mark.parametrize("share", [0.0, 2.0])
def test_features_whose_squares_float32_has_no_numbers_for_are_scipys_too(share: float) -> None:
    features = np.random.default_rng(0).normal(size=(60, 6)) * 1e-22
    made, expected = build_with_share(features, share), hierarchy.ward(features)
    np.testing.assert_array_equal(made[:, [0, 1, 3]], expected[:, [0, 1, 3]])


def test_products_have_few_shapes_however_many_clusters_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """oneDNN keeps a kernel for each: a picture's tree has 1,400 products, nearly all of another number of clusters."""
    shapes: list[tuple[int, ...]] = []

    def multiply(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        shapes.append((*x.shape, *weight.shape))
        return x @ weight.t()

    monkeypatch.setattr(ward_bounds, "multiply", multiply)
    for name, size in (("BLOCK", 256), ("ROWS", 2048)):
        monkeypatch.setattr(nearest, name, size)
    features = np.random.default_rng(0).normal(size=(1500, 12))
    tree = build_ward_tree(features)
    assert len(shapes) > 50 and all(rows % 256 == 0 and columns % 64 == 0 for rows, _, columns, _ in shapes)
    monkeypatch.setattr(ward_bounds, "TALL", 1)
    monkeypatch.setattr(ward_bounds, "WIDE", 1)
    assert (build_ward_tree(features) == tree).all()
