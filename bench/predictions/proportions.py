"""Section 4.3, masks of another size than the image's: a smaller copy is resized, another shape is a fault."""

from __future__ import annotations

Size = tuple[int, int]
"""Height and width in pixels."""


def describe_misfit(masks: Size, image: Size) -> str | None:
    """Describe what is wrong with masks of a size beside an image of a size; None where their proportions are the same.

    The same within rounding: some factor gives each side of the masks to less than one pixel. Swapped sides never
    are, however near to a square.
    """
    if masks == image:
        return None
    swapped = masks[0] * image[0] == masks[1] * image[1] and masks[0] != masks[1]
    (low, high), (left, right) = (((m - 1) / i, (m + 1) / i) for m, i in zip(masks, image, strict=True))
    if not swapped and low < right and left < high:
        return None
    sizes = f"masks are {masks[0]}x{masks[1]} (height x width) but the image is {image[0]}x{image[1]}"
    turned = " (written as width x height, or turned?)" if swapped else ", which has other proportions"
    return f"{sizes}{turned}; write them in the image's proportions, or stretch them with score.proportions=any"
