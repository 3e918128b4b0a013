"""Texts that mean no class, under every mapping, against labels told text by text and IoU counted pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bench.errors import UsageError
from bench.mapping.choose import make_strategies
from bench.mapping.no_class import (
    count_silent_words,
    describe_silent_texts,
    join_words,
    list_silent_words,
    silence_texts,
)
from bench.metric_name import parse
from bench.protocol import NO_CLASS, Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.curves import compute_curves
from bench.score.evaluate import evaluate
from bench.score.presets import make_protocol as preset
from bench.score.presets import make_title
from tests.unit.metrics.make import CLASSES, NAMING, Case, by_hand, case, row, slow_iou

TEXTS = ("cat", "Background", "wall", "[unlabelled]", "N/A", "tree", "other", "a dog")
SILENT = ("Background", "[unlabelled]", "N/A", "other")
MAPPINGS = ("tt", "st", "grounded-tt", "grounded-st", "maxoverlap", "hungarian", "hungarian-iou", "exact")


def spoken(seed: int) -> Case:
    """A random image whose segments say a word each."""
    one = case(seed, overlapping=True)
    texts = tuple(np.random.default_rng(seed).choice(TEXTS, len(one.prediction)).tolist())
    return replace(one, prediction=replace(one.prediction, texts=texts))


CASES = [spoken(seed) for seed in range(30)]
WORDS_HERE = list_silent_words(NO_CLASS, CLASSES)
OVERLAPS = [one.overlap for one in CASES]


def told(one: Case, mapping: str, tau: float) -> list[int]:
    """The class of each segment by its own text, the slow way; -1 for none."""
    found = []
    for text, similarities in zip(one.prediction.texts, one.tt, strict=True):
        among = range(5) if mapping == "tt" else sorted({int(c) for c in one.sample.truth.ravel() if c >= 0})
        near = min(((-round(float(similarities[c]), 6), c) for c in among), default=(0.0, -1))
        named = text not in SILENT and similarities.any() and -near[0] >= tau
        found.append(near[1] if named else -1)
    return found


def image_mean(found: dict[int, float]) -> float:
    known = [value for value in found.values() if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def scored(images: Sequence[Overlap], mapping: str, words: frozenset[str], **options: object) -> dict[str, float]:
    made = make_strategies((mapping,), CLASSES.texts, None)
    score = Protocol(mapping=made, metrics=("iou", "recall"), resamples=0, **options)  # type: ignore[arg-type]
    found = evaluate(silence_texts(images, words), [], CLASSES, score, NAMING)
    return dict(zip([parse(name).metric for name in found.table["metric"]], found.table["value"], strict=True))


@pytest.mark.parametrize("mapping", ["tt", "grounded-tt"])
@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_their_segments_have_no_label_where_texts_are_read(mapping: str, tau: float) -> None:
    labels = [np.array(told(one, mapping, tau), np.int32) for one in CASES]
    means = [image_mean(slow_iou(one, label)) for one, label in zip(CASES, labels, strict=True)]
    found = scored(OVERLAPS, mapping, WORDS_HERE, tau_sbert=tau)
    assert found["iou.image.union"] == pytest.approx(np.nanmean(means), abs=1e-12)
    assert found != scored(OVERLAPS, mapping, frozenset(), tau_sbert=tau), "the words matter here"


@pytest.mark.parametrize("mapping", [m for m in MAPPINGS if m not in ("tt", "grounded-tt")])
def test_nothing_changes_where_none_are_read(mapping: str) -> None:
    assert scored(OVERLAPS, mapping, WORDS_HERE) == scored(OVERLAPS, mapping, frozenset())


def test_curves_agree_with_scores_at_every_threshold() -> None:
    images = silence_texts(OVERLAPS, WORDS_HERE)
    taus = (0.0, 0.3, 0.5, 0.7, 1.0)
    lines, _ = compute_curves(images, CLASSES, Protocol(resamples=0), NAMING, "tt", taus, axes=("tau",))
    for tau in taus:
        labels = [np.array(told(one, "tt", tau), np.int32) for one in CASES]
        mean = np.nanmean([image_mean(slow_iou(one, label)) for one, label in zip(CASES, labels, strict=True)])
        value = lines.query("metric == 'iou.image.union' and tau == @tau")["value"].item()
        assert value == pytest.approx(mean, abs=1e-12)
        assert value == scored(OVERLAPS, "tt", WORDS_HERE, tau_sbert=tau)["iou.image.union"]


def test_by_hand() -> None:
    """Half cat, half background. Called by the nearest name, "background" would be a sky that is not there."""
    image = by_hand([[0, 0, -1, -1]], [[[1, 1, 0, 0]], [[0, 0, 1, 1]]], [row(cat=1.0), row(sky=0.6)])
    image = replace(image, texts=("cat", "background"))
    assert scored([image], "tt", frozenset())["iou.image.union"] == 0.5  # cat 1, sky 0
    assert scored([image], "tt", WORDS_HERE)["iou.image.union"] == 1.0
    as_class = {"background": "class", "aggregation": ("dataset",)}
    assert scored([image], "tt", WORDS_HERE, **as_class)["iou.dataset.union"] == 1.0, "cat and background, both right"
    assert describe_silent_texts([image], [], WORDS_HERE) == ["1 segments say background: no class (score.no_class)"]


def test_a_true_segment_so_described_is_a_miss() -> None:
    rows = np.array([row(cat=0.9), row(dog=0.8)], np.float32)
    oracle = TrueSegmentTexts("x", np.array([0, 1], np.int32), np.array([4, 4]), rows, rows, ("a cat", "Unknown."))
    (after,) = silence_texts([oracle], WORDS_HERE)
    found = evaluate([], [after], CLASSES, Protocol(metrics=("tgq",), resamples=0), NAMING)
    assert found.table.set_index("metric")["value"]["toy:test/five/paper/tt(tiny)/tgq.micro>0.5"] == 0.5
    assert (after.st == rows).all() and after.texts == oracle.texts
    assert describe_silent_texts([], [oracle], WORDS_HERE) == [
        "1 true segments are described as unknown: no class, so a miss each"
    ]  # fmt: skip


def test_a_class_of_that_name_stays_a_class() -> None:
    classes = ClassList("c", ("cat", "Background", "tree"), (True,) * 3, ((), ("void",), ()))
    words = list_silent_words(NO_CLASS, classes)
    assert not words & {"background", "void"} and {"unknown", "other", "n a"} <= words
    image = replace(OVERLAPS[1], texts=("background", "void", "other", "other", "x")[: len(OVERLAPS[1].areas)])
    assert count_silent_words([image], words).keys() <= {"other"}


def test_counts_name_the_words() -> None:
    images = [replace(o, texts=("Void", "background", "background.", "cat", "x")[: len(o.areas)]) for o in OVERLAPS]
    n = sum(len(o.areas) >= 1 for o in images), sum(min(2, max(0, len(o.areas) - 1)) for o in images)
    assert describe_silent_texts(images, [], WORDS_HERE) == [
        f"{sum(n)} segments say background ({n[1]}), void ({n[0]}): no class (score.no_class)"
    ]  # fmt: skip


def test_the_list_is_part_of_the_name_where_it_differs() -> None:
    assert make_title(preset("paper")) == "paper" and make_title(preset("reference")) == "reference"
    assert preset("reference").no_class == () == preset("soft").no_class
    assert make_title(preset("paper", no_class=())) == "paper{no_class=none}"
    assert make_title(preset("paper", no_class=tuple(reversed(NO_CLASS)))) == "paper", "the order says nothing"
    assert make_title(preset("paper", no_class="background")) == "paper{no_class=background}"
    assert make_title(preset("reference", no_class=("Void", "back ground"))) == "reference{no_class=2words.da74ae71}"
    name = NAMING(make_title(preset("paper", no_class=NO_CLASS[1:])), "recall", "tt", 0.5)
    assert parse(name).options[0][0] == "no_class"
    assert join_words(["b", "a", "B."]) == "a+b" and join_words([]) == "none" != join_words(["none"])
    for wrong in ((" ",), (5,)):
        with pytest.raises(UsageError, match="score.no_class=.*: needs a list of texts"):
            Protocol(no_class=wrong)  # type: ignore[arg-type]
