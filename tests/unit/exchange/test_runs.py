"""Many run lengths at once: the same verdict as one by one, and label maps as pycocotools would encode each class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bench.exchange.runs import (
    compress,
    decode_counts,
    decode_runs,
    encode_labels,
    encode_mask,
    read_many_runs,
    read_plain_runs,
    unite,
)
from bench.predictions import rle
from tests.unit.exchange.drawn import coded, masks, plain

SIZE = (5, 7)


@given(st.lists(masks(SIZE), min_size=1, max_size=6))
def test_sound_counts_have_no_fault(drawn: list[np.ndarray]) -> None:
    found = read_many_runs([coded(mask)["counts"] for mask in drawn], SIZE)
    for mask, runs in zip(drawn, found, strict=True):
        assert not isinstance(runs, str) and runs.tolist() == rle.read_runs(coded(mask)["counts"], *SIZE).tolist()
        assert (decode_runs(runs, SIZE) == mask).all()


@given(st.lists(st.one_of(st.text("0123OPQ`abcdmno\\1", max_size=9), masks(SIZE)), min_size=1, max_size=6))
def test_a_verdict_is_that_of_each_alone(drawn: list[object]) -> None:
    """One by one `rle.read_runs` decides, which is tested against pycocotools."""
    texts = [one if isinstance(one, str) else coded(one)["counts"] for one in drawn]
    for text, found in zip(texts, read_many_runs(texts, SIZE), strict=True):
        try:
            assert rle.read_runs(text, *SIZE).tolist() == list(found)
        except ValueError as error:
            assert found == f"mask cannot be read ({error})"


def test_damage_to_one_of_many_is_told_of_that_one() -> None:
    mask = np.zeros(SIZE, bool)
    mask[1:4, 2:5] = True
    good = coded(mask)["counts"]
    for texts in ([good, good[:-1], good, good], [good, good[:-1], good, "ä"], [good, good[:-1], good, ""]):
        faults = [found if isinstance(found, str) else "" for found in read_many_runs(texts, SIZE)]
        assert [bool(fault) for fault in faults] == [False, True, False, texts[3] != good] and "cover" in faults[1]


def test_large_masks_have_numbers_of_many_digits() -> None:
    size, chance = (3000, 2000), np.random.default_rng(0)
    drawn = []
    for count in (0, 1, 5, 400):
        mask = np.zeros(size, bool)
        mask.T.flat[np.sort(chance.integers(0, mask.size, 2 * count))] = True
        drawn.append(mask if count != 1 else ~mask)
    texts = [coded(mask)["counts"] for mask in drawn]
    for mask, runs in zip(drawn, read_many_runs(texts, size), strict=True):
        assert not isinstance(runs, str) and (decode_runs(runs, size) == mask).all()


@given(arrays.arrays(np.int32, (4, 6), elements=st.sampled_from([-1, 0, 1, 7, 255, 70000])))
def test_each_number_of_a_map_has_the_counts_of_its_mask(labels: np.ndarray) -> None:
    found = encode_labels(labels)
    assert list(found) == np.unique(labels).tolist()
    for number, counts in found.items():
        assert counts == coded(labels == number)["counts"]
        assert (decode_counts(counts, (4, 6)) == (labels == number)).all()


@given(masks(SIZE), masks(SIZE))
def test_masks_are_united_pixel_by_pixel(one: np.ndarray, other: np.ndarray) -> None:
    whole = unite([coded(one)["counts"], coded(other)["counts"]], SIZE)
    assert (decode_counts(whole, SIZE) == (one | other)).all()
    assert compress(plain(one)["counts"], SIZE) == encode_mask(one) == coded(one)["counts"]


def test_a_mask_that_holds_1_and_2_is_one_mask() -> None:
    """pycocotools runs along equal values, and finds an area of 2 in this mask of 5 pixels."""
    mask = np.array([[1, 1, 2, 2, 2]])
    assert coded(mask)["counts"] != coded(mask != 0)["counts"]
    assert decode_counts(encode_mask(mask), (1, 5)).sum() == 5


@pytest.mark.parametrize("counts", [[0], [35, 1], [-1, 36], [1.0, 34], [True, 34], []])
def test_plain_counts_that_are_none_are_refused(counts: list[int]) -> None:
    with pytest.raises((ValueError, TypeError)):
        rle.read_runs(counts, *SIZE)


@given(masks(SIZE))
def test_plain_counts_are_read_as_one_by_one(mask: np.ndarray) -> None:
    found = read_plain_runs(plain(mask)["counts"], SIZE)
    assert not isinstance(found, str) and found.tolist() == plain(mask)["counts"]
    assert (decode_runs(found, SIZE) == mask).all()


@pytest.mark.parametrize("counts", [[0], [35, 1], [-1, 36], [], [2**31, 35], [2**70], [2**31 - 1, 2**31 - 1, 37]])
def test_plain_counts_that_are_none_are_told(counts: list[int]) -> None:
    """Sums that wrap around in 32 bits are no sums."""
    assert str(read_plain_runs(counts, SIZE)).startswith("mask cannot be read (")
