#!/bin/sh
# Jeffreys' interval of k hits of n is recommended for few trials, with ends of 0 and 1 where none or all are hits (Brown,
# Cai and DasGupta 2001). astropy does that; statsmodels takes the quantiles of the beta distribution there, too, so that
# the interval of 8 of 8 ends below 1: it leaves out its own value, and a plot of it has a point outside of its bar.
# Guess before: both say the same.
# Seen with statsmodels 0.15.0, astropy 8.0.2:
#   8 of 8  statsmodels [0.73778, 0.99994]  astropy [0.73778, 1]    0 of 8  statsmodels [0.00006, 0.26222]  astropy [0, 0.26222]
#   Wilson's interval is the same in both, [0.67559, 1]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 statsmodels==0.15.0 astropy==8.0.2
cd "$folder"
venv/bin/python - <<'PYTHON'
from astropy.stats import binom_conf_interval
from statsmodels.stats.proportion import proportion_confint

for hits in (8, 0):
    for method in ("wilson", "jeffreys"):
        theirs = [float(end) for end in proportion_confint(hits, 8, method=method)]
        other = binom_conf_interval(hits, 8, 0.95, interval=method).tolist()
        print(f"{hits} of 8 {method:8} statsmodels {theirs[0]:.5f} {theirs[1]:.5f}  astropy {other[0]:.5f} {other[1]:.5f}")
        assert other[0] <= hits / 8 <= other[1]
        assert (theirs[0] <= hits / 8 <= theirs[1]) == (method == "wilson")
print("as described")
PYTHON
