"""Which sizes of masks are a smaller or larger copy of the image, and which are another shape."""

from __future__ import annotations

import pytest

from bench.predictions.proportions import describe_misfit


@pytest.mark.parametrize(
    ("masks", "image"),
    [
        ((12, 16), (12, 16)),
        ((24, 32), (12, 16)),
        ((3, 4), (375, 500)),
        ((224, 298), (375, 500)),  # 298.67: the longer edge rounded down, as our own segmenter does
        ((224, 299), (375, 500)),
        ((1, 2), (128, 128)),
        ((375, 499), (375, 500)),
        ((1, 1), (375, 500)),
    ],
)
def test_copies_of_another_size_fit(masks: tuple[int, int], image: tuple[int, int]) -> None:
    assert describe_misfit(masks, image) is None


@pytest.mark.parametrize("scale", [0.013, 0.1, 0.37, 0.448, 0.5, 1.3, 2.0])
@pytest.mark.parametrize("image", [(375, 500), (333, 500), (1080, 1920), (97, 13), (640, 427)])
@pytest.mark.parametrize("rounded", [int, round, lambda x: -int(-x // 1)])
def test_whatever_is_rounded_fits(scale: float, image: tuple[int, int], rounded) -> None:
    height, width = (max(1, rounded(scale * side)) for side in image)
    assert describe_misfit((height, width), image) is None


@pytest.mark.parametrize(
    ("masks", "image", "swapped"),
    [
        ((16, 12), (12, 16), True),
        ((500, 375), (375, 500), True),
        ((250, 187), (375, 500), False),  # a swapped copy, rounded: only its proportions tell
        ((500, 499), (499, 500), True),  # within a pixel of fitting, and yet turned
        ((336, 336), (375, 500), False),
        ((2, 4), (128, 128), False),
        ((1, 192), (12, 16), False),
    ],
)
def test_other_shapes_are_faults_that_say_both_sizes(
    masks: tuple[int, int], image: tuple[int, int], swapped: bool
) -> None:
    told = describe_misfit(masks, image)
    assert told and f"masks are {masks[0]}x{masks[1]} (height x width) but the image is {image[0]}x{image[1]}" in told
    assert ("written as width x height" in told) == swapped and "score.proportions=any" in told
