"""Ground-truth segments."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.truth_masks import make_truth_masks
from bench.errors import BadSample
from bench.records import BACKGROUND, VOID, Sample


def sample(truth: np.ndarray | None) -> Sample:
    return Sample("one", np.zeros((2, 4, 3), np.uint8), truth)


def test_a_class_is_one_segment_whatever_its_components() -> None:
    truth = np.array([[7, 0, 7, VOID], [BACKGROUND, 0, 2, 7]], np.int16)
    masks, classes = make_truth_masks(sample(truth))
    assert classes.tolist() == [0, 2, 7] and classes.dtype == np.int32
    assert masks.dtype == bool and masks.shape == (3, 2, 4)
    assert masks.sum(axis=(1, 2)).tolist() == [2, 1, 3]
    assert masks[2].tolist() == [[True, False, True, False], [False, False, False, True]]


def test_no_class_and_no_labels() -> None:
    masks, classes = make_truth_masks(sample(np.full((2, 4), BACKGROUND, np.int16)))
    assert masks.shape == (0, 2, 4) and masks.dtype == bool and classes.shape == (0,)
    with pytest.raises(BadSample, match="image one: it has no labels"):
        make_truth_masks(sample(None))
