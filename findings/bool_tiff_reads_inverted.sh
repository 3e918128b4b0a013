#!/bin/sh
# tifffile writes a boolean array as "min is white" (its documented default for bilevel images) and reads it back as it
# was. Pillow and OpenCV show the *picture*, so the mask comes back as its complement, without a word. The same happens
# to 8-bit label maps written as min-is-white (255 - value), but not to 16-bit ones.
# Guess before: a lossless format gives every reader the same numbers.
# Seen with tifffile 2026.3.3, pillow 13.0.0, opencv-python-headless 5.0.0.93, rasterio 1.4.4:
#   bool   tifffile [0, 1, 1, 0]  rasterio [0, 1, 1, 0]  pillow [1, 0, 0, 1]  opencv [1, 0, 0, 1]
#   uint8  pillow [255, 254, 252, 251]   uint16 pillow [0, 1, 3, 4]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tifffile==2026.3.3 pillow==13.0.0 opencv-python-headless==5.0.0.93 rasterio==1.4.4 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

import cv2
import numpy as np
import rasterio
import tifffile
from PIL import Image

warnings.simplefilter("ignore")  # a picture without a place on the globe


def read(path):
    with Image.open(path) as image, rasterio.open(path) as raster:
        return {
            "tifffile": tifffile.imread(path), "rasterio": raster.read(1),
            "pillow": np.asarray(image), "opencv": cv2.imread(path, cv2.IMREAD_UNCHANGED),
        }


mask = np.array([[False, True, True, False]])
tifffile.imwrite("mask.tif", mask)
seen = {name: (values > 0).astype(int).ravel().tolist() for name, values in read("mask.tif").items()}
print("bool  ", seen)
own, inverse = [0, 1, 1, 0], [1, 0, 0, 1]
assert seen == {"tifffile": own, "rasterio": own, "pillow": inverse, "opencv": inverse}

for kind in (np.uint8, np.uint16):
    labels = np.array([[0, 1, 3, 4]], kind)
    tifffile.imwrite("labels.tif", labels, photometric="miniswhite")
    seen = {name: values.ravel().tolist() for name, values in read("labels.tif").items()}
    print(f"{kind.__name__:6}", seen)
    stored, shown = [0, 1, 3, 4], [255, 254, 252, 251]
    painted = shown if kind is np.uint8 else stored
    assert seen == {"tifffile": stored, "rasterio": stored, "pillow": painted, "opencv": painted}
print("as described")
PYTHON
