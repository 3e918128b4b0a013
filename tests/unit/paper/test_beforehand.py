"""What is said of tables before any run, with no model and no image: numbers that cannot be, rows that differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands.paper import _plan
from bench.errors import UserError
from bench.paper.beforehand import check_tables
from bench.paper.reading import read_definition, read_definitions
from bench.paper.sources import Sources

TYPED = ("data.subset=first:2",)
HEAD = "title: t\nkind: table\nshows: s\n"


def check(folder: Path, runs: str, choice: str) -> None:
    (folder / "own.yaml").write_text(f"{HEAD}runs: {{{runs}}}\ncolumns: {{A: {{{choice}}}}}\n")
    check_tables(_plan([read_definition(folder / "own.yaml")], TYPED, []), Sources({}, {}, {}, typed=TYPED))


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("metric: iou.image.uniom, mapping: st", "no metric 'iou.image.uniom' by st (did you mean 'iou.image.union'?)"),
        ("metric: iou.image.union, mapping: xt", "with mapping xt (did you mean 'tt'?)"),
        ("metric: iou.image.union, mapping: st, threshold: 0.3", "with threshold 0.3 (did you mean '0.1'?)"),
        ("metric: recall>0.50, mapping: st", "no metric 'recall>0.50' by st (did you mean 'recall>0.5'?)"),
        ("metric: iou.image.union, mapping: st, at: 0.33", "with at 0.33 (did you mean '0.3'?)"),
        ("metric: iou.image.union, mapping: st, verify: human, threshold: 4", "threshold 4 (known: 1, 2, 3)"),
        ("metric: tgq.micro>0.5, mapping: tt, verify: human, threshold: 1", "tgq.micro>0.5 is not of labels"),
        ("metric: iou.image.union", "2 numbers fit; say which, mapping: tt"),
        ("metric: TGQ, mapping: tt", "metric 'TGQ': no such metric (did you mean 'tgq'?)"),
        ("metric: nonsense, mapping: tt", "metric 'nonsense': no such metric (known: iou, recall, "),
        ("rating: 7", "rating: 7 is none of 0, 1, 2, 3"),
    ],
)
def test_a_number_that_no_run_has_is_told_with_the_nearest(tmp_path: Path, choice: str, told: str) -> None:
    with pytest.raises(UserError) as error:
        check(tmp_path, "Ours: [experiment=full]", choice)
    assert told in str(error.value)


def test_rows_by_other_protocols_are_told(tmp_path: Path) -> None:
    runs, choice = "A: [encode=crop, score=reference], Ours: [experiment=full]", "metric: iou.image.union, mapping: st"
    with pytest.raises(UserError, match="Ours is by protocol paper, A by reference"):
        check(tmp_path, runs, choice)
    own = "A: {words: [encode=crop, score=reference], protocol: reference, mapping: st, threshold: 0.1}"
    check(tmp_path, f"{own}, Ours: [experiment=full]", choice)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    "choice",
    [
        "metric: iou.dataset.union, mapping: st",
        "metric: iou.image.union, mapping: st, group: size=small",
        "metric: iou.image.union, mapping: st, at: 0.3",
        "metric: recall>0.5, mapping: tt, verify: human, threshold: 3",
        "rating: 2",
    ],
)
def test_what_is_there_or_can_be_asked_for_passes(tmp_path: Path, choice: str) -> None:
    check(tmp_path, "Ours: [experiment=full], No merge: [experiment=no_merge]", choice)


@pytest.mark.parametrize("ours", ["table3", pytest.param("all", marks=pytest.mark.slow)])
def test_all_of_ours_pass_and_without_data_nobody_can_say(ours: str) -> None:
    for typed, names in ((TYPED, [ours]), (("data=voc", "data.root=nowhere"), ["table1"])):
        check_tables(_plan(read_definitions(names), typed, []), Sources({}, {}, {}, typed=typed))
