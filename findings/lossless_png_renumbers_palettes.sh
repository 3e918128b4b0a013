#!/bin/sh
# oxipng makes PNGs smaller without loss: colours stay, the numbers of a palette do not. Of a label map it drops the colours
# that no pixel has and sorts the others, for each file by itself: what is 3 in one picture is void in the next. Classes of
# one colour, such as the black behind the end of a short list, become one. Of grey it takes bits away: a map of 0 and 255,
# void, then holds 0 and 1. palette_reduction=False keeps the numbers of palettes, bit_depth_reduction=False those of grey.
# A folder of pictures that is "optimised" as a whole meets it, and no viewer shows a difference.
# Guess noted before: lossless means that the stored numbers stay.
# Seen with pyoxipng 9.1.1, pillow 13.0.0:
#   a palette                      0 7 15 255 -> 0 3 2 1, of another picture 0 15 255 -> 0 2 1
#   a palette, black from 21 on    0 7 15 255 -> 0 2 1 0 (void is background)
#   grey                           0 255      -> 1 bit a pixel, 0 1;  0 7 255 stay
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyoxipng==9.1.1 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io

import numpy as np
import oxipng
from PIL import Image

ALL = np.array([(number, number * 37 % 256, number * 91 % 256) for number in range(256)], np.uint8)
SHORT = np.where(np.arange(256)[:, None] < 21, ALL, 0).astype(np.uint8)


def squeeze(numbers, colours=None, **options):
    """The numbers that stand for those of the map afterwards, and the bits of a pixel."""
    labels = np.repeat(np.array(numbers, np.uint8), 1024).reshape(-1, 64)
    labels[::7, ::5] = numbers[0]
    before, stream = Image.fromarray(labels), io.BytesIO()
    if colours is not None:
        before.putpalette(colours.tobytes())
    before.save(stream, "PNG")
    data = oxipng.optimize_from_memory(stream.getvalue(), **options)
    after = Image.open(io.BytesIO(data))
    assert np.array_equal(before.convert("RGB"), after.convert("RGB")), "the colours are the same"
    stored = np.asarray(after).astype(int)
    return [int(stored[labels == number][0]) for number in numbers], data[24]


seen = {
    "a palette": squeeze([0, 7, 15, 255], ALL),
    "another picture": squeeze([0, 15, 255], ALL),
    "palette_reduction=False": squeeze([0, 7, 15, 255], ALL, palette_reduction=False),
    "black from 21 on": squeeze([0, 7, 15, 255], SHORT),
    "grey 0 255": squeeze([0, 255]),
    "bit_depth_reduction=False": squeeze([0, 255], bit_depth_reduction=False),
    "grey 0 7 255": squeeze([0, 7, 255]),
}
for name, (numbers, bits) in seen.items():
    print(f"{name:25} {numbers}, {bits} bits a pixel")
assert [numbers for numbers, _ in seen.values()] == [
    [0, 3, 2, 1], [0, 2, 1], [0, 7, 15, 255], [0, 2, 1, 0], [0, 1], [0, 255], [0, 7, 255]
]
print("as described")
PYTHON
