#!/bin/sh
# scipy.stats.bootstrap has `batch`: how many resamples are made in one call, so that memory suffices. Of one sample, or of
# pairs, an interval is the same whatever it is; of two samples, two systems on different images, the same seed gives
# another interval for each batch: numbers are drawn for the first and the second sample in turn, batch by batch. A run on
# a smaller machine does not repeat the one on a larger. permutation_test draws all alike.
# Guess before: as for one sample; a setting of memory changes no number.
# Seen with SciPy 1.17.1, NumPy 2.4.6, 999 resamples, seed 0, difference of the means of 40 and 30 numbers:
#   batch all [-0.3447, 0.6262], 1 [-0.3300, 0.6006], 7 [-0.3337, 0.6298]; of one sample [-0.2806, 0.3018] by all three
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from scipy.stats import bootstrap, permutation_test

first = np.random.default_rng(1).normal(size=40)
second = first + np.random.default_rng(2).normal(size=40) * 0.5


def mean(one, axis=-1):
    return one.mean(axis)


def difference(one, other, axis=-1):
    return one.mean(axis) - other.mean(axis)


def find_interval(data, statistic, batch, paired=False):
    settings = {"n_resamples": 999, "batch": batch, "rng": 0, "method": "percentile", "vectorized": True}
    return [round(float(end), 4) for end in bootstrap(data, statistic, paired=paired, **settings).confidence_interval]


batches = (None, 1, 7)
one = [find_interval((first,), mean, batch) for batch in batches]
pairs = [find_interval((first, second), difference, batch, paired=True) for batch in batches]
two = [find_interval((first, second[:30]), difference, batch) for batch in batches]
settings = {"n_resamples": 999, "rng": 0, "vectorized": True}
moved = [float(permutation_test((first, second[:30]), difference, batch=batch, **settings).pvalue) for batch in batches]
print("one sample ", one, "\npairs      ", pairs, "\ntwo samples", two, "\npermutation", moved)
assert one[0] == one[1] == one[2] == [-0.2806, 0.3018] and pairs[0] == pairs[1] == pairs[2] and len(set(moved)) == 1
assert two == [[-0.3447, 0.6262], [-0.33, 0.6006], [-0.3337, 0.6298]]
print("as described")
PYTHON
