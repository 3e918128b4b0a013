#!/bin/sh
# A soft mask in half precision, 16-bit floats in a TIFF, is read by SimpleITK without a word as 16-bit whole numbers: the
# bits of the floats, so that 1.0 is 15360 and a threshold at 0.5 calls every pixel but the zeros foreground. A one-bit
# mask comes as four channels (RGBA) from a TIFF and as one from a PNG. rasterio reads both as they were stored.
# Guess before: an error for half precision, as float64 gives one; one channel for one bit.
# Seen with simpleitk 2.5.7, rasterio 1.4.4, tifffile 2026.3.3, pillow 13.0.0:
#   half: stored [0.0, 0.5, 1.0]  rasterio [0.0, 0.5, 1.0]  SimpleITK uint16 [0, 14336, 15360]
#   one bit: tif SimpleITK (2, 8, 4) rasterio (2, 8)   png SimpleITK (2, 8)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check simpleitk==2.5.7 rasterio==1.4.4 \
  tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import rasterio
import SimpleITK
import tifffile
from PIL import Image

warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)


def itk(path):
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path))


def gdal(path):
    with rasterio.open(path) as file:
        return file.read(1)


soft = np.array([[0.0, 0.5, 1.0]], np.float16)
tifffile.imwrite("half.tif", soft)
print("half: stored", soft[0].tolist(), "rasterio", gdal("half.tif")[0].tolist(),
      "SimpleITK", itk("half.tif").dtype, itk("half.tif")[0].tolist())
assert (tifffile.imread("half.tif") == soft).all() and (gdal("half.tif") == soft).all()
assert itk("half.tif").dtype == np.uint16 and (itk("half.tif") == soft.view(np.uint16)).all()

mask = np.tile(np.arange(8) % 2 == 0, (2, 1))
Image.fromarray(mask).save("bit.tif")
Image.fromarray(mask).save("bit.png")
shapes = itk("bit.tif").shape, gdal("bit.tif").shape, itk("bit.png").shape
print("one bit: tif SimpleITK", shapes[0], "rasterio", shapes[1], "  png SimpleITK", shapes[2])
assert shapes == ((2, 8, 4), (2, 8), (2, 8))
assert ((gdal("bit.tif") > 0) == mask).all()
print("as described")
PYTHON
