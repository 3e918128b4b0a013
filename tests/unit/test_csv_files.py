"""Csv is exact: every name that pandas would take for a missing value, a number, a line end or a code comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas._libs.parsers import STR_NA_VALUES

from bench.csv_files import read_csv, write_csv
from bench.errors import UserError

LIKE_NUMBERS = ("007", "1e5", "True", "false", "1_000", "0x10", "inf", "-0", "1.50", "2012", " 7")
LIKE_ENDS = (
    "a\rb",
    "a\nb",
    "a\r\nb",
    "\r",
    "\ue000\r\n",
    'quote"d',
    "a,b",
    "'",
    " lead",
    "trail ",
    "\x1b[31m",
    "\ufeffx",
    "",
)
NAMES = (*sorted(STR_NA_VALUES), *LIKE_NUMBERS, *LIKE_ENDS)


def test_every_name_comes_back_beside_its_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"variant": NAMES, "value": np.linspace(0, 1, len(NAMES)) / 3, "note": NAMES[::-1]})
    found = read_csv(write_csv(table, tmp_path / "t.csv"))
    assert found["variant"].tolist() == list(NAMES) and found["note"].tolist() == list(NAMES[::-1])
    assert found["value"].tolist() == table["value"].tolist(), "to the last bit"


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_comes_back(names: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = read_csv(write_csv(pd.DataFrame({"variant": names, "n": 1}), Path(folder, "t.csv")))
    assert found["variant"].tolist() == names and found["n"].tolist() == [1] * len(names)


def test_missing_numbers_are_empty_cells_and_counts_stay_whole(tmp_path: Path) -> None:
    table = pd.DataFrame({"low": [np.nan, 0.5], "skipped": pd.array([None, 3], dtype="Int64")})
    found = read_csv(write_csv(table, tmp_path / "t.csv", decimals=6))
    assert (tmp_path / "t.csv").read_text() == "low,skipped\n,\n0.500000,3\n"
    assert found["low"].isna().tolist() == [True, False] and found["skipped"].tolist() == [pd.NA, 3]


@pytest.mark.parametrize("text", ["", "value\nmuch\n", 'value\n"1\n'])
def test_what_is_no_table_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=r"t\.csv: cannot be read as a table of numbers"):
        read_csv(tmp_path / "t.csv")


def test_every_csv_of_ours_is_read_here() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = [path for folder in ("bench", "data_prep", "scripts") for path in (root / folder).rglob("*.py")]
    assert len(sources) > 100
    assert [path.name for path in sources if "pd.read_csv(" in path.read_text()] == ["csv_files.py"]
