"""The paper's own numbers: each is in the paper, in its table, and where the paper contradicts itself it is said."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from bench.paper.published import Published, find_other, read_published
from bench.paper.reading import read_definitions

PAPER = Path(__file__).resolve().parents[4] / "shared" / "paper"
ITEMS = [item for item in read_definitions(["all"]) if item.published]


def read_table(number: str) -> list[str]:
    """All numbers of a table of the paper, from the text of its caption on."""
    text = next(PAPER.glob("000_*.txt")).read_text()
    begin = re.search(rf"\nTable {number}\. ", text)
    assert begin is not None
    lines = text[begin.end() :].splitlines()
    rows = [line for line in lines[:40] if "\t" in line]
    last = next((at for at, line in enumerate(lines) if at > 3 and re.match(r"(Table \d|[A-Z]\. |5\.\d)", line)), 40)
    rows = [line for line in lines[:last] if "\t" in line]
    return [number for line in rows for number in re.findall(r"\d+\.\d+", line)]


@pytest.mark.skipif(not PAPER.is_dir(), reason="the paper is not here")
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_every_number_stands_in_its_table_of_the_paper(item: object) -> None:
    """And no number of the table was left out: the same multiset, but for the thresholds in the heads."""
    published = read_published(item)  # type: ignore[arg-type]
    number = item.name.removeprefix("table")  # type: ignore[attr-defined]
    decimals = Counter(f"{each.value:.1f}" for each in published.values())
    printed = Counter(read_table(number))
    heads = Counter(column for column in item.columns if re.fullmatch(r"\d\.\d+", column))  # type: ignore[attr-defined]
    assert decimals == printed - heads


def test_the_three_numbers_of_one_method_are_remarked_wherever_they_stand() -> None:
    """17.5, 19.3 and 19.6 for IoU by ST with a constant threshold on PC-59."""
    places = [("table1", ("IoU", "PC-59", "ST const."), 19.3), ("table3", ("Ours", "PC-59", "IoU_c"), 17.5),
              ("table4", ("Ours", "PC-59", "IoU_c"), 19.6), ("table5", ("Ours - IoU_c", "PC-59", "IoU"), 19.6),
              ("table7", ("Ours", "Pascal Context", "0.10"), 19.6)]  # fmt: skip
    for name, key, value in places:
        found = read_published(read_definitions([name])[0])[key]
        assert found.value == value
        assert all(number in found.remark for number in ("17.5", "19.3", "19.6"))


OURS = {"dataset": "voc:val", "classlist": "voc20", "protocol": "paper"}
THEIRS = Published(20.1, "", "voc:val", "voc20", "paper", "Table 3", "")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ""),
        ({"dataset": "voc:val[first:40]"}, "images voc:val[first:40], the paper's voc:val"),
        ({"classlist": "voc20+readable"}, "classes voc20+readable, the paper's voc20"),
        ({"protocol": "paper{background=class}"}, "protocol paper{background=class}, the paper's paper"),
    ],
)
def test_numbers_are_comparable_only_where_all_agrees(change: dict[str, str], told: str) -> None:
    assert find_other(THEIRS, {**OURS, **change}, "") == told


def test_other_weights_are_not_comparable() -> None:
    assert find_other(THEIRS, OURS, "models embedded") == "models embedded"
