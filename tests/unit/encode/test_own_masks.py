"""Masks that a script hands over: what is none is one line that says what to do, and what is right is left as it is."""

from __future__ import annotations

import re

import numpy as np
import pytest

import bench
from bench.encode.segments import check_masks, has_proportions
from bench.errors import UserError

MASKS = np.zeros((2, 96, 128), bool)
MASKS[0, :40, :40], MASKS[1, 50:] = True, True
EMPTY = MASKS.copy()
EMPTY[1] = False
WRONG = [
    (np.ones((1, 200, 128), bool), "the image is 96 x 128 (height x width): needs bool [n, 96, 128]"),
    (np.ones((1, 128, 96), bool), "the image is 96 x 128"),
    (np.ones((1, 0, 0), bool), "the image is 96 x 128"),
    (EMPTY, "masks[1] is empty; leave it out"),
    (MASKS.astype(np.uint8) * 255, "uint8 [2, 96, 128]: needs bool"),
    (MASKS.astype(float), "float64 [2, 96, 128]: needs bool"),
    (MASKS[0], "one mask is masks[None]"),
    (MASKS[None], "bool [1, 2, 96, 128]: needs bool [n, height, width]"),
    ([MASKS[0], MASKS[0, :5]], "np.stack(masks)"),
    (None, "needs bool [n, height, width]"),
    (np.where(MASKS, np.uint8(254), np.uint8(255)).view(bool), "as OpenCV 5's bitwise_not leaves them"),
]


@pytest.mark.parametrize(("masks", "told"), WRONG)
def test_wrong_masks_are_one_line(masks: object, told: str) -> None:
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        check_masks(masks, (96, 128))
    assert "\n" not in str(caught.value) and str(caught.value).startswith("masks: ")


@pytest.mark.parametrize("masks", [MASKS, MASKS[:, ::2, ::2], MASKS[:0], list(MASKS), MASKS[:, ::5, ::5]])
def test_right_masks_are_left_as_they_are(masks: np.ndarray) -> None:
    np.testing.assert_array_equal(check_masks(masks, (96, 128)), np.asarray(masks))


def test_proportions_are_those_of_a_picture_that_was_scaled() -> None:
    sizes = [(375, 500), (427, 640), (333, 500), (1, 9)]
    for height, width in sizes:
        for side in (64, 224, 336, 512):
            assert has_proportions((side, int(side * width / height)), (height, width))
            assert has_proportions((max(1, round(side * height / width)), side), (height, width))
    assert not has_proportions((224, 224), (375, 500)) and not has_proportions((375, 503), (375, 500))


def test_the_method_asks_before_it_embeds_or_describes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is loaded for masks that are wrong."""
    method, image = bench.Method("encode=blur_outside"), np.zeros((96, 128, 3), np.uint8)
    monkeypatch.setattr(method, "_context", None)
    for call in (method.embed, method.describe):
        for masks, told in WRONG[:5]:
            with pytest.raises(UserError, match=re.escape(told)):
                call(image, masks)  # type: ignore[arg-type]
