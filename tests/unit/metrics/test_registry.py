"""All metrics of all protocols: their names, their groups, and what may change no number."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.mapping.assign import assign
from bench.metric_name import parse
from bench.metrics.registry import list_words
from bench.protocol import BREAKDOWNS, CHOICES, Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.evaluate import Scores, evaluate
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import CLASSES, NAMING, Case, case, slow_iou

PROTOCOLS = ("paper", "reference", "dataset_miou", "soft")
NAMES = Path(__file__).parent / "metric_names.txt"
EVERY = preset("paper", metrics=list_words(), aggregation=("image", "dataset"), resamples=60)
NAMED = (
    "representative", "recall", "tgq", "background", "void", "unlabelled", "below", "absent", "unseen", "unmatched",
    "empty",
)  # fmt: skip
IDS = [f"{seed:04}" for seed in range(24)]


def made(seed: int) -> Case:
    """A random image; every fourth has segments near the truth, named nearly right, so that there are hits."""
    one = case(seed, overlapping=seed % 3 == 0)
    if seed % 4:
        return one
    truth, draw = one.sample.truth, np.random.default_rng(seed)
    kinds = np.unique(truth[truth >= 0])
    masks = (truth == kinds[:, None, None]) & (draw.random(truth.shape) < 0.9)
    rows = np.where(kinds[:, None] == np.arange(5), 0.9, 0.2).astype(np.float32)
    prediction = replace(one.prediction, masks=masks, texts=("x",) * len(kinds))
    return replace(one, prediction=prediction, tt=rows, st=rows)


def image(seed: int) -> Overlap:
    item, draw = made(seed).overlap, np.random.default_rng(seed)
    texts = draw.choice(["cat", "a dog", "sky", "grey wall", "", "Baum"], len(item.areas))
    return replace(item, texts=tuple(texts.tolist()))


def truth(item: Overlap) -> TrueSegmentTexts:
    draw, classes = np.random.default_rng(len(item.areas)), item.truth_classes
    rows = draw.random((2, len(classes), 5)).astype(np.float32)
    areas = item.counts[:, :-2].sum(axis=0)
    return TrueSegmentTexts(item.image_id, classes, areas, rows[0], rows[1], ("tree",) * len(classes))


IMAGES = [image(seed) for seed in range(24)]
TRUTHS = [truth(item) for item in IMAGES]
OWN = {item.image_id: np.linspace(-0.1, 0.4, len(item.areas)).astype(np.float32) for item in IMAGES}


@cache
def score_all(score: Protocol) -> Scores:
    """The scores of all images. Look, do not touch."""
    return evaluate(IMAGES, TRUTHS, CLASSES, score, NAMING, own_text=OWN)


def scores(score: Protocol, images: list[Overlap] = IMAGES, truths: list[TrueSegmentTexts] = TRUTHS) -> Scores:
    if images is IMAGES and truths is TRUTHS:
        return score_all(score)
    return evaluate(images, truths, CLASSES, score, NAMING, own_text=OWN)


def test_names_of_all_metrics_stay() -> None:
    """A new metric adds a line to metric_names.txt; a line that changes breaks every table that was ever written."""
    asked = [preset(name) for name in PROTOCOLS]
    asked += [preset(name, metrics=list_words(), aggregation=("image", "dataset")) for name in PROTOCOLS]
    asked += [preset("paper", aggregation=("image", "dataset"), breakdown=BREAKDOWNS)]
    asked += [preset("paper", background="class", absent="ignore", below="ignore", unlabelled="ignore")]
    asked += [preset("smp", mapping="tt", aggregation=("image", "pair", "dataset"))]
    asked += [preset("panopticapi", mapping="tt"), preset("paper", void="first", unseen="one", unmatched="zero")]
    lines = [name for score in asked for name in scores(replace(score, resamples=0)).table["metric"]]
    found = list(dict.fromkeys(lines))
    assert all(str(parse(line)) == line for line in found)
    assert found == NAMES.read_text().splitlines()


def test_every_family_gives_a_number() -> None:
    table = scores(EVERY).table
    words = {parse(name).metric.split(".")[0] for name in table["metric"]}
    assert words == {
        "iou", "recall", "precision", "pixel_accuracy", "mean_accuracy", "fwiou", "tgq", "pq", "sq", "rq", "jaccard",
        "masks", "open_miou", "names", "clipscore",
    }  # fmt: skip
    assert table["metric"].is_unique and table["value"].notna().all() and (table["n"] > 0).all()
    assert (table["low"] <= table["value"]).all() and (table["high"] >= table["value"]).all()


@settings(max_examples=2)
@given(order=st.permutations(range(24)))
def test_order_of_images_changes_nothing(order: list[int]) -> None:
    one, other = scores(EVERY), scores(EVERY, [IMAGES[i] for i in order], [TRUTHS[i] for i in order[::-1]])
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)


def test_images_may_come_in_parts() -> None:
    """What is counted of an image depends on that image alone, so any split over batches or workers is the same.

    But for fwIoU, whose weights are those of the set.
    """
    asked = replace(EVERY, metrics=tuple(word for word in list_words() if word != "fwiou"))
    whole = scores(asked).rows
    parts = [scores(asked, IMAGES[at : at + 7], TRUTHS[at : at + 7]).rows for at in range(0, 24, 7)]
    for name, row in whole.items():
        for field in ("numerator", "denominator"):
            width = getattr(row, field).shape[1]
            pieces = [
                np.pad(getattr(p[name], field), ((0, 0), (0, width - getattr(p[name], field).shape[1]))) for p in parts
            ]
            np.testing.assert_array_equal(np.concatenate(pieces), getattr(row, field), err_msg=name)


@settings(max_examples=2)
@given(order=st.permutations(range(5)))
def test_relabelled_classes_change_nothing(order: list[int]) -> None:
    """Class i becomes order[i]. Similarities are made free of ties, which the lower index would win."""
    new, back = np.array(order), np.argsort(order)
    unlike = [_untied(item) for item in IMAGES]
    names = ClassList("five", tuple(CLASSES.names[i] for i in back), tuple(CLASSES.things[i] for i in back))
    moved = [_moved(item, new, back) for item in unlike]
    truths = [replace(t, classes=new[t.classes].astype(np.int32), tt=t.tt[:, back], st=t.st[:, back]) for t in TRUTHS]
    plain = replace(EVERY, resamples=0)
    one = evaluate(unlike, TRUTHS, CLASSES, plain, NAMING, own_text=OWN).table
    other = evaluate(moved, truths, names, plain, NAMING, own_text=OWN).table
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-9)


def _untied(item: Overlap) -> Overlap:
    noise = np.random.default_rng(int(item.image_id)).random((2, *item.tt.shape)) * 1e-3
    counts = item.counts * 1000
    counts[:, :-2] += np.random.default_rng(1).integers(0, 400, counts[:, :-2].shape) * (counts[:, :-2] > 0)
    return replace(
        item, counts=counts, tt=(item.tt + noise[0]).astype(np.float32), st=(item.st + noise[1]).astype(np.float32)
    )


def _moved(item: Overlap, new: np.ndarray, back: np.ndarray) -> Overlap:
    classes = new[item.truth_classes]
    order = np.argsort(classes)
    counts = np.hstack([item.counts[:, :-2][:, order], item.counts[:, -2:]])
    return replace(
        item, counts=counts, truth_classes=classes[order].astype(np.int32), tt=item.tt[:, back], st=item.st[:, back]
    )


def test_order_of_segments_changes_nothing() -> None:
    turned = []
    for item in IMAGES:
        kept = {name: getattr(item, name)[::-1] for name in ("areas", "tt", "st", "texts")}
        turned.append(replace(item, membership=item.membership[:, ::-1], **kept))
    # Equal areas are the first segment's: the two metrics that let no pixel belong to two may see that.
    score = replace(
        EVERY, metrics=tuple(m for m in list_words() if m not in ("panoptic", "open", "clipscore", "names"))
    )
    pd.testing.assert_frame_equal(scores(score).table, scores(score, turned).table, check_exact=False, rtol=1e-9)


def test_tau_below_all_similarities_equals_none_for_every_metric() -> None:
    low, none = (scores(replace(EVERY, tau_sbert=tau, tau_clip=tau)).table for tau in (-1.0, None))
    low = low[~low["metric"].str.contains("/tgq.micro>")].reset_index(drop=True)  # a hit is a matter of the threshold
    pd.testing.assert_frame_equal(low.drop(columns="metric"), none.drop(columns="metric"))


@pytest.mark.thinned(6)
@pytest.mark.parametrize("option", [*((k, v) for k in NAMED for v in CHOICES[k]), ("rounding", None), ("rounding", 1)])
def test_no_two_numbers_share_a_name(option: tuple[str, Any]) -> None:
    """Whatever option changes a number changes its name."""
    plain = replace(EVERY, resamples=0)
    one, other = (scores(score).table.set_index("metric") for score in (plain, replace(plain, **dict([option]))))
    both = one.index.intersection(other.index)
    pd.testing.assert_frame_equal(one.loc[both], other.loc[both])


GROUPED = replace(EVERY, breakdown=BREAKDOWNS)


def test_groups_leave_the_whole_as_it_is_and_add_up() -> None:
    whole, grouped = scores(EVERY).rows, scores(GROUPED).rows
    assert list(grouped)[: len(whole)] != [] and set(whole) < set(grouped)
    recall = next(name for name in whole if "/recall>0.5" in name)
    for kinds in (("kind.things", "kind.stuff"), tuple(f"class.{n}" for n in CLASSES.names)):
        parts = [grouped[recall.replace("recall>", f"recall.{kind}>")] for kind in kinds]
        assert sum(part.numerator.sum() for part in parts) == whole[recall].numerator.sum()
        assert sum(part.n for part in parts) == whole[recall].n
    sizes = [name for name in grouped if name.startswith(recall.split("/recall")[0] + "/recall.size.")]
    assert sum(grouped[name].n for name in sizes) == whole[recall].n and len(sizes) == 4


def test_one_class_of_the_miou_is_that_column() -> None:
    whole, grouped = scores(EVERY).rows, scores(GROUPED).rows
    name = next(name for name in whole if "tt(tiny)" in name and "iou.dataset" in name)
    for index, word in enumerate(CLASSES.names):
        top, bottom = (part[:, index].sum() for part in (whole[name].numerator, whole[name].denominator))
        assert grouped[f"{name}.class.{word}"].value() == pytest.approx(top / bottom)


def test_image_iou_of_a_class_is_the_mean_over_images_that_show_or_predict_it() -> None:
    grouped, means = scores(GROUPED).rows, []
    for seed in range(24):
        one = made(seed)
        value = slow_iou(one, assign(one.tt, 0.5)).get(1, np.nan)
        means += [] if np.isnan(value) else [value]
    found = grouped["toy:test/five/paper/tt(tiny)>=0.5/iou.image.union.class.dog"]
    assert found.value() == pytest.approx(np.mean(means)) and found.n == len(means)


def test_tgq_and_its_groups_agree_with_the_rows() -> None:
    grouped = scores(GROUPED).rows
    whole = grouped["toy:test/five/paper/tt(tiny)/tgq.micro>0.5"]
    parts = [grouped[f"toy:test/five/paper/tt(tiny)/tgq.micro.kind.{kind}>0.5"] for kind in ("things", "stuff")]
    assert sum(part.numerator.sum() for part in parts) == whole.numerator.sum() > 0
    sizes = [name for name in grouped if "/tgq.micro.size." in name and "tt(tiny)" in name]
    assert sum(">" in name.split("/")[-1] for name in sizes) == 4, "by the overlap table of the same image"


def test_metrics_without_classes_have_no_groups_and_pq_no_sizes() -> None:
    names = list(scores(GROUPED).rows)
    assert not [
        n for n in names for part in ("hungarian_all.", "own_text.", "/pq.size", "/open_miou.size") if part in n
    ]
    assert [n for n in names if "/pq.kind.things" in n]


def test_without_texts_the_error_names_image_and_need() -> None:
    blind = [replace(item, tt=None) for item in IMAGES]
    with pytest.raises(UserError, match="image 0000 has no texts"):
        scores(replace(EVERY, metrics=("soft",)), blind)
    found = scores(replace(EVERY, metrics=("masks", "overlap")), blind).table["metric"]
    assert len(found) == 5 and found.str.contains("/none/").all()


def test_own_text_is_left_out_where_nobody_has_the_cosines() -> None:
    names = evaluate(IMAGES, TRUTHS, CLASSES, replace(EVERY, metrics=("clipscore",)), NAMING).table["metric"].tolist()
    assert names == ["toy:test/five/paper/st(clip)/clipscore.class_prompt"]
