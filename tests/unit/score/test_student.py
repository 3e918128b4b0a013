"""Student's t against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.score.student import compute_quantile, compute_tail

FREEDOM = np.array([1, 2, 3, 7, 8, 8.7, 30, 199, 4999, 20000], float)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_quantiles(level: float) -> None:
    np.testing.assert_allclose(compute_quantile(level, FREEDOM), stats.t.ppf((1 + level) / 2, FREEDOM), rtol=1e-9)


@pytest.mark.parametrize("t", [0, 0.1, 1, 2.5, 10, 100])
def test_tails(t: float) -> None:
    expected = 2 * stats.t.sf(t, FREEDOM)
    np.testing.assert_allclose(compute_tail(np.full(len(FREEDOM), float(t)), FREEDOM), expected, rtol=1e-6, atol=1e-11)


def test_none_at_all() -> None:
    assert len(compute_quantile(0.95, np.zeros(0))) == len(compute_tail(np.zeros(0), np.zeros(0))) == 0
