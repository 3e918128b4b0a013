"""The knobs of the board: what is called published stands in conf/, and results/board/tuning.csv is by the rule."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hydra.utils import get_object

from bench.csv_files import read_csv

ROOT = Path(__file__).resolve().parents[3]
OTHERS = {
    "global_subtraction": "the models' own, tuned",
    "masked": "the models' own, tuned",
    "mask_tokens": "the models'",
}
"""Their option takes the number from the models; the published one stands in scripts/tuned.py or the yaml."""


@pytest.fixture(scope="module")
def board() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield import_module("board")
    sys.path.remove(str(ROOT / "scripts"))


def test_the_published_value_is_that_of_the_option(board: Any) -> None:
    for variant, (key, published, others) in board.KNOBS.items():
        options = yaml.safe_load((ROOT / f"conf/encode/{variant}.yaml").read_text())
        default = inspect.signature(get_object(options["_target_"])).parameters[key].default
        if variant not in OTHERS:
            assert float(options.get(key, default)) == float(published), variant
        tried = [float(text) for text in [published, *others.split(",")]]
        assert len(set(tried)) == len(tried), f"{variant}: tried twice"


def test_the_choices_are_by_the_rule(board: Any) -> None:
    table = read_csv(ROOT / "results/board/tuning.csv")
    assert list(table.columns) == list(board.TUNING) and set(table["variant"]) == set(board.KNOBS)
    for line in table.to_dict("records"):
        key, published, others = board.KNOBS[line["variant"]]
        assert (line["key"], line["published"], line["tried"]) == (f"encode.{key}", published, others)
        assert line["chosen"] in (published, *others.split(","))
        if line["chosen"] == published:
            assert line["mean_chosen"] == line["mean_published"]
        else:
            assert float(line["mean_chosen"]) > float(line["mean_published"])


def test_a_finding_says_who_leads_who_is_alike_and_where_the_method_stands(board: Any) -> None:
    head = {"metric": "toy/tgq.micro>0.5", "group": "", "n": 40, "images": 9}
    lines = [
        ("gem", 0.5, 1, 1, 2, "a"), ("surgery", 0.4567, 2, 1, 3, "ab"), ("global_subtraction", 0.3, 3, 2, 3, "b")
    ]  # fmt: skip
    names = ("variant", "value", "rank", "rank_low", "rank_high", "letters")
    table = pd.DataFrame([head | dict(zip(names, line, strict=True)) for line in lines])
    assert board.describe_board(table) == (
        "- `toy/tgq.micro>0.5` (n=40, 9 images): gem leads with 50.0; surgery cannot be told apart from it. "
        "global_subtraction: 30.0, rank 3 (2 to 3) of 3.\n"
    )
    assert "all others differ from it" in board.describe_board(table.assign(letters=["a", "b", "b"]))
