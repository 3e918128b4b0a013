#!/bin/sh
# One-hot maps in half precision, as a network under mixed precision leaves them, are sums of ones that end at 65504: a
# class with more pixels (of 512 x 512 there are 262144) has infinitely many. MONAI's metrics go on with that, each in its
# own way: of a perfect map Dice is 1, the mean IoU 0.5 or 1 with a class dropped, the generalised Dice and the recall 0.
# Guess before: the same as of float32, at worst for all of them alike.
# Seen with monai 1.6.0, torch 2.15.0, of a map that is compared with itself, float32 and float16:
#   200 x 200  Dice 1.0 1.0  mean IoU 1.0 0.5  generalised Dice 1.0 0.0
#   512 x 512  Dice 1.0 1.0  mean IoU 1.0 1.0 (of two classes one is NaN)  generalised Dice 1.0 0.0  recall 1.0 0.0
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps monai==1.6.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import math

import torch
from monai.metrics import ConfusionMatrixMetric, DiceMetric, GeneralizedDiceScore, MeanIoU

METRICS = {
    "Dice": DiceMetric, "mean IoU": MeanIoU, "generalised Dice": GeneralizedDiceScore,
    "recall": lambda: ConfusionMatrixMetric(metric_name="recall"),
}


def score(make, size, kind):
    map_ = torch.zeros(1, 2, size, size, dtype=kind)
    map_[:, 0, 10:], map_[:, 1, :10] = 1, 1
    metric = make()
    each = metric(map_, map_)
    found = metric.aggregate()
    return round(float(found[0] if isinstance(found, list) else found), 3), each


expected = {
    (200, "Dice"): (1, 1), (200, "mean IoU"): (1, 0.5), (200, "generalised Dice"): (1, 0),
    (512, "Dice"): (1, 1), (512, "mean IoU"): (1, 1), (512, "generalised Dice"): (1, 0), (512, "recall"): (1, 0),
}
for (size, name), wanted in expected.items():
    seen = tuple(score(METRICS[name], size, kind)[0] for kind in (torch.float32, torch.float16))
    print(f"{size} x {size} {name}: float32 {seen[0]}, float16 {seen[1]}")
    assert seen == wanted
assert [math.isnan(value) for value in score(MeanIoU, 512, torch.float16)[1][0]] == [True, False]
print("as described")
PYTHON
