"""Section 4.3, masks of another size than the image's: a smaller copy is resized, another shape is a fault."""

from __future__ import annotations

from bench.resize import are_swapped, has_same_proportions

Size = tuple[int, int]
"""Height and width in pixels."""


def describe_misfit(masks: Size, image: Size) -> str | None:
    """Describe what is wrong with masks of a size beside an image of a size; None where their proportions are the same.

    See `has_same_proportions`.
    """
    if has_same_proportions(masks, image):
        return None
    is_turned = are_swapped(masks, image)
    turned = " (written as width x height, or turned?)" if is_turned else ", which has other proportions"
    sizes = f"masks are {masks[0]}x{masks[1]} (height x width) but the image is {image[0]}x{image[1]}"
    return f"{sizes}{turned}; write them in the image's proportions, or stretch them with score.proportions=any"
