#!/bin/sh
# A mask is often a label map: 1 for the body of an object, 2 for another part, 0 elsewhere. pycocotools encodes runs of
# equal values, not of what is not 0: where 1 meets 2 a new run begins, which decodes as background.
# Guess before: every pixel that is not 0 is the mask's, or other values are refused.
# Seen with pycocotools 2.0.11, faster-coco-eval 1.8.0, hotcoco 1.3.0, for the pixels 1 1 2 2 2 (5 are not 0):
#   pycocotools       area 2, decoded [1, 1, 0, 0, 0]
#   faster_coco_eval  area 2, decoded [1, 1, 0, 0, 0]
#   hotcoco           area 5, decoded [1, 1, 1, 1, 1]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pycocotools==2.0.11 faster-coco-eval==1.8.0 \
  hotcoco==1.3.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import numpy as np
from faster_coco_eval import mask as faster
from hotcoco import mask as hotcoco
from pycocotools import mask as coco

pixels = np.asfortranarray(np.array([[1, 1, 2, 2, 2]], np.uint8))
seen = {}
for name, module in (("pycocotools", coco), ("faster_coco_eval", faster), ("hotcoco", hotcoco)):
    coded = module.encode(pixels)
    seen[name] = (int(module.area(coded)), np.asarray(module.decode(coded)).ravel().tolist())
    print(f"{name:17} area {seen[name][0]}, decoded {seen[name][1]}")
    assert int(module.area(module.encode((pixels != 0).astype(np.uint8, order="F")))) == 5
assert seen["pycocotools"] == seen["faster_coco_eval"] == (2, [1, 1, 0, 0, 0])
assert seen["hotcoco"] == (5, [1, 1, 1, 1, 1])
print("as described")
PYTHON
