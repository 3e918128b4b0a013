"""What other packages say of the agreement of some ratings: asked as a user would, and frozen in agreement.json.

    python -m tests.golden.ask_agreement FILE

Packages: krippendorff 0.9.0 (alpha), irrCAC 0.4.4 (alpha with the weights that it calls ordinal, which rounds to as
many digits as one asks for), scikit-learn (Cohen's kappa, quadratic weights). irrCAC needs older pandas and scipy than
this project, so all are asked in an environment of their own. Nothing of this project is imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SETS = ("whole", "holes", "rare", "few", "hard")


def draw_set(name: str) -> np.ndarray:
    """Draw ratings [questions, raters] of 0 to 3, NaN where somebody did not rate."""
    draw = np.random.default_rng(SETS.index(name))
    questions, raters = {"few": (12, 3), "hard": (40, 5)}.get(name, (60, 3))
    shares = [0.36, 0.21, 0.24, 0.19] if name != "rare" else [0.05, 0.05, 0.1, 0.8]
    truth = draw.choice(4, size=questions, p=shares)[:, None]
    noise = 1.2 if name == "hard" else 0.6
    ratings = np.clip(np.round(truth + draw.normal(0, noise, (questions, raters))), 0, 3)
    if name in ("holes", "hard"):
        ratings[draw.random(ratings.shape) < 0.3] = np.nan
    return ratings


def ask(ratings: np.ndarray) -> dict[str, float]:
    """Ask each package about one set."""
    import krippendorff
    import pandas as pd
    from irrCAC.raw import CAC
    from sklearn.metrics import cohen_kappa_score

    alpha = krippendorff.alpha(ratings.T, level_of_measurement="ordinal", value_domain=[0, 1, 2, 3])
    gwet = CAC(pd.DataFrame(ratings), weights="ordinal", categories=[0, 1, 2, 3], digits=12).krippendorff()
    kappas = []
    for one in range(ratings.shape[1]):
        for other in range(one + 1, ratings.shape[1]):
            both = ratings[~np.isnan(ratings[:, [one, other]]).any(axis=1)]
            kappas.append(cohen_kappa_score(both[:, one], both[:, other], labels=[0, 1, 2, 3], weights="quadratic"))
    return {
        "krippendorff": float(alpha),
        "irrCAC": float(gwet["est"]["coefficient_value"]),
        "sklearn": float(np.mean(kappas)),
    }


if __name__ == "__main__":
    said = {name: ask(draw_set(name)) for name in SETS}
    Path(sys.argv[1]).write_text(json.dumps(said, indent=1) + "\n")
