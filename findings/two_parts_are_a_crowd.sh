#!/bin/sh
# supervision writes objects to COCO's format as polygons; one of two parts, or with a hole, is written as run lengths and
# marked as a crowd. COCO's evaluation counts no crowd: such objects are in no recall, and a set of them has no score.
# Guess before: two polygons for two parts, run lengths for a hole, and iscrowd 0, for it is one object.
# Seen with supervision 0.31.2, pycocotools 2.0.11, for two images, each with one object of two parts, all predicted
# to the pixel:
#   as supervision writes it    iscrowd [1, 1], average precision -1 (nothing to find)
#   with iscrowd 0              average precision 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check supervision==0.31.2 pycocotools==2.0.11 \
  opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6
cd "$folder"
mkdir images
venv/bin/python -W ignore - <<'PYTHON'
import contextlib
import io
import json

import numpy as np
import supervision
from PIL import Image
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

mask = np.zeros((1, 60, 80), bool)
mask[0, 5:25, 5:25] = mask[0, 30:55, 40:70] = True
drawn = {}
for name in "ab":
    Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save(f"images/{name}.png")
    box = supervision.mask_to_xyxy(mask)
    drawn[f"images/{name}.png"] = supervision.Detections(xyxy=box, mask=mask, class_id=np.array([0]))
data = supervision.DetectionDataset(classes=["cat"], images=list(drawn), annotations=drawn)
data.as_coco(images_directory_path="out", annotations_path="truth.json")


def measure(path):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(path)
        code = coco.encode(np.asfortranarray(mask[0], np.uint8))
        code["counts"] = code["counts"].decode()
        category = truth.getCatIds()[0]
        results = [{"image_id": i, "category_id": category, "segmentation": code, "score": 1.0} for i in truth.getImgIds()]
        evaluation = COCOeval(truth, truth.loadRes(results), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return round(float(evaluation.stats[0]), 3)


content = json.load(open("truth.json"))
marks = [one["iscrowd"] for one in content["annotations"]]
same = [np.array_equal(coco.decode(coco.frPyObjects(one["segmentation"], 60, 80)), mask[0]) for one in content["annotations"]]
as_written = measure("truth.json")
for one in content["annotations"]:
    one["iscrowd"] = 0
json.dump(content, open("objects.json", "w"))
as_objects = measure("objects.json")
print("masks as they were", same, "iscrowd", marks, "average precision", as_written, "with iscrowd 0", as_objects)
assert all(same) and marks == [1, 1] and as_written == -1 and as_objects == 1
print("as described")
PYTHON
