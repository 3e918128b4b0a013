"""The metric that a search looks at: what it may be called, and the nearest names for one that is none."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.errors import UsageError
from bench.run.objective import find_objective, read_objective

NAMES = [
    "toy:tune/five/paper/tt(tiny)>=0.5/iou.image.union",
    "toy:tune/five/paper/tt(tiny)>=0.5/recall>0.5",
    "toy:tune/five/paper/st(clip)>=0.1/iou.image.union",
    "toy:tune/five/paper/tt(tiny)/tgq.micro>0.5",
]


@pytest.mark.parametrize(
    ("objective", "at"),
    [("iou.image.union", 0), ("tt/iou.image.union", 0), ("st/iou.image.union", 2), ("recall>0.5", 1), (NAMES[3], 3)],
)
def test_a_metric_alone_is_the_first_of_that_name(objective: str, at: int) -> None:
    assert find_objective(objective, NAMES) == NAMES[at]


@pytest.mark.parametrize(
    ("objective", "near"),
    [("iou.image.unoin", "iou.image.union"), ("st/recall>0.5", "tt/recall>0.5"), ("recall", "recall>0.5"),
     (NAMES[0].replace("tiny", "big"), NAMES[0]), ("zzz", "iou.image.union")],
)  # fmt: skip
def test_another_is_an_error_with_the_nearest(objective: str, near: str) -> None:
    with pytest.raises(UsageError) as error:
        find_objective(objective, NAMES)
    assert f"objective={objective}: no metric of this protocol; did you mean " in str(error.value)
    assert near in str(error.value)


def test_the_value_is_the_variants_own_and_stands_with_its_n(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("floor: shuffled (mine)", 0.1, 6), ("mine", 0.25, 6), ("ceiling", 0.9, 6)]
    scores = pd.DataFrame(rows, columns=["variant", "value", "n"]).assign(metric=NAMES[0], unit_of_n="images")
    assert read_objective("iou.image.union", scores, "mine") == 0.25
    assert capsys.readouterr().out == f"objective {NAMES[0]} = 0.250000 (n = 6 images)\n"
    assert read_objective(None, scores, "mine") is None
    assert read_objective("iou.image.union", scores.assign(value=float("nan")), "mine") is None
    capsys.readouterr()
    assert read_objective("tgq.micro>0.5", scores, "mine") is None, "the results stay"
    assert capsys.readouterr().out.startswith("beware: objective=tgq.micro>0.5: no metric")
