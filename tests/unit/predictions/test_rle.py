"""Run lengths: the masks of COCO's own decoder and of a slow one, and every number looked at before it is summed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from bench.predictions import rle


def slow(runs: list[int], height: int, width: int) -> np.ndarray | None:
    """A mask written out pixel by pixel down the columns; None for runs that are no such mask."""
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        return None
    flat = [at % 2 == 1 for at, run in enumerate(runs) for _ in range(run)]
    return np.array([[flat[x * height + y] for x in range(width)] for y in range(height)], bool)


def compressed(runs: list[int]) -> str:
    """COCO's text, number by number, as its description says; also of runs that are no mask."""
    text = ""
    for at, run in enumerate(runs):
        left = run - runs[at - 2] if at > 2 else run
        while True:
            char, left = left & 31, left >> 5
            done = left == (-1 if char & 16 else 0)
            text += chr((char if done else char | 32) + 48)
            if done:
                break
    return text


def decoded(counts: str | list[int], height: int, width: int) -> np.ndarray | None:
    try:
        return rle.decode(counts, height, width)
    except (ValueError, TypeError):
        return None


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other is None or (one is not None and other is not None and np.array_equal(one, other))


RUNS = st.lists(st.integers(0, 9) | st.sampled_from([-1, 12, 13, 2**31, 2**33]), max_size=9)


@given(RUNS, st.integers(1, 4), st.integers(1, 4))
def test_any_runs_are_the_slow_decoder_s_mask_or_refused(runs: list[int], height: int, width: int) -> None:
    expected = slow(runs, height, width) if max(runs, default=0) < 99 else None
    assert same(decoded(runs, height, width), expected)
    if runs and max(runs) < 2**33:
        assert same(decoded(compressed(runs), height, width), expected)


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_runs_that_fill_the_picture_are_read_as_coco_reads_them(height: int, width: int, data: st.DataObject) -> None:
    left, runs = height * width, []
    while left:
        runs.append(data.draw(st.integers(0 if not runs else 1, left)))
        left -= runs[-1]
    text = compressed(runs)
    expected = coco.decode({"size": [height, width], "counts": text}).astype(bool)
    assert same(rle.decode(text, height, width), expected) and same(rle.decode(runs, height, width), expected)
    assert same(slow(runs, height, width), expected)


def test_runs_whose_sum_would_wrap_around_are_refused_one_by_one() -> None:
    with pytest.raises(ValueError, match="a run is longer than any picture of 8 pixels"):
        rle.decode([9], 2, 4)
    with pytest.raises(ValueError, match="a run is longer than any picture of 8 pixels"):
        rle.decode([2**70, 4], 2, 4)
    with pytest.raises(ValueError, match="a run is longer than any picture of 8 pixels"):
        rle.decode(compressed([4, 9, 4, 5]), 2, 4)
    with pytest.raises(ValueError, match="longer than the picture has pixels"):
        rle.decode("0" * 70, 2, 4)


@pytest.mark.parametrize("odd", [True, 2.0, "4", None, [4]])
def test_only_whole_numbers_are_runs(odd: object) -> None:
    with pytest.raises(TypeError, match="a run length should be a whole number but is"):
        rle.decode([odd, 4, 4], 2, 4)  # type: ignore[list-item]
