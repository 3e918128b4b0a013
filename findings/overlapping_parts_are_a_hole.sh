#!/bin/sh
# An object of COCO may be several polygons, which are united: pycocotools does so. SAHI fills all of them in one call of
# OpenCV, for which a pixel in two of them lies outside: where parts overlap the object has a hole, and its area, its
# IoU and whatever is cut from it are others. supervision unites them.
# Guess before: a pixel that lies in any part is the object's, in every reader.
# Seen with sahi 0.12.8, opencv-python-headless 5.0.0.93, supervision 0.31.2, pycocotools 2.0.11, for two squares of
# 30 x 30 that share 15 x 15:
#   pycocotools 1575, supervision 1666, sahi 1470 pixels; in the middle of what they share True, True, False
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sahi==0.12.8 opencv-python-headless==5.0.0.93 \
  supervision==0.31.2 pycocotools==2.0.11 shapely==2.2.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import numpy as np
from pycocotools import mask as coco
from sahi.annotation import Mask
from supervision.dataset.formats.coco import coco_annotations_to_masks

size = 60
parts = [[5, 5, 35, 5, 35, 35, 5, 35], [20, 20, 50, 20, 50, 50, 20, 50]]
masks = {
    "pycocotools": coco.decode(coco.merge(coco.frPyObjects(parts, size, size))),
    "supervision": coco_annotations_to_masks([{"segmentation": parts, "iscrowd": 0}], (size, size))[0],
    "sahi": Mask(segmentation=parts, full_shape=[size, size]).bool_mask,
}
seen = {name: (int(np.count_nonzero(mask)), bool(mask[27, 27])) for name, mask in masks.items()}
for name, (area, middle) in seen.items():
    print(f"{name:12} {area} pixels, in the middle of what the parts share: {middle}")
assert seen == {"pycocotools": (1575, True), "supervision": (1666, True), "sahi": (1470, False)}
print("as described")
PYTHON
