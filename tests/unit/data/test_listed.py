"""What data sets share: both lists of ids, and an image with its picture or without."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data.listed import LabelledImages
from bench.errors import UserError
from bench.records import Sample


class Three(LabelledImages):
    """Three images of one pixel, of which two are in the subset."""

    _where = "split val"

    def __init__(self) -> None:
        self._keep_ids({"c9": 2, "a1": 0, "b5": 1}, ("a1", "c9"))

    def _load(self, image_id: str, blank: bool) -> Sample:
        return Sample(image_id, np.full((1, 1, 3), 0 if blank else 200, np.uint8), np.zeros((1, 1), np.int16))


def test_ids_are_listed_and_any_of_the_split_is_loaded() -> None:
    data = Three()
    assert data.list_ids() == ("a1", "c9") and data.list_split_ids() == ("a1", "b5", "c9")
    for image_id in data.list_split_ids():
        whole, truth = data.load(image_id), data.load_truth(image_id)
        assert whole.image_id == truth.image_id == image_id and whole.image.all() and not truth.image.any()


def test_an_unknown_id_is_named_with_the_nearest_either_way() -> None:
    for load in (Three().load, Three().load_truth):
        with pytest.raises(UserError, match=r"image 'b6' is not in split val \(did you mean 'b5'\?\)"):
            load("b6")
