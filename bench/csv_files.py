"""Section 4's numbers as csv, exactly: a name is what it was, whatever it looks like to a reader of tables.

pandas reads NA, null, None, nan … as missing and 007 as 7, and what it writes for a carriage return in a name it reads
back as the end of a line. Every csv of this project is written and read here (class lists and ratings, which people
make, are read cell by cell where they belong).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.errors import UserError

NUMBERS = (
    "value",
    "low",
    "high",
    "p",
    "p_holm",
    "tau",
    "threshold",
    "start",
    "stop",
    "area",
    "x",
    "share",
    "ms",
    "ms_segment",
    "ms_image",
)
"""Columns of floats; an empty cell is a value that does not exist."""
WHOLE = ("n", "expected", "found", "skipped", "images", "pixels", "runs", "batch_n", "rank", "rank_low", "rank_high")
"""Columns of counts; an empty cell is one that nobody counted."""


def read_csv(path: Path | str) -> pd.DataFrame:
    """Read a csv that `write_csv` wrote: numbers by the names of their columns, every other cell as the text it is.

    Raises UserError where there is no such file, or where it holds something else.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False, encoding_errors="surrogatepass")
        for name in {*NUMBERS, *WHOLE} & set(table.columns):
            cells = table[name].to_numpy(object)  # through which Python goes faster than through pandas' texts
            if name in NUMBERS:
                table[name] = [float(cell) if cell else float("nan") for cell in cells]
            else:
                table[name] = pd.array([int(float(cell)) if cell else None for cell in cells], dtype="Int64")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as a table of numbers ({reason}); make it again") from error
    return table


def write_csv(table: pd.DataFrame, path: Path | str, decimals: int | None = None) -> Path:
    """Write a table, of each float ``decimals`` or all that it has, lines ended by a line feed. Returns ``path``."""
    form = None if decimals is None else f"%.{decimals}f"
    text: str = table.to_csv(index=False, float_format=form, lineterminator="\n")
    if "\r" in text:
        text = _quote_returns(table, text, form)
    Path(path).write_bytes(text.encode("utf-8", "surrogatepass"))
    return Path(path)


def _quote_returns(table: pd.DataFrame, text: str, form: str | None) -> str:
    """Quote cells with a carriage return: Python's writer quotes what occurs in the line's end, and only that."""
    mark = next(mark for mark in map(chr, range(0xE000, 0xF8FF)) if mark not in text)
    written: str = table.to_csv(index=False, float_format=form, lineterminator=f"\r{mark}\n")
    return written.replace(f"\r{mark}\n", "\n")
