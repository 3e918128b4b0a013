"""scripts/masking_cost.py: all attention maskings together beside the dearest alone, by hand; settings as tuned."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cost() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield import_module("masking_cost")
    sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def page(cost: Any) -> Any:
    return import_module("masking_cost_page")


def make_table(together: float) -> pd.DataFrame:
    """Two maskings: the later one is dearer, 23 ms with the trunk before it."""
    lines = [
        ("trunk, patches alone", "trunk", 1, 1.0, 0.1), ("trunk, layers 1 to 2", "trunk", 3, 2.0, 0.2),
        ("early", "attention", 1, 10.0, 1.0), ("late", "attention", 3, 20.0, 4.0), ("crop", "other", 0, 99.0, 9.0),
        ("all", "together", 1, together, 4.5), ("late, from the image on", "dearest", 3, 23.0, 4.3),
        ("patches", "part", 1, 1.04, float("nan")), ("early", "part", 1, 9.0, float("nan")),
        ("late", "part", 3, 12.0, float("nan")),
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=["variant", "kind", "start", "ms", "gflop"]).assign(share=0.5, segments=20)


def test_one_by_one_have_the_trunks_once_and_no_painted_picture_counts(page: Any) -> None:
    one_by_one, together, dearest = page.compare_together(make_table(25.0))
    assert (one_by_one["ms"], together["ms"], dearest["ms"]) == (33, 25, 23)
    assert (round(one_by_one["gflop"], 9), together["gflop"], round(dearest["gflop"], 9)) == (5.3, 4.5, 4.3)


@pytest.mark.parametrize(("ms", "told"), [(36.8, "1.60 times as much"), (36.9, "1.60 times as much"), (25, "1.09")])
def test_the_sentence_says_both_and_whether_the_goal_is_met(page: Any, ms: float, told: str) -> None:
    said = page.describe_together(make_table(ms))
    assert said.startswith(f"2 attention maskings of one image together: {ms:.0f} ms of one processor")
    assert "(33 ms one by one, trunks stored), the dearest of them alone 23 ms" in said
    assert told in said and "1.05 times the operations" in said
    assert said.endswith("is missed." if ms > 36.8 else "is met.")


def test_the_page_says_where_the_time_goes_and_shows_no_part_as_a_line(page: Any) -> None:
    table = make_table(25.0)
    told = page.describe_parts(table)
    assert told == "Of them, in ms, each after those that start before it: late 12.0, early 9.0, patches 1.0."
    text = page.write_page(table, "Small models.", told)
    assert "| late | attention | 20.0 | 4.00 | 50 % |" in text and text.count("| late |") == 1
    assert "| all | together | 25.0 | 4.50 |" in text and told in text
    assert page.describe_parts(table[table["kind"] != "part"]) == ""


def test_the_page_says_why_the_goal_is_missed(page: Any) -> None:
    """Together 46 ms and 4.5 GFLOP, dearest 23 ms and 4.3: its 187 GFLOP/s would take the rest's 0.2 in 1 ms."""
    table = make_table(46.0)
    work = {"patches": 0.1, "early": 0.9, "late": 3.5}
    part = table["kind"] == "part"
    table.loc[part, "gflop"] = table.loc[part, "variant"].map(work)
    told = page.describe_rest(table)
    assert told.startswith("Beyond the goal are 9 ms. The rest beside the dearest is 23 ms and 0.20 GFLOP, 9 GFLOP a ")
    assert "where the dearest reaches 187; at the dearest's rate they would take 1 ms, 1.05 times in all: the" in told
    assert told.endswith("Lost so, in ms, most of all: early 4.2, patches 0.5.")
    text = page.write_page(table, "Small models.", "Together.")
    assert told in text and "Together the maskings share the plain layers" in text
    assert page.describe_rest(make_table(25.0)) == "" and "Beyond the goal" not in page.write_page(table, "Small.", "")


def test_tuned_settings_are_those_of_the_table(cost: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("variant,key,chosen\ngem,encode.iterations,0\ngem,encode.start_layer,-6\n")
    assert cost.read_tuned(str(tmp_path / "t.csv")) == {"gem": ["++encode.iterations=0", "++encode.start_layer=-6"]}
    assert cost.read_tuned("") == {}


@pytest.mark.slow
def test_maskings_are_measured_alone_and_together(cost: Any, capsys: Any, tmp_path: Path) -> None:
    cost.main(["segments=2", "repeats=1", "only=attention", f"to={tmp_path / 'costs.csv'}"])
    table = pd.read_csv(tmp_path / "costs.csv")
    assert set(table["kind"]) == {"trunk", "attention", "together", "dearest"} and (table["gflop"] > 0).all()
    told = table.set_index("variant")["settings"].dropna().to_dict()
    assert told["masked"] == "micro_batch=1 models=embedded start_layer=4"
    alone = table[table["kind"] == "attention"]["gflop"].sum()
    assert table[table["kind"] == "together"]["gflop"].item() < alone, "what all share is computed once"
    dearest = table[table["kind"] == "dearest"]["gflop"].item()
    assert dearest > table[table["kind"] == "attention"]["gflop"].max(), "with its trunk"
    page = (tmp_path / "costs.md").read_text()
    assert capsys.readouterr().out.rstrip().splitlines()[-1] in page
    assert "with 2 segments, one thread. Weights: clip embedded:clip; dino embedded:dino.\n" in page
