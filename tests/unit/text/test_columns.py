"""Tables in a terminal, sizes and durations as people read them."""

from __future__ import annotations

import pytest

from bench.text.columns import align_columns, write_duration, write_size


def test_columns_are_as_wide_as_their_cells() -> None:
    assert align_columns([("a", "n"), ("long", "10"), ("図", "7")], right={1}) == ["a      n", "long  10", "図     7"]
    assert align_columns([("x" * 20, "\x1b")], widest=5) == ["xx…xx  \\x1b"]


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")]
)
def test_sizes(size: int, told: str) -> None:
    assert write_size(size) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (0.4, "0 s"), (59.6, "1 min"), (200, "3 min 20 s"), (601, "10 min"), (3 * 3600 + 59, "3 h"),
     (7500, "2 h 5 min"), (86400 * 1.5, "1 d 12 h"), (86400 * 40.7, "40 d")],
)  # fmt: skip
def test_durations(seconds: float, told: str) -> None:
    assert write_duration(seconds) == told
