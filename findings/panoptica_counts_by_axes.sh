#!/bin/sh
# panoptica finds the objects of a class map by connected parts. In a picture [h, w] pixels that touch at a corner are two
# objects, in the same picture as [1, h, w] (a batch of one, a volume of one slice) they are one: it takes scipy's
# neighbours of 4 for two axes and cc3d's of 26 for three. Panoptic quality of the same prediction is another number.
# Guess before: an axis of length 1 changes nothing.
# Seen with panoptica 2.1.7, for two squares of 3 x 3 that touch at a corner, of which one is found:
#   [h, w]     2 objects, 1 found, PQ 0.67
#   [1, h, w]  1 object, 1 found, PQ 0.50
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check panoptica==2.1.7 \
  connected-components-3d==3.29.0 numpy==2.2.6 scipy==1.17.1
cd "$folder"
venv/bin/python -W ignore - 2>/dev/null <<'PYTHON'
import contextlib
import io

import numpy as np
from panoptica import ConnectedComponentsInstanceApproximator, InputType, NaiveThresholdMatching, Panoptica_Evaluator


def measure(prediction, reference):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = Panoptica_Evaluator(
            expected_input=InputType.SEMANTIC,
            instance_approximator=ConnectedComponentsInstanceApproximator(),
            instance_matcher=NaiveThresholdMatching(),
        )
        result = evaluator.evaluate(prediction, reference, verbose=False)["ungrouped"]
        return result.n_ref_instances, result.tp, round(float(result.pq), 3)


truth = np.zeros((12, 12), np.uint8)
truth[2:5, 2:5] = truth[5:8, 5:8] = 1
found = truth.copy()
found[5:8, 5:8] = 0
flat, deep = measure(found, truth), measure(found[None], truth[None])
print("[h, w]     objects, found, PQ:", flat)
print("[1, h, w]  objects, found, PQ:", deep)
assert flat == (2, 1, 0.667) and deep == (1, 1, 0.5)
print("as described")
PYTHON
