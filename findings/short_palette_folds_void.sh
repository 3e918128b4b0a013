#!/bin/sh
# A label map with a palette: Pillow saves it as a PNG of so few bits as the palette has colours, and cuts the pixels to
# them without a word. With the 8 colours of 8 classes a pixel of 255, void, becomes 15; with 16 it becomes 15, the last
# class; with 2 or 4 it becomes 1 or 3, the last class as well. In memory it is still 255, and so it is in a TIFF.
# Guess before: 255 stays 255, or an error says that it has no colour.
# Seen with pillow 13.0.0, for the pixels 0 1 255 and a palette of so many colours:
#   2 -> [0, 1, 1]   4 -> [0, 1, 3]   8 -> [0, 1, 15]   16 -> [0, 1, 15]   17 -> [0, 1, 255]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from PIL import Image

labels = np.array([[0, 1, 255]], np.uint8)
seen = {}
for colours in (2, 4, 8, 16, 17):
    picture = Image.fromarray(labels)
    picture.putpalette(list(range(3 * colours)))
    picture.save("map.png")
    picture.save("map.tif")
    assert np.array_equal(np.asarray(picture), labels) and np.array_equal(np.asarray(Image.open("map.tif")), labels)
    seen[colours] = np.asarray(Image.open("map.png"))[0].tolist()
    print(colours, "colours ->", seen[colours])
assert seen == {2: [0, 1, 1], 4: [0, 1, 3], 8: [0, 1, 15], 16: [0, 1, 15], 17: [0, 1, 255]}
print("as described")
PYTHON
