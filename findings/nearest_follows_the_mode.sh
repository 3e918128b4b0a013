#!/bin/sh
# Labels are resized by nearest neighbour so that no new class comes up. Pillow takes other neighbours for the same
# labels as soon as they are stored in 16 bits: one pixel in five is another's.
# Guess before: which neighbour is nearest depends on sizes alone.
# Seen with pillow 13.0.0, numpy 2.4.6, opencv-python-headless 5.0.0.93, 512 x 683 to 384 x 512 (height x width):
#   L against I;16: 19 % of pixels differ; OpenCV's 8 and 16 bits: none
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
cd "$folder"
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
from PIL import Image

labels = np.random.default_rng(0).integers(0, 256, (512, 683))
pillow, opencv = [], []
for kind in (np.uint8, np.uint16):
    pillow.append(np.asarray(Image.fromarray(labels.astype(kind)).resize((512, 384), Image.Resampling.NEAREST)))
    opencv.append(cv2.resize(labels.astype(kind), (512, 384), interpolation=cv2.INTER_NEAREST))
share = [float((one.astype(int) != other.astype(int)).mean()) for one, other in (pillow, opencv)]
print(f"Pillow, L against I;16: {share[0]:.1%} of pixels differ; OpenCV, 8 against 16 bits: {share[1]:.1%}")
assert 0.15 < share[0] < 0.25 and share[1] == 0
print("as described")
PYTHON
