#!/bin/sh
# Label maps of tiles that overlap, joined by rasterio.merge: by its default ("first") the first tile that has a pixel
# gives it. Where no tile states a value for "no data", as label maps hardly do, class 0 is taken for it: each pixel of
# class 0 (building, wall, background) is painted over by whatever the next tile says, and the minimum of 0 and 7 is 7.
# Nothing is said. nodata=255 keeps class 0.
# Guess before: where a file states no such value no pixel has it, and the first tile's pixels stay.
# Seen with rasterio 1.4.4, two tiles of one row that share two pixels, 0 1 0 1 and 7 7 7 7:
#   first         [0, 1, 7, 1, 7, 7]      minimum             [0, 1, 7, 1, 7, 7]
#   first, nodata=255  [0, 1, 0, 1, 7, 7]      minimum, nodata=255 [0, 1, 0, 1, 7, 7]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import rasterio
from rasterio.merge import merge
from rasterio.transform import from_origin

for name, left, row in (("a.tif", 0, [0, 1, 0, 1]), ("b.tif", 2, [7, 7, 7, 7])):
    labels, place = np.array([[row]], np.uint8), from_origin(left, 1, 1, 1)
    with rasterio.open(name, "w", driver="GTiff", width=4, height=1, count=1, dtype="uint8", crs="EPSG:32632",
                       transform=place) as file:
        file.write(labels)
seen = {}
for method in ("first", "min"):
    for nodata in (None, 255):
        seen[method, nodata] = merge(["a.tif", "b.tif"], method=method, nodata=nodata)[0].ravel().tolist()
        print(f"{method:6} nodata {nodata}: {seen[method, nodata]}")
over, kept = [0, 1, 7, 1, 7, 7], [0, 1, 0, 1, 7, 7]
assert seen == {("first", None): over, ("first", 255): kept, ("min", None): over, ("min", 255): kept}
print("as described")
PYTHON
