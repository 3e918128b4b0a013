#!/bin/sh
# A label map of 16 classes fits into 4 bits, and rasterio (NBITS=4) and pypng write it so. Whether a reader gives back
# the classes depends on the reader and on the container: photographs are stretched to 0..255, classes are not.
# Guess before: a number read is the number written; at worst one library is alone with stretching.
# Seen with rasterio 1.4.4, pypng 0.20220715.0, pillow 13.0.0, imageio 2.37.3, tifffile 2026.3.3,
# opencv-python-headless 5.0.0.93, hotcoco 1.3.0, for the classes 0, 1, 5, 15:
#   tif: rasterio, tifffile, imageio [0, 1, 5, 15]   pillow [0, 17, 85, 255]   opencv reads nothing
#   png: rasterio [0, 1, 5, 15], hotcoco likewise    pillow, imageio, opencv [0, 17, 85, 255]
# (255 is void in many data sets: class 15 then is never scored.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rasterio==1.4.4 pypng==0.20220715.0 pillow==13.0.0 \
  imageio==2.37.3 tifffile==2026.3.3 imagecodecs==2026.3.6 opencv-python-headless==5.0.0.93 hotcoco==1.3.0 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import warnings
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np
import png
import rasterio
import tifffile
from hotcoco import semantic
from PIL import Image

warnings.simplefilter("ignore")
labels = np.array([[0, 1, 5, 15]], np.uint8)
with rasterio.open("map.tif", "w", driver="GTiff", width=4, height=1, count=1, dtype="uint8", NBITS=4) as file:
    file.write(labels, 1)
for folder in ("truth", "said"):
    Path(folder).mkdir()
with open("said/map.png", "wb") as file:
    png.Writer(4, 1, greyscale=True, bitdepth=4).write(file, labels.tolist())
Image.fromarray(labels).save("truth/map.png")  # the same classes at 8 bits


def read(path):
    with Image.open(path) as image, rasterio.open(path) as raster:
        opencv = cv2.imread(path, cv2.IMREAD_UNCHANGED)
        return {
            "rasterio": raster.read(1).ravel().tolist(), "pillow": np.asarray(image).ravel().tolist(),
            "imageio": imageio.imread(path).ravel().tolist(), "opencv": None if opencv is None else opencv.ravel().tolist(),
        }


stored, stretched = [0, 1, 5, 15], [0, 17, 85, 255]
seen = read("map.tif") | {"tifffile": tifffile.imread("map.tif").ravel().tolist()}
print("tif", seen)
assert seen == {"rasterio": stored, "pillow": stretched, "imageio": stored, "opencv": None, "tifffile": stored}
seen = read("said/map.png")
print("png", seen)
assert seen == {"rasterio": stored, "pillow": stretched, "imageio": stretched, "opencv": stretched}
evaluation = semantic.SemanticEval(16)
evaluation.update_folders("truth", "said")
print("png hotcoco mIoU against the same map at 8 bits", evaluation.report()["metrics"]["mIoU"])
assert evaluation.report()["metrics"]["mIoU"] == 1.0
print("as described")
PYTHON
