"""The columns of scores.csv: each part of a full name, and nothing lost; what each control has a number for."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from bench.errors import UsageError, UserError
from bench.metric_name import write_number
from bench.score.controls import CONTROLS, choose_controls
from bench.score.evaluate import COLUMNS
from bench.score.score_table import DESCRIBED, Description, add_columns, describe_name, read_scores, split_measure
from bench.score.score_table import write_scores as write
from tests.unit.report.fabricated import METRICS

NAMES = (Path(__file__).parents[1] / "metrics" / "metric_names.txt").read_text().split()
HEAD = "voc:val[first:3]/own20/paper{background=voc}"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (f"{HEAD}/st(clip@ab,fp32)>=0.1/recall>0.5", ("st(clip@ab,fp32)", 0.1, "recall>0.5", "")),
        (f"{HEAD}/none/iou.image.union.class.tv_monitor", ("none", math.nan, "iou.image.union", "class=tv_monitor")),
        (f"{HEAD}/tt(m)>=1e-07/recall.kind.things>0.25", ("tt(m)", 1e-7, "recall>0.25", "kind=things")),
        (f"{HEAD}/none/mine.class", ("none", math.nan, "mine.class", "")),
        (f"{HEAD}/none/class.mine", ("none", math.nan, "class.mine", "")),
    ],
)
def test_by_hand(name: str, columns: tuple[str, float, str, str]) -> None:
    found = describe_name(name)
    assert str(found) == str(Description("voc:val[first:3]", "own20", "paper{background=voc}", *columns))


def test_the_columns_put_together_are_the_name() -> None:
    names = [*METRICS.values(), *NAMES]
    assert len(names) > 250 and sum(bool(describe_name(name).group) for name in names) > 100
    for name in names:
        parts = describe_name(name)
        bound = "" if math.isnan(parts.threshold) else f">={write_number(parts.threshold)}"
        words, limit = split_measure(parts.measure)
        metric = ".".join([*words, *filter(None, parts.group.split("="))]) + limit
        assert f"{parts.dataset}/{parts.classlist}/{parts.protocol}/{parts.mapping}{bound}/{metric}" == name


def test_columns_that_are_there_stay_and_thresholds_keep_every_digit(tmp_path: Path) -> None:
    names = [f"{HEAD}/tt(m)>={tau}/recall" for tau in ("1e-09", "0.3")]
    rest = (0.5, 0.4, 0.6, 1, "images", 1, 1, 0)
    table = pd.DataFrame([("r", "v", name, *rest) for name in names], columns=list(COLUMNS))
    table = add_columns(table.assign(role="ceiling"), "own")
    assert set(table["role"]) == {"ceiling"}
    again = read_scores(write(table, tmp_path / "scores.csv"))
    assert again["threshold"].tolist() == [1e-9, 0.3]
    pd.testing.assert_frame_equal(again[list(DESCRIBED)], table[list(DESCRIBED)], check_dtype=False)
    with pytest.raises(UserError, match="'group' is missing"):
        write(table.drop(columns="group"), tmp_path / "scores.csv")


def test_a_control_has_no_number_for_what_it_leaves_as_it_was() -> None:
    metrics = ("st(m)>=0.1/recall", "tt(m)>=0.5/recall", "none/masks.max_iou", "none/jaccard.overlap.micro",
               "none/jaccard.hard.dataset", "tt(m)/jaccard.soft.macro", "tt(m)/names.similarity.given")  # fmt: skip
    table = pd.DataFrame({"metric": [f"masks:names/jaccard.hard/paper/{metric}" for metric in metrics]})
    kept = {word: list(control.select(table).index) for word, control in CONTROLS.items()}
    assert kept == {"shuffled": [1, 4, 5, 6], "true_classes": [0, 1, 5]}
    with pytest.raises(UsageError, match="controls=x: known are shuffled, true_classes"):
        choose_controls(["shuffled", "x"])


def test_tables_of_earlier_versions_have_no_doubts() -> None:
    name = "toy:test/five/paper/tt(tiny)>=0.5/recall>0.5"
    old = pd.DataFrame([("r", "full", name, 0.5, 0.4, 0.6, 9, "segments", 9, 9, 0)], columns=list(COLUMNS))
    assert add_columns(old, "own")["interval_note"].tolist() == [""]
    marked = old.assign(interval_note="only 9 images")
    assert add_columns(marked, "own")["interval_note"].tolist() == ["only 9 images"]
