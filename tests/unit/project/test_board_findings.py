"""What results/board/findings.md says is what its tables say, sentence by sentence."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def board() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    yield import_module("board")
    sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def findings(board: Any) -> Any:
    return import_module("board_findings")


TT, ST = "toy:test/five/paper/tt(tiny@12345678,fp32)>=0.5", "toy:test/five/paper/st(clip@12345678,fp32,prompt=a)>=0.1"


def make_board(metric: str, **changes: Any) -> pd.DataFrame:
    """A board of three variants by one metric."""
    head = {"metric": metric, "group": "", "n": 40, "images": 9} | changes
    lines = [
        ("gem", 0.5, 1, 1, 2, "a", 42.0), ("surgery", 0.4567, 2, 1, 3, "ab", 22.0),
        ("global_subtraction", 0.3, 3, 2, 3, "b", 90.0),
    ]  # fmt: skip
    names = ("variant", "value", "rank", "rank_low", "rank_high", "letters", "ms_image")
    return pd.DataFrame([head | dict(zip(names, line, strict=True)) for line in lines])


def test_a_finding_says_who_leads_who_is_alike_and_where_the_method_stands(findings: Any) -> None:
    metric = f"{TT}/iou.image.union"
    assert list(findings.describe_metrics(make_board(metric))) == [
        "IoU TT ≥0.5 image, union (n=40, 9 images): gem leads with 50.0; surgery cannot be told apart from it. "
        "global_subtraction: 30.0, rank 3 (2 to 3) of 3."
    ]
    both = pd.concat([make_board(metric), make_board(f"{ST}/iou.image.union"), make_board(f"{ST}/recall>0.5", n=41)])
    first, second = (told.partition(" (n=")[0] for told in findings.describe_metrics(both))
    assert (first, second) == ("IoU TT ≥0.5 image, union = IoU ST ≥0.1 image, union", "Recall >0.5 ST ≥0.1")
    cosine = make_board(f"{ST}/tgq.micro.cosine")
    assert next(findings.describe_metrics(cosine)).endswith("of 3. No order of quality: see above.")
    alone = next(findings.describe_metrics(make_board(metric).assign(letters=["a", "b", "b"])))
    assert "all others differ from it" in alone


def test_boards_are_compared_by_iou_with_texts(findings: Any, tmp_path: Path) -> None:
    boards = {"Names": ["a", "ab", "b"], "Words": ["a", "b", "c"]}
    for heading, letters in boards.items():
        (tmp_path / heading).mkdir()
        table = pd.concat([make_board(f"{ST}/iou.image.union", n=3), make_board(f"{TT}/iou.image.union")])
        lines = table.assign(low=0.25, high=0.35, letters=letters * 2)
        lines.to_csv(tmp_path / heading / "board.csv", index=False)
    told = findings.compare_boards({heading: tmp_path / heading for heading in boards}).splitlines()
    assert told[2:] == [
        "| Names | 40 | gem 50.0 | surgery | 30.0 [25.0, 35.0], rank 3 (2 to 3) of 3 |",
        "| Words | 40 | gem 50.0 | none: all others differ | 30.0 [25.0, 35.0], rank 3 (2 to 3) of 3 |",
    ]


def test_families_groups_and_cost_are_read_from_iou_with_embeddings(findings: Any) -> None:
    table = pd.concat([
        make_board(f"{TT}/iou.image.union").iloc[::-1], make_board(f"{ST}/iou.image.union"),
        make_board(f"{ST}/iou.image.union.kind.things", group="kind=things", n=7),
        make_board(f"{ST}/iou.image.union.size.tiny", group="size=tiny", n=0),
    ], ignore_index=True)  # fmt: skip
    assert list(findings.describe_families(table)) == [
        "The best of each family by IoU with embeddings (n=40): patches of the last layers, averaged: gem 50.0; "
        "masks in attention: global_subtraction 30.0."
    ]
    assert list(findings.describe_groups(table)) == [
        "Leaders by IoU with embeddings, group by group: kind=things gem 50.0 (n=7 images, 1 of 2 not told from it)."
    ]
    flat = table.assign(value=0.0)
    assert next(findings.describe_groups(flat)).endswith("group by group: kind=things none, all 0.0 (n=7 images).")
    (cost,) = findings.describe_cost(table)
    assert "gem 42 ms (leads); surgery 22 ms (the cheapest not told from it)" in cost
    assert "with 20 segments, a trunk stored where there is one, ranked" in cost and "90 ms (the dearest)" in cost


def test_the_metrics_that_agree_least_are_named(findings: Any) -> None:
    iou = f"{ST}/iou.image.union"
    pairs = [(f"{TT}/iou.image.union", iou, 1.0), (f"{TT}/recall>0.5", iou, 0.5)]
    table = pd.DataFrame([
        {"first": one, "second": two, "tau": tau, "low": tau - 0.1, "high": tau, "runs": 3, "images": 9}
        for one, two, tau in pairs
    ])  # fmt: skip
    told = findings.describe_agreement(table)
    assert "recall (TT) and iou.image.union (ST), Kendall's tau 0.50 [0.40, 0.50]" in told
    assert "1 of 2 pairs of metrics with numbers of their own agree wholly" in told
    without = findings.describe_agreement(table, {f"{TT}/iou.image.union"})
    assert "0 of 1 pairs of metrics" in without, "a copy's pairs say nothing more"
    assert findings.describe_agreement(table, {iou}) == "All metrics have the same numbers for every variant."


def test_what_stood_and_what_moved_is_said(findings: Any) -> None:
    head = {"images": 40, "mean_published": 0.5, "place": "inside", "best": "1"}
    told = findings.describe_tuning(pd.DataFrame([
        head | {"variant": "gem", "key": "encode.iterations", "published": "1", "chosen": "1", "mean_chosen": 0.5},
        head | {"variant": "masked", "key": "encode.start_layer", "published": "3", "chosen": "4", "mean_chosen": 0.52},
    ]))  # fmt: skip
    assert told == (
        "Values of the options that stood: gem iterations=1. That moved: masked start_layer=3 to 4 (+2.0, n=40).\n"
        "Best values at the end of their range, beyond which the variant would be another one or the same: gem "
        "iterations=1 (with 0 nothing attends to itself before it weighs the values; with its authors all do at "
        "least once); masked start_layer=1 (the tower has no other).\n"
    )


def test_the_rule_names_its_metrics(findings: Any) -> None:
    told = findings.describe_rule(pd.DataFrame({"metrics": ["iou.image.union recall>0.5"] * 2}))
    assert "the best by the mean of iou.image.union, recall>0.5 (by embedding) is better in one of them by" in told
    assert findings.describe_rule(pd.DataFrame({"variant": ["gem"]})) == ""


def test_best_values_at_an_end_and_other_numbers_of_images_are_said(findings: Any) -> None:
    head = {"published": "1", "chosen": "1", "mean_published": 0.5, "mean_chosen": 0.5}
    table = pd.DataFrame([
        head | {"variant": "projected_subtraction", "key": "encode.weight", "images": 40, "best": "0.05"},
        head | {"variant": "proxyclip", "key": "encode.gamma", "images": 40, "best": "1e+06"},
        head | {"variant": "naclip", "key": "encode.std", "images": 100, "best": "5.0"},
    ])  # fmt: skip
    told = findings.describe_tuning(table)
    assert "the same: projected_subtraction weight=0.05 (with 0 nothing is subtracted: it is masked).\n" in told
    assert "Tuned by an earlier rule to a value at which the variant is another one" in told
    assert "chooses anew): proxyclip gamma=1e+06 (more leaves the patches beside" in told
    assert "Variants were not tuned on the same number of images: 2 on 40, 1 on 100.\n" in told
    alike = findings.describe_tuning(table.assign(images=100, best=["0.1", "3", "5"]))
    assert "of their range" not in alike and "another one" not in alike and "not tuned on the same" not in alike


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        ("oracle", "with the nearest class name for a caption, as here."),
        ("texts", "here the captions are ZeroCap's"),
        ("predicted", "the same rule on predicted segments chose start_layer=4 and sigma2=0.25"),
    ],
)
def test_the_findings_say_on_what_settings_were_chosen(findings: Any, segments: str, told: str) -> None:
    said = findings.describe_tuned_on(segments)
    assert said.startswith("The settings that a board ranks were chosen on true segments of tune that are not merged")
    assert told in said and said in (ROOT / "results/board/findings.md").read_text()


@pytest.mark.parametrize(
    ("subset", "told"),
    [
        ("[first:200]", "looked at test-0000 to test-0199 three times, of which this is the last: once"),
        ("[file:test-0204_to_test-0499@1b2c3d4e]",
         "Images: test-0204 to test-0499, at which no board had looked before this one, and which no variant sees"),
        ("[file:test-0200_to_test-0499@1b2c3d4e]", "three times"),
    ],
)  # fmt: skip
def test_the_findings_say_at_which_images_boards_had_looked(findings: Any, subset: str, told: str) -> None:
    table = make_board(f"toyscenes:test{subset}/toyscenes/paper/tt(tiny@12345678,fp32)>=0.5/iou.image.union")
    assert told in findings.describe_look(table)


def test_the_findings_are_those_of_the_tables(board: Any, findings: Any, tmp_path: Path) -> None:
    """Nothing is written into results/board by hand."""
    folder = ROOT / "results/board"
    kinds = {board.HEADINGS[name]: folder / name for name in board.SEGMENTS if (folder / name / "board.csv").is_file()}
    findings.write_findings(kinds, folder / "tuning.csv", tmp_path / "findings.md")
    assert len(kinds) >= 2 and (tmp_path / "findings.md").read_text() == (folder / "findings.md").read_text()
