"""What other libraries would say of two tiny maps, worked by hand, and SCORES.md's table of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.errors import UsageError
from bench.mapping.exact import Exact
from bench.overlap.table import make_overlap
from bench.protocol import Protocol
from bench.records import BACKGROUND, VOID, ClassList, LabelMap
from bench.score.counts import count_metrics, gather
from bench.score.libraries import (
    COLUMNS,
    check_metrics,
    describe_rule,
    list_left_out,
    make_library_table,
    name_library,
    print_library_table,
)
from bench.score.presets import list_libraries, make_protocol
from tests.unit.metrics.make import picture

PAGE = Path(__file__).parents[3] / "SCORES.md"
TRUTH, SAID = np.array([[0, 0, 1, 1], [0, 0, VOID, VOID]]), np.array([[0, 1, 1, 1], [0, 0, 2, 1]])
NAMES = ("zero", "one", "two", "three")
BY_HAND = {
    "mmseg": (3 / 4 + 2 / 3) / 2, "torchmetrics_jaccard": (3 / 4 + 2 / 3) / 2, "sklearn": (3 / 4 + 2 / 3) / 2,
    "cityscapes": (3 / 4 + 2 / 3) / 2, "detectron2_semseg": (3 / 4 + 2 / 3) / 2, "smp": (3 / 4 + 2 / 3 + 1 + 1) / 4,
    "smp_imagewise": (3 / 4 + 2 / 3 + 1 + 1) / 4, "smp score.unseen=zero": (3 / 4 + 2 / 3) / 4,
    "sklearn score.unseen=zero": (3 / 4 + 2 / 3) / 4, "monai": (3 / 6 + 2 / 4) / 2,
    "torchmetrics_miou": (3 / 6 + 2 / 4 + 0) / 3, "panopticapi": (3 / 4 + 2 / 3) / 2, "hotcoco": (3 / 4 + 2 / 3) / 2,
    "torchmetrics_pq": (3 / 4 + 2 / 3) / 2,
}  # fmt: skip
"""Mean IoU, or PQ; the words behind a name are settings."""


def score(words: str, background: bool = False) -> dict[str, float]:
    """The numbers of the two maps under a protocol with changes; with ``background`` label 0 is no class."""
    name, *changes = words.split()
    settings = dict(change.removeprefix("score.").split("=") for change in changes)
    first = int(background)
    names = NAMES[first:]
    protocol = make_protocol(name, mapping=(Exact(tuple((each,) for each in names)),), **settings)
    truth = np.where(TRUTH == VOID, VOID, np.where(np.less(TRUTH, first), BACKGROUND, TRUTH - first))
    item = make_overlap(LabelMap("x", (SAID + 1 - first), NAMES[first:3]), picture(truth))
    counts = count_metrics(gather([item], [], ClassList("four", names, (True,) * len(names)), protocol))
    return {metric: row.value() for (metric, _, _), row in counts.items()}


@pytest.mark.parametrize("words", BY_HAND)
def test_two_maps_by_hand(words: str) -> None:
    assert next(iter(score(words).values())) == pytest.approx(BY_HAND[words], abs=1e-11)


@pytest.mark.parametrize("words", [words for words in BY_HAND if make_protocol(words.split()[0]).metrics[0] == "iou"])
def test_label_0_may_be_background(words: str) -> None:
    assert next(iter(score(words, background=True).values())) == pytest.approx(BY_HAND[words], abs=1e-11)


def test_accuracies_and_weighted_iou_by_hand() -> None:
    """Of class 0 3 of 4 pixels are right, of class 1 2 of 2; the weights are 4/6 and 2/6."""
    found = score("detectron2_semseg")
    assert found["pixel_accuracy"] == pytest.approx(5 / 6)
    assert found["mean_accuracy"] == pytest.approx((3 / 4 + 1) / 2)
    assert found["fwiou"] == pytest.approx(4 / 6 * 3 / 4 + 2 / 6 * 2 / 3, abs=1e-11)


def test_the_table_of_the_page_says_what_the_protocols_do() -> None:
    """Whoever changes a yaml copies the rows that this test writes."""
    rows = ["| `score=` | library | averaged over | class of neither | only predicted | void | the two maps |"]
    rows.append("|---|---|---|---|---|---|---|")
    assert {words.split()[0] for words in BY_HAND} == set(list_libraries())
    for words in BY_HAND:
        protocol = make_protocol(words.split()[0], **dict(re.findall(r"score\.(\w+)=(\w+)", words)))
        metric, value = next(iter(score(words).items()))
        cells = (
            f"`{words}`",
            " ".join(name_library(protocol)),
            *describe_rule(protocol, metric),
            f"{value:.4f}" + " (PQ)" * (metric == "pq"),
        )
        rows.append(f"| {' | '.join(cells)} |")
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8"), "\n".join(["", *rows])


def test_a_row_for_each_number_in_the_words_of_its_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    names = [
        "smp/exact/iou.dataset.union",
        "monai{unseen=one}/exact/iou.image.union",
        "hotcoco/exact/pq",
        "soft/none/x",
    ]
    numbers = {"value": [0.5, 0.25, 1.0, 0.0], "low": [0.25, np.nan, 0.5, 0.0], "high": [0.75, np.nan, 1.0, 0.0]}
    others = {
        "n": [8, 1, 40, 0],
        "unit_of_n": ["classes", "images", "segments", "x"],
        "interval_note": ["few", "", "", ""],
    }
    scores = pd.DataFrame({"metric": [f"d:all/four/{name}" for name in names], **numbers, **others})
    protocols = [make_protocol("smp"), make_protocol("monai", unseen="one"), make_protocol("hotcoco")]
    table = make_library_table(protocols, scores)
    assert tuple(table.columns) == COLUMNS and len(table) == 3, "a protocol of no library has no row"
    changed = "not monai's: score.unseen=one"
    assert table.loc[1].tolist()[:5] == [changed, "", "monai{unseen=one}", "mean IoU", 0.25]
    assert table["interval"].tolist() == ["[0.2500, 0.7500]*", "–", "[0.5000, 1.0000]"], "a star where it is in doubt"
    assert table["n"].tolist() == ["8 classes", "1 images", "40 segments"]
    assert table.loc[1].tolist()[7:] == ["classes of an image, then images", "1", "left out", "the first label"]
    rules = {
        word: describe_rule(make_protocol("monai", unseen="one", unmatched="zero"), word)[1:] for word in ("pq", "sq")
    }
    assert rules["pq"] == rules["sq"] == ("left out", "0", "counts"), "of PQ, `unseen` and the first label are nothing"
    assert describe_rule(make_protocol("smp"), "sq")[2] == "left out"
    assert describe_rule(make_protocol("smp"), "recall") == ("", "", "", "")
    print_library_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and [line.index("0.5000") for line in lines[1:2]] == [lines[0].index("value")]


def list_rows(protocols: list[Protocol], *metrics: str) -> pd.DataFrame:
    """Rows of scores.csv with these names behind the class list."""
    rows = [{"metric": f"d:all/four/{name}", "value": 0.5, "low": 0.25, "high": 0.75} for name in metrics]
    return pd.DataFrame(rows).assign(n=8, unit_of_n="classes", interval_note="")


def name_sources(protocols: list[Protocol], *metrics: str) -> list[tuple[str, str]]:
    """Whose number each row of the table is, and the version that stands behind."""
    table = make_library_table(protocols, list_rows(protocols, *metrics))
    return list(zip(table["library"], table["version"], strict=True))


def test_only_what_a_library_says_stands_under_its_name() -> None:
    """scikit-learn has no PQ, panopticapi no mean IoU; Cityscapes' script averages no image by itself."""
    protocols = [make_protocol(name) for name in ("sklearn", "panopticapi", "detectron2_semseg")]
    names = "sklearn/exact/pq", "panopticapi/exact/iou.dataset.union", "detectron2_semseg/exact/fwiou"
    assert name_sources(protocols, *names) == [("detectron2", "02b5c4e")]
    (line,) = list_left_out(protocols, list_rows(protocols, *names))
    assert "PQ of sklearn; mean IoU of panopticapi" in line and "detectron2" not in line
    assert list_left_out(protocols, list_rows(protocols, names[2])) == []
    both = [make_protocol("cityscapes", aggregation=("dataset", "image")), make_protocol("smp_imagewise")]
    names = (
        "cityscapes/exact/iou.dataset.union",
        "cityscapes/exact/iou.image.union",
        "smp_imagewise/exact/iou.image.union",
    )
    assert name_sources(both, *names) == [
        ("cityscapesscripts", "2.3.0"), ("not cityscapesscripts's: score.aggregation=[image]", ""),
        ("segmentation-models-pytorch", "0.6.0"),
    ]  # fmt: skip


@pytest.mark.parametrize("settled", ["class", "ignore"])
def test_a_change_is_one_only_for_the_numbers_that_read_it(settled: str) -> None:
    """What `class_if_any` came to is no change, what a user typed is one; a class of neither is nothing to PQ."""
    smp, pq = "smp{unseen=zero}/exact/iou.dataset.union", "hotcoco{unseen=zero}/exact/pq"
    changed = [make_protocol(name, unseen="zero", background=settled) for name in ("smp", "hotcoco")]
    (left, _), (right, version) = name_sources([changed[0], replace(changed[1], background="ignore")], smp, pq)
    assert left == "not segmentation-models-pytorch's: score.unseen=zero" and (right, version) == ("hotcoco", "1.3.0")
    same = make_protocol("monai", background=settled)
    assert name_sources([same], "monai/exact/iou.image.union") == [("monai", "1.6.0")]
    typed = make_protocol("monai", background="class", void="ignore")
    assert name_sources([typed], "monai{background=class,void=ignore}/exact/iou.image.union") == [
        ("not monai's: score.background=class score.void=ignore", "")
    ]


def test_a_protocol_that_inherits_is_listed_under_its_own_name() -> None:
    """Only where it changes nothing, it is what the library says; smp_imagewise is nearer to one that averages so."""
    same, strict = (replace(make_protocol(name), name="same") for name in ("smp", "smp_imagewise"))
    strict = replace(strict, name="strict", unseen="zero")
    other = replace(same, name="other", library="elsewhere==1")
    assert name_sources(
        [same, strict, other],
        "same{background=class_if_any,unseen=one}/exact/iou.dataset.union",
        "strict{background=class_if_any,unseen=zero}/exact/iou.image.union",
        "other{background=class_if_any,unseen=one}/exact/pq",
    ) == [
        ("segmentation-models-pytorch", "0.6.0"), ("strict, after smp_imagewise", ""),
        ("elsewhere, as other has it", ""),
    ]  # fmt: skip


def test_metrics_that_no_library_has_are_refused() -> None:
    with pytest.raises(UsageError, match=r"score.metrics=\[open,soft\]: no library .* they have iou, pixel_accuracy"):
        check_metrics([{"metrics": ["soft", "open"]}])
    check_metrics([{"metrics": ["soft", "panoptic"]}])
    check_metrics([{"metrics": "iou"}])
    check_metrics([{"metrics": ["misspelt"]}])
