#!/bin/sh
# Two raters who give 0, 1 and 3 of the ratings 0 to 3, and never 2. Weighted kappa says how far apart their ratings are;
# scikit-learn's and statsmodels' number the ratings that occur, so that 1 and 3 are neighbours, and the same table is
# another kappa as soon as somebody gives a 2. One more question on which both agree then lowers it. Few ratings of few
# people, or resamples of them, often lack one. `labels=` (scikit-learn) and `bins=` (statsmodels' to_table) name them all.
# irrCAC reads the ratings as the numbers that they are.
# Guess before: the distance of two ratings is that of their numbers, whichever others occur.
# Seen with scikit-learn 1.9.1, statsmodels 0.15.0, irrCAC 0.4.4, quadratic weights:
#   as it comes: scikit-learn 0.727, statsmodels 0.727, irrCAC (Conger) 0.654; all ratings named: 0.654 of all three
#   one more question, 2 and 2: scikit-learn 0.661
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 statsmodels==0.15.0 \
  numpy==2.4.6 pandas==3.1.1 scipy==1.17.1
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps irrCAC==0.4.4  # asks for an older pandas
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, to_table

first, second = [0, 0, 0, 1, 1, 3, 3, 3], [0, 0, 1, 1, 3, 3, 3, 1]
pairs = np.array([first, second]).T
table, named = to_table(pairs)[0], to_table(pairs, bins=np.arange(5) - 0.5)[0]
irrcac = CAC(pd.DataFrame(pairs, columns=["first", "second"]), weights="quadratic", categories=[0, 1, 2, 3])
seen = {
    "scikit-learn": cohen_kappa_score(first, second, weights="quadratic"),
    "scikit-learn, all named": cohen_kappa_score(first, second, weights="quadratic", labels=[0, 1, 2, 3]),
    "scikit-learn, one more 2 2": cohen_kappa_score([*first, 2], [*second, 2], weights="quadratic"),
    "statsmodels": cohens_kappa(table, wt="quadratic").kappa,
    "statsmodels, all named": cohens_kappa(named, wt="quadratic").kappa,
    "irrCAC": irrcac.conger()["est"]["coefficient_value"],
}
seen = {name: round(float(value), 3) for name, value in seen.items()}
for name, value in seen.items():
    print(f"{name:26} {value}")
assert list(seen.values()) == [0.727, 0.654, 0.661, 0.727, 0.654, 0.654]
print("as described")
PYTHON
