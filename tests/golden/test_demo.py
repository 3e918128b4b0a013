"""The demo's numbers are those of the frozen tables: counts to 1e-12, similarities to the sixth decimal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from tests.golden.demo import (
    FULL,
    MEASURED,
    REPORT,
    SAME,
    compare_tables,
    name_rows,
    read_frozen,
    read_table,
)  # fmt: skip
from tests.shared_runs import find_run


@pytest.mark.parametrize("name", FULL)
def test_the_full_method_on_two_of_the_demos_images(full: Path, name: str) -> None:
    frozen = read_frozen(f"full_{name}")
    assert list(compare_tables(read_table(find_run(full), name), frozen)) == []
    assert len(frozen) > 10


@pytest.mark.parametrize("name", MEASURED)
def test_every_metric_aggregation_and_group_of_the_same_records(measured: Path, name: str) -> None:
    frozen = read_frozen(f"measured_{name}")
    assert list(compare_tables(read_table(find_run(measured), name), frozen)) == []
    assert len(frozen) > 10


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", [f"measured_{name}" for name in MEASURED])
def test_a_moved_digit_and_a_missing_row_are_noticed(name: str) -> None:
    frozen = read_frozen(name)
    column = next(c for c in ("value", "area", "numerator") if c in frozen.columns)
    of_counts = frozen[pd.Series(name_rows(frozen)).str.contains(r"/iou\.|/recall>")]
    row = of_counts[column].last_valid_index()
    moved = frozen.astype({column: float})
    moved.loc[row, column] += max(3 * SAME, 2 * np.spacing(moved.loc[row, column]))
    assert len(list(compare_tables(moved, frozen))) == 1
    fewer = frozen.drop(index=row)
    assert len(list(compare_tables(fewer, frozen))) == 1 and not list(compare_tables(frozen, fewer))
    twice = pd.concat([frozen, frozen.iloc[:1]], ignore_index=True)
    assert len(list(compare_tables(twice, frozen))) == 1
    assert list(compare_tables(frozen.assign(role="own"), frozen)) == [], "columns may be added"


@pytest.mark.parametrize(("move", "told"), [(1e-6, 0), (5e-6, 1)])
def test_a_cosine_may_move_by_one_in_its_sixth_decimal(move: float, told: int) -> None:
    frozen = read_frozen("measured_scores")
    row = frozen.index[frozen["metric"].str.endswith("/tgq.micro.cosine")][0]
    moved = frozen.copy()
    moved.loc[row, "value"] += move
    assert len(list(compare_tables(moved, frozen))) == told


@pytest.mark.slow
def test_the_whole_demo(tmp_path: Path) -> None:
    assert main(["demo", f"to={tmp_path / 'report'}", f"store={tmp_path / 'store'}", f"out={tmp_path / 'out'}"]) == 0
    for name in REPORT:
        found = read_table(tmp_path / "report", name)
        assert list(compare_tables(found, read_frozen(f"demo_{name}"))) == [], name
