#!/bin/sh
# felzenszwalb(image, scale=300) of a grey picture, once as [h, w] and once with that grey in each of three channels: the
# same picture, so the same segments, one would say. It has half again as many as [h, w, 3], for differences are added up
# over the channels (a factor of the square root of 3), and `scale` is not divided by it. With scale * sqrt(3) the two
# agree again.
# Guess noted before: the same partition.
# Seen with scikit-image 0.26.0, NumPy 2.4.6, the green channel of astronaut, every second pixel, min_size=100:
#   [h, w] 49 segments, [h, w, 3] 75 segments, [h, w, 3] at scale * sqrt(3) 49 segments
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from skimage import data
from skimage.segmentation import felzenszwalb

grey = data.astronaut()[::2, ::2, 1].copy()
three = np.repeat(grey[..., None], 3, axis=2)
one = felzenszwalb(grey, scale=300, sigma=0.8, min_size=100)
same = felzenszwalb(three, scale=300, sigma=0.8, min_size=100)
mended = felzenszwalb(three, scale=300 * 3**0.5, sigma=0.8, min_size=100)
counts = [len(np.unique(labels)) for labels in (one, same, mended)]
print(f"[h, w] {counts[0]} segments, [h, w, 3] {counts[1]} segments, [h, w, 3] at scale * sqrt(3) {counts[2]} segments")
assert counts[1] > 1.3 * counts[0] and counts[2] == counts[0]
print("as described")
PYTHON
