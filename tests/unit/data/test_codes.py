"""From numbers of a label map to classes: every number has a stated meaning or stops the image."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.codes import Codes
from bench.errors import BadSample
from bench.records import BACKGROUND, VOID

CODES = Codes({2: 0, 300: 1, 0: BACKGROUND, 65535: VOID}, "mine")


def test_numbers_mean_what_was_said() -> None:
    found = CODES.read(np.array([[2, 300], [0, 65535]], np.int32), "a.png")
    assert found.tolist() == [[0, 1], [BACKGROUND, VOID]] and found.dtype == np.int16


@pytest.mark.parametrize("value", [1, 44, 299, 301, 65534, 65536, 1 << 20, -1, -2, -3])
def test_other_numbers_name_image_and_value(value: int) -> None:
    # 44 is what 300 becomes where a mask was written with 8 bits; negative numbers must not count from the end.
    labels = np.array([[2, value], [0, 0]], np.int32)
    with pytest.raises(BadSample, match=rf"a\.png: label {value} is none of mine"):
        CODES.read(labels, "a.png")


def test_at_most_five_are_listed() -> None:
    with pytest.raises(BadSample, match="label 10, 11, 12, 13, 14 is none"):
        CODES.read(np.arange(10, 30, dtype=np.int32)[None], "a.png")


def test_numbers_below_zero_may_have_a_meaning() -> None:
    codes = Codes({1: 0, -1: VOID, -300: BACKGROUND}, "mine")
    assert codes.read(np.array([[1, -1, -300]], np.int32), "a").tolist() == [[0, VOID, BACKGROUND]]
    for value in (0, -2, -299, -301, 2, -(1 << 30), 1 << 30):
        with pytest.raises(BadSample, match=f"label {value} is none"):
            codes.read(np.array([[value]], np.int32), "a")
