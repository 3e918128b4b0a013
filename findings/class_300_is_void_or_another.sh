#!/bin/sh
# A label map in more bits than the file has: `argmax` gives 64-bit numbers, and class sets of 459, 847 or 1,203 go
# beyond 255. OpenCV 5 writes any such map as a PNG of 8 bits: 300 becomes 255, usually void, and -1 becomes 0, a class or
# background; it returns True (16-bit unsigned numbers alone stay). rasterio writes the same map to an 8-bit file as 44,
# another class, and -1 as 255. Pillow's and imageio's writers refuse it.
# Guess before: an error from both.
# Seen with opencv-python-headless 5.0.0.93, rasterio 1.4.4, pillow 13.0.0, imageio 2.38.1, for the pixels 1 300 -1:
#   opencv   [1, 255, 0] of 32 and 64 bits
#   rasterio [1, 44, 255]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 rasterio==1.4.4 \
  pillow==13.0.0 imageio==2.38.1 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - 2>/dev/null <<'PYTHON'
import cv2
import imageio.v3
import numpy as np
import rasterio

for kind in (np.int32, np.int64):
    labels = np.array([[1, 300, -1]], kind)
    assert cv2.imwrite("map.png", labels) is True
    seen = cv2.imread("map.png", cv2.IMREAD_UNCHANGED)
    print("opencv  ", kind.__name__, seen.dtype, seen[0].tolist())
    assert seen.dtype == np.uint8 and seen[0].tolist() == [1, 255, 0]
    try:
        imageio.v3.imwrite("other.png", labels)
        raise SystemExit("imageio writes it now")
    except (OSError, TypeError):
        pass
wide = np.array([[1, 300, 459]], np.uint16)
assert cv2.imwrite("wide.png", wide) and np.array_equal(cv2.imread("wide.png", cv2.IMREAD_UNCHANGED), wide)
with rasterio.open("map.tif", "w", driver="GTiff", height=1, width=3, count=1, dtype="uint8") as file:
    file.write(np.array([[1, 300, -1]], np.int32), 1)
with rasterio.open("map.tif") as file:
    seen = file.read(1)
print("rasterio", seen.dtype, seen[0].tolist())
assert seen[0].tolist() == [1, 44, 255]
print("as described")
PYTHON
