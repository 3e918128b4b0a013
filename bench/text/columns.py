"""Columns of tables in a terminal and of legends, and amounts as people read them; no part of the paper."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.text.escape import escape_for_terminal, measure_width, pad_text, shorten_middle

_STEPS = ((1, "B"), (1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"), (1 << 40, "TiB"))
_TIMES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def align_columns(rows: Sequence[Sequence[str]], right: Collection[int] = (), widest: int = 60) -> list[str]:
    """Align the cells of rows, those of the columns ``right`` at their ends; cells are cut to ``widest`` letters."""
    shown = [[shorten_middle(escape_for_terminal(cell), widest) for cell in row] for row in rows]
    widths = [max(map(measure_width, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(pad_text(cell, widths[at], right=at in right) for at, cell in enumerate(row)).rstrip()
        for row in shown
    ]


def choose_columns(entries: int, most: int = 4) -> int:
    """Choose columns of a legend whose rows are about equally long, so that no last entry stands alone."""
    rows = -(-entries // max(1, most))
    return -(-entries // max(1, rows))


def write_size(size: float) -> str:
    """Write bytes in the largest unit of which there is at least one: ``3.2 MiB``."""
    step, unit = next(((s, u) for s, u in reversed(_STEPS) if size >= s), _STEPS[0])
    return f"{size / step:.0f} {unit}" if step == 1 else f"{size / step:.1f} {unit}"


def write_duration(seconds: float) -> str:
    """Write seconds in one unit, or in two where the first is small: ``12 s``, ``3 min 20 s``, ``2 h 5 min``, ``40 d``.

    What is less than a second is written as 0 s.
    """
    whole = float(round(max(seconds, 0.0)))
    at = next((at for at, (step, _) in enumerate(_TIMES) if whole >= step), len(_TIMES) - 1)
    (step, unit), below = _TIMES[at], _TIMES[at + 1 : at + 2]
    count, rest = divmod(whole, step)
    if below and count < 10 and (more := int(rest // below[0][0])):
        return f"{count:.0f} {unit} {more} {below[0][1]}"
    return f"{count:.0f} {unit}"
