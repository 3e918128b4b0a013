"""The paper's own numbers: each is in the paper, in its table, and where the paper contradicts itself it is said."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from bench.paper.definition import TABLE
from bench.paper.published import Published, find_other, read_published
from bench.paper.reading import read_definitions

PAPER = Path(os.environ.get("ZGS_PAPER", "nowhere"))
"""A folder with the text of the paper, which is not ours to ship: ``ZGS_PAPER=FOLDER pytest …``."""
ITEMS = [item for item in read_definitions(["all"]) if item.kind == TABLE]


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


needs_paper = pytest.mark.skipif(not PAPER.is_dir(), reason="the text of the paper is not here (ZGS_PAPER=FOLDER)")


@needs_paper
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_every_number_stands_in_its_table_of_the_paper(item: object) -> None:
    """And no number of the table was left out: the same multiset, but for the thresholds in the heads."""
    published = read_published(item)  # type: ignore[arg-type]
    number = item.name.removeprefix("table")  # type: ignore[attr-defined]
    decimals = Counter(f"{each.value:.1f}" for each in published.values())
    printed = Counter(read_table(number))
    heads = Counter(column for column in item.columns if re.fullmatch(r"\d\.\d+", column))  # type: ignore[attr-defined]
    assert decimals == printed - heads


@needs_paper
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("figure13", 0.1, r"Given the distributions, we select \$?.{1,30} = 0\.1\$? to be on the safe side"),
        ("figure14", -4, r"masking attention of the last four layers \(21-24\) gives the best scores"),
        ("figure15", 2.5, r"the optimal spot is at .{1,20} = 2\.5"),
        ("figure16", 0.8, r"= 0\.8\$? returns the best scores on both"),
    ],
)
def test_what_figures_state_is_a_sentence_of_the_paper(name: str, value: float, sentence: str) -> None:
    text = next(PAPER.glob("000_*.txt")).read_text()
    assert re.search(sentence, text)
    assert {each.value for each in read_published(read_definitions([name])[0]).values()} == {value}


def test_a_tie_of_the_paper_that_its_text_denies_is_remarked() -> None:
    found = read_published(read_definitions(["table3"])[0])
    tied = [found[row, "PC-59", "Recall_c"] for row in ("Ours w/o glob sub.", "Ours")]
    assert [each.value for each in tied] == [15.0, 15.0] and "tie" in tied[0].remark


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
