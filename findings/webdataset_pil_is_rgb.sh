#!/bin/sh
# A shard of webdataset with label maps as PNG: decoded as "pil" a map comes as an RGB picture whatever it is, so that the
# numbers of a palette are colours, and 16-bit numbers above 255 are 255, which often is void. "l8", one byte a pixel, gives
# the brightness of the palette's colours. Nothing is said. Pillow alone and litdata give the numbers.
# Guess before: "pil" is the picture that Pillow opens, "l8" the bytes of a palette.
# Seen with webdataset 1.0.2, pillow 13.0.0:
#   palette 0 1 2  -> pil RGB [[0, 0, 0], [128, 0, 0], [0, 128, 0]], l8 [0, 38, 75]
#   16 bits 0 1 300 -> pil RGB [[0, 0, 0], [1, 1, 1], [255, 255, 255]], l8 [0, 1, 255]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check webdataset==1.0.2 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import io

import numpy as np
import webdataset
from PIL import Image


def encode(picture):
    stream = io.BytesIO()
    picture.save(stream, "png")
    return stream.getvalue()


palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
palette.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 759)
wide = Image.fromarray(np.array([[0, 1, 300]], np.uint16))
for picture in (palette, wide):
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode(picture)))), np.asarray(picture))
with webdataset.TarWriter("shard.tar") as shard:
    shard.write({"__key__": "palette", "png": encode(palette)})
    shard.write({"__key__": "wide", "png": encode(wide)})
seen = {}
for how in ("pil", "l8"):
    for sample in webdataset.WebDataset("shard.tar", shardshuffle=False).decode(how):
        value = sample["png"]
        seen[how, sample["__key__"]] = np.asarray(value)[0].tolist()
        print(how, sample["__key__"], getattr(value, "mode", ""), np.asarray(value)[0].tolist())
assert seen["pil", "palette"] == [[0, 0, 0], [128, 0, 0], [0, 128, 0]] and seen["l8", "palette"] == [0, 38, 75]
assert seen["pil", "wide"] == [[0, 0, 0], [1, 1, 1], [255, 255, 255]] and seen["l8", "wide"] == [0, 1, 255]
print("as described")
PYTHON
