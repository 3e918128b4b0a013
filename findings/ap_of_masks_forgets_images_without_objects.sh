#!/bin/sh
# torchmetrics' average precision of masks leaves out images whose truth holds no object: whatever is predicted there is no
# false positive. Of the same predictions as boxes it counts them, as pycocotools does of both. On a set with such images
# average precision of masks is too high.
# Guess before: masks and boxes that are the same squares have one average precision.
# Seen with torchmetrics 1.9.0, torch 2.15.0, pycocotools 2.0.11, for two images, one without an object and a prediction
# of score 0.9, the other with one object and a prediction of score 0.5 on it:
#   torchmetrics: boxes 0.5, masks 1.0    pycocotools: boxes 0.5, masks 0.5
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.15.0 torchvision==0.29.2 \
  pycocotools==2.0.11 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - 2>/dev/null <<'PYTHON'
import contextlib
import io

import numpy as np
import torch
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchmetrics.detection import MeanAveragePrecision

square = np.zeros((20, 20), np.uint8)
square[3:15, 3:15] = 1
corners = torch.tensor([[3.0, 3.0, 15.0, 15.0]])


def describe(count):
    masks = torch.from_numpy(square.astype(bool))[None].repeat(count, 1, 1)
    return {"masks": masks, "boxes": corners.repeat(count, 1), "labels": torch.zeros(count, dtype=torch.int64)}


def ask_torchmetrics(kind):
    metric = MeanAveragePrecision(iou_type=kind)
    predicted = [describe(1) | {"scores": torch.tensor([score])} for score in (0.9, 0.5)]
    metric.update(predicted, [describe(0), describe(1)])
    return round(metric.compute()["map"].item(), 3)


def ask_pycocotools(kind):
    one = {"category_id": 1, "segmentation": coco.encode(np.asfortranarray(square)), "bbox": [3, 3, 12, 12]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth, results = COCO(), []
        truth.dataset = {
            "images": [{"id": n, "height": 20, "width": 20} for n in (1, 2)],
            "categories": [{"id": 1, "name": "square"}],
            "annotations": [one | {"id": 1, "image_id": 2, "area": 144.0, "iscrowd": 0}],
        }
        truth.createIndex()
        results = [one | {"image_id": n, "score": score} for n, score in ((1, 0.9), (2, 0.5))]
        evaluation = COCOeval(truth, truth.loadRes(results), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return round(float(evaluation.stats[0]), 3)


seen = {who.__name__[4:]: (who("bbox"), who("segm")) for who in (ask_torchmetrics, ask_pycocotools)}
for name, (boxes, masks) in seen.items():
    print(f"{name:13} boxes {boxes}, masks {masks}")
assert seen == {"torchmetrics": (0.5, 1.0), "pycocotools": (0.5, 0.5)}
print("as described")
PYTHON
