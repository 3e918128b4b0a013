#!/bin/sh
# F1 and Dice are two names of one number, 2 TP / (2 TP + FP + FN). mmsegmentation prints both, and they differ by as much
# as one likes: of a class that is never predicted its precision is 0 / 0, so its F1 is left out of the mean, where its
# Dice is 0. A model that finds two of three classes and never says the third has a mean F1 of 90 and a mean Dice of 60.
# Guess before: equal, to the last digit.
# Seen with mmsegmentation 1.2.2 (IoUMetric), torch 2.15.0, truth 0 0 0 1 1 2, prediction 0 0 0 1 1 1:
#   mDice 60.0   mFscore 90.0   mPrecision 83.33   mRecall 66.67   scikit-learn 1.9.1 f1_score macro 0.6
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6 matplotlib pillow pyyaml \
  regex scikit-learn==1.9.1
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps mmsegmentation==1.2.2 mmengine==0.10.7 \
  mmcv-lite==2.1.0 addict==2.4.0 yapf==0.43.0 termcolor==3.3.0 prettytable==3.18.0 platformdirs rich==15.0.0 ftfy==6.3.1 \
  wcwidth==0.9.4 opencv-python-headless==5.0.0.93
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import contextlib
import io

import torch
from mmseg.evaluation.metrics.iou_metric import IoUMetric
from sklearn.metrics import f1_score

truth, said = torch.tensor([[0, 0, 0, 1, 1, 2]]), torch.tensor([[0, 0, 0, 1, 1, 1]])
metric = IoUMetric(iou_metrics=["mDice", "mFscore"])
metric.dataset_meta = {"classes": ["floor", "wall", "cat"]}
with contextlib.redirect_stdout(io.StringIO()):  # its table of classes
    found = metric.compute_metrics([metric.intersect_and_union(said, truth, 3, 255)])
numbers = {name: round(float(found[name]), 2) for name in ("mDice", "mFscore", "mPrecision", "mRecall")}
plain = f1_score(truth[0], said[0], average="macro")
print(*(f"{name} {value}" for name, value in numbers.items()), f"scikit-learn f1_score macro {plain:.4f}")
assert numbers["mDice"] == 60 and abs(plain - 0.6) < 1e-12
assert numbers["mFscore"] == 90
print("as described")
PYTHON
