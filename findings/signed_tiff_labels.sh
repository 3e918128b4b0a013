#!/bin/sh
# A label map of signed bytes, with -1 for "no label", reads in Pillow as unsigned: -1 is 255, which half of all data
# sets call void, so nothing looks wrong. 32-bit ids go the other way: unsigned ones read as signed.
# Guess before: as for 16 bits, where Pillow keeps the sign.
# Seen with tifffile 2026.3.3, pillow 13.0.0:
#   int8 L [0, 7, 255]   int16 I [0, 7, -1]   uint32 I [0, 7, -1] (4294967295 was stored)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import tifffile
from PIL import Image

expected = {"int8": ("L", [0, 7, 255]), "int16": ("I", [0, 7, -1]), "uint32": ("I", [0, 7, -1])}
for kind, wanted in expected.items():
    labels = np.array([[0, 7, -1]]).astype(kind)
    tifffile.imwrite(f"{kind}.tif", labels)
    assert (tifffile.imread(f"{kind}.tif") == labels).all()
    with Image.open(f"{kind}.tif") as image:
        seen = image.mode, np.asarray(image).ravel().tolist()
    print(kind, "stored", labels.ravel().tolist(), "pillow", *seen)
    assert seen == wanted
print("as described")
PYTHON
