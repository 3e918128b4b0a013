"""Whole protocols on random sets: the table, its names, what is counted, and what may not change a number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError, UserError
from bench.mapping.assign import assign
from bench.metric_name import parse
from bench.protocol import Protocol
from bench.records import TrueSegmentTexts
from bench.score.comparisons import compare_paired
from bench.score.evaluate import COLUMNS, Scores, evaluate
from bench.score.presets import make_protocol as preset
from bench.score.presets import make_title
from tests.unit.metrics.make import CLASSES, NAMING, case, picture, slow_iou

RULES = ("paper", "reference", "dataset_miou", "soft", "detectron2_semseg")
"""Protocols whose averages differ; one of another library."""
CASES = [case(seed, overlapping=True) for seed in range(25)]
OVERLAPS = [one.overlap for one in CASES]
ORACLES = [
    TrueSegmentTexts(
        f"{seed:04}",
        np.arange(k, dtype=np.int32),
        np.ones(k, np.int64),
        *np.random.default_rng(seed).random((2, k, 5), np.float32),
    )
    for seed, k in enumerate([0, 3, 2, 5])
]


def scores(
    score: Protocol, overlaps: list[Any] = OVERLAPS, oracles: list[Any] = ORACLES, resamples: int = 200, **names: Any
) -> Scores:
    return evaluate(overlaps, oracles, CLASSES, replace(score, resamples=resamples), NAMING, **names)


def short(found: Scores) -> dict[str, float]:
    """Values by mapping and metric."""
    names = [parse(name) for name in found.table["metric"]]
    keys = [f"{name.mapping} {name.metric}" for name in names]
    return dict(zip(keys, found.table["value"], strict=True))


def test_table_and_rows_are_as_promised() -> None:
    found = scores(preset("paper"), run="r1", variant="crop", expected=30, found=25, skipped=5)
    assert tuple(found.table.columns) == (*COLUMNS, "interval_note")
    assert set(found.table["run"]) == {"r1"} and set(found.table["variant"]) == {"crop"}
    assert found.table[["expected", "found", "skipped"]].drop_duplicates().to_numpy().tolist() == [[30, 25, 5]]
    assert found.table["metric"].tolist() == [
        "toy:test/five/paper/tt(tiny)>=0.5/iou.image.union",
        "toy:test/five/paper/tt(tiny)>=0.5/recall>0.5",
        "toy:test/five/paper/st(clip)>=0.1/iou.image.union",
        "toy:test/five/paper/st(clip)>=0.1/recall>0.5",
        "toy:test/five/paper/tt(tiny)/tgq.micro>0.5",
        "toy:test/five/paper/tt(tiny)/tgq.micro.cosine",
        "toy:test/five/paper/tt(tiny)/tgq.micro.top1",
        "toy:test/five/paper/st(clip)/tgq.micro.cosine",
        "toy:test/five/paper/st(clip)/tgq.micro.top1",
    ]
    assert found.table["unit_of_n"].tolist() == ["images", "segments"] * 2 + ["segments"] * 5
    assert found.table["n"].tolist()[-1] == 10
    assert (found.table["low"] <= found.table["value"]).all() and (found.table["value"] <= found.table["high"]).all()
    assert found.per_image["image_id"].tolist() == [f"{seed:04}" for seed in range(25)]
    assert found.per_image.columns.tolist() == ["image_id", *found.table["metric"]]


def test_values_equal_pixels() -> None:
    found = scores(preset("paper", tau_sbert=0.3, background="voc"))
    means, hits, n = [], 0, 0
    for one in CASES:
        slow = slow_iou(one, assign(one.tt, 0.3), "voc")
        known = [value for value in slow.values() if value == value]
        means += [np.mean(known)] if known else []
        true = [value for index, value in slow.items() if (one.sample.truth == index).any()]
        hits, n = hits + sum(value > 0.5 for value in true), n + len(true)
    assert short(found)["tt iou.image.union"] == pytest.approx(np.mean(means))
    assert short(found)["tt recall"] == pytest.approx(hits / n)
    assert found.table["n"].tolist()[:2] == [len(means), n]


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=2)
@given(order=st.permutations(range(len(OVERLAPS))))
def test_order_of_images_changes_nothing(name: str, order: list[int]) -> None:
    one, other = (
        scores(preset(name, mapping=("tt", "st")), given_, ORACLES[::step], resamples=60)
        for given_, step in ((OVERLAPS, 1), ([OVERLAPS[index] for index in order], -1))
    )
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.per_image, other.per_image, check_exact=True)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", RULES)
def test_tau_below_all_similarities_equals_none(name: str) -> None:
    mappings = ("tt", "st")
    low, none = (scores(preset(name, mapping=mappings, tau_sbert=tau, tau_clip=tau), oracles=[]) for tau in (-1, None))
    pd.testing.assert_frame_equal(low.table.drop(columns="metric"), none.table.drop(columns="metric"))
    assert ">=" in low.table["metric"][0] or name == "soft"
    assert ">=" not in none.table["metric"][0].split("/")[3]


def test_presets_name_what_they_compute() -> None:
    assert list(short(scores(preset("reference"))))[:3] == [
        "tt iou.image.union",
        "tt recall.mean101.union",
        "tt recall.mean101.allseg",
    ]
    assert "tt tgq.macro" in short(scores(preset("reference")))
    assert "tt iou.dataset.union" in short(scores(preset("dataset_miou")))
    both = short(scores(preset("paper", aggregation=["image", "dataset"], representative="argmax", mapping="st")))
    assert {"st iou.image.argmax", "st iou.dataset.argmax", "st recall.argmax"} < set(both)


def test_what_differs_from_a_preset_stands_in_the_name() -> None:
    assert make_title(preset("paper")) == "paper"
    assert make_title(preset("paper", background="voc", rounding=None)) == "paper{background=voc,rounding=none}"
    assert make_title(preset("reference", rounding=6)) == "reference{rounding=6}"
    assert make_title(preset("dataset_miou")) == "dataset_miou"
    assert make_title(Protocol(name="mine", empty="skip")) == "mine{empty=skip}"
    assert make_title(preset("paper", background="class_if_any")) == "paper{background=class_if_any}"
    assert make_title(preset("paper", seed=5, tau_sbert=0.1)) == "paper", "seed changes no value, tau stands elsewhere"


@pytest.mark.parametrize(("typed", "title"), [(None, "mmseg"), ("ignore", "mmseg{background=ignore}")])
def test_a_name_has_what_was_typed_and_not_what_the_truth_decided(typed: str | None, title: str) -> None:
    """`mmseg` takes background as a class where the truth has some: that is its rule, and no change of it."""
    mmseg = partial(preset, "mmseg", mapping=("maxoverlap",))
    asked = mmseg(**({"background": typed} if typed else {}))
    some = [item for item in OVERLAPS if item.counts[:, -2].any()]
    none = [
        replace(item, counts=item.counts * (np.arange(item.counts.shape[1]) != len(item.counts[0]) - 2))
        for item in some
    ]
    for truth, settled in ((some, typed or "class"), (none, "ignore")):
        found = scores(asked, truth)
        assert {name.split("/")[2] for name in found.table["metric"]} == {title}
        assert short(found) == short(scores(mmseg(background=settled), truth))
    assert short(scores(mmseg(background="class"), some)) != short(scores(mmseg(background="ignore"), some))


def test_empty_predictions_and_texts_are_counted_whatever_the_policy() -> None:
    none = replace(case(77, n=0), sample=picture(np.zeros((4, 4)), "0077")).overlap
    silent = replace(OVERLAPS[0], image_id="silent", texts=("",) * len(OVERLAPS[0].texts))
    rest = [item for item in OVERLAPS if len(item.areas)]
    paper, reference = (scores(preset(name), [*rest, none, silent]) for name in ("paper", "reference"))
    for found in (paper, reference):
        assert found.counted["empty_predictions"] == 1 + (not len(silent.areas))
        assert found.counted["empty_texts"] == len(silent.areas)
    name = paper.table["metric"][0]
    assert paper.per_image.set_index("image_id")[name]["0077"] == 0
    assert np.isnan(reference.per_image.set_index("image_id")[reference.table["metric"][0]]["0077"])
    assert reference.table["n"][0] < paper.table["n"][0]


def test_two_variants_are_compared_from_the_rows() -> None:
    one, other = scores(preset("paper")), scores(preset("paper"), [replace(item, tt=item.st) for item in OVERLAPS])
    name = one.table["metric"][0]
    difference = compare_paired(one.rows[name], other.rows[name], 500)
    assert difference.value == pytest.approx(one.table["value"][0] - other.table["value"][0])
    assert difference.low <= difference.value <= difference.high


def test_nothing_to_score_gives_an_empty_table_or_no_number() -> None:
    assert scores(preset("paper"), [], []).table.empty
    unlabelled = case(5, n=2)
    unlabelled = replace(unlabelled, sample=picture(np.full((5, 5), -2)))
    found = scores(preset("paper"), [unlabelled.overlap], [])
    assert found.table["value"].isna().all() and set(found.table["n"]) == {0}
    assert found.counted["images_without_classes"] == 1


def test_errors_are_one_clear_line() -> None:
    with pytest.raises(UserError, match="image 0003 is there twice"):
        scores(preset("paper"), [*OVERLAPS, OVERLAPS[3]])
    with pytest.raises(UserError, match="image 0002 has no embeddings: score.mapping=st"):
        scores(preset("paper"), [replace(OVERLAPS[2], st=None)])
    with pytest.raises(UserError, match=r"tt similarity: shape"):
        scores(preset("paper"), [replace(OVERLAPS[2], tt=OVERLAPS[2].tt[:, :4], st=OVERLAPS[2].st[:, :4])])
    known = "context, voc, ignore, class, class_if_any"
    with pytest.raises(UsageError, match=f"score.background=contex: known are {known}; did you mean context"):
        preset("paper", background="contex")
    with pytest.raises(UsageError, match="score.mapping=ts: known are tt, st"):
        scores(preset("paper", mapping=("ts",)))
    with pytest.raises(UsageError, match="score.metrics=recal: known are iou, recall, .*did you mean recall"):
        scores(preset("paper", metrics=("iou", "recal")))
    with pytest.raises(UsageError, match="tau_iou lies in 0..1"):
        Protocol(tau_iou=50)
    with pytest.raises(UsageError, match="known are cityscapes, dataset_miou, .*; did you mean paper"):
        preset("papers")
