"""Numbers through a table, as NumPy's own index gives them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.lookup import look_up


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("into", [np.int16, np.int32])
def test_the_table_is_read_at_each_pixel(kind: type, into: type) -> None:
    draw = np.random.default_rng(0)
    for low, high in ((-3, 60), (-3, 252), (-3, 253), (-30_000, 30_000), (7, 8)):
        table, numbers = draw.integers(low, high, 256).astype(into), draw.integers(0, 256, (9, 13)).astype(kind)
        found = look_up(table, numbers)
        assert found.dtype == into and (found == [[table[n] for n in row] for row in numbers]).all()
        turned = look_up(table, numbers.T)
        assert (turned == found.T).all(), "whatever the order in memory"


def test_a_number_beyond_the_table_is_an_error() -> None:
    with pytest.raises(IndexError):
        look_up(np.zeros(5, np.int16), np.array([[5]], np.uint8))
