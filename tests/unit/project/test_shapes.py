"""The shapes written in bench/records.py are checked while the tests run."""

from __future__ import annotations

import numpy as np
import pytest

from bench.records import Embeddings, Sample, SegmentTree


def image(h: int = 4, w: int = 5, channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    return np.zeros((h, w, channels), dtype)


def test_right_shapes_pass_also_positionally_and_without_options() -> None:
    sample = Sample("a", image(), np.zeros((4, 5), np.int16), ("a dog",))
    assert sample.size == (4, 5)
    assert Sample(image_id="a", image=image(1, 1)).truth is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"image": image(channels=4)},
        {"image": image(dtype=np.float32)},
        {"image": image(), "truth": np.zeros((4, 5), np.int32)},
        {"image": image(), "truth": np.zeros((5, 4), np.int16)},  # each field is right, but not the two together
        {"image": image(), "captions": "a dog"},
    ],
)
def test_wrong_shapes_dtypes_and_types_fail(arguments: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Sample"):
        Sample(image_id="a", **arguments)  # type: ignore[arg-type]


def test_dimensions_are_bound_within_one_record_only() -> None:
    for n in (1, 2):
        Embeddings(np.zeros((n, 8), np.float32), np.zeros((n, 4), np.float32), np.zeros((n, 4), np.float32))
    with pytest.raises(TypeError):
        Embeddings(np.zeros((2, 8), np.float32), np.zeros((2, 4), np.float32), np.zeros((2, 3), np.float32))


def test_other_records_are_checked_too() -> None:
    with pytest.raises(TypeError):
        SegmentTree(np.zeros((4, 5), np.int64), (1, 2))
