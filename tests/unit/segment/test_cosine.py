"""The cosine stays in its range, also where rounding would leave it."""

from __future__ import annotations

import numpy as np

from bench.segment.cosine import compute_cosine


def test_parallel_vectors_never_leave_the_range() -> None:
    rng = np.random.default_rng(0)
    pairs = [(v, v * np.float32(s)) for v in rng.normal(size=(500, 5)).astype(np.float32) for s in (4, -0.3)]
    raw = [float(a.astype(float) @ b / np.sqrt((a.astype(float) @ a) * (b.astype(float) @ b))) for a, b in pairs]
    assert max(map(abs, raw)) > 1  # the case exists
    values = [compute_cosine(a, b) for a, b in pairs]
    assert max(values) == 1 and min(values) == -1
    np.testing.assert_allclose(values, raw, atol=1e-12)


def test_zero_is_no_direction() -> None:
    assert compute_cosine(np.zeros(3), np.ones(3)) == 0
    assert compute_cosine(np.array([3.0, 4]), np.array([5.0, 0])) == 0.6
