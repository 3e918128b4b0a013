#!/bin/sh
# A class that neither truth nor prediction holds: in a mean over classes the answer decides everything, for with 59
# classes most are absent from most images.
# Guess before: left out (NaN) everywhere, and Dice and Jaccard, which are one function of the other, at least agree.
# Seen with medpy 0.5.2, seg-metrics 1.2.8, scikit-learn 1.9.1, hotcoco 1.3.0, numpy 2.4.6:
#   medpy jc 1.0, medpy dc nan   seg-metrics jaccard 1   scikit-learn 0.0   hotcoco left out
#   so the mean over {a present class with IoU 0.5, the absent one} is 0.75, 0.75, 0.25 and 0.5.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.4.6 medpy==0.5.2 seg-metrics==1.2.8 scikit-learn==1.9.1 hotcoco==1.3.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import math
import warnings

import numpy as np
from hotcoco import semantic
from medpy.metric import binary
from seg_metrics import seg_metrics
from sklearn.metrics import jaccard_score

warnings.simplefilter("ignore")
# Class 1 with IoU 1/2, class 2 nowhere; two bands of a cube, since one of the packages wants volumes.
truth, said = np.zeros((8, 8, 8), int), np.zeros((8, 8, 8), int)
truth[:4], said[:2] = 1, 1

jaccards = [float(binary.jc(said == label, truth == label)) for label in (1, 2)]
dice = float(binary.dc(said == 2, truth == 2))
print("medpy jc", jaccards, "dc of the absent class", dice)
assert jaccards == [0.5, 1.0] and math.isnan(dice)

told = seg_metrics.write_metrics(labels=[1, 2], gdth_img=truth, pred_img=said, metrics=["jaccard"])[0]["jaccard"]
print("seg-metrics jaccard", [float(value) for value in told])
assert [float(value) for value in told] == [0.5, 1.0]

scores = jaccard_score(truth.ravel(), said.ravel(), labels=[1, 2], average=None).tolist()
print("scikit-learn", scores)
assert scores == [0.5, 0.0]

evaluation = semantic.SemanticEval(3)
evaluation.update(truth[..., 0], said[..., 0])
report = evaluation.report()
print("hotcoco", report["per_class"], "mIoU", report["metrics"]["mIoU"])
assert "IoU" not in report["per_class"].get("class_2", {})
print("as described")
PYTHON
