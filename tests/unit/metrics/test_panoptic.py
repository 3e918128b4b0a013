"""Panoptic quality against maps and loops, against torchmetrics where it is there, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.metrics.panoptic import compute_panoptic_quality
from bench.metrics.terms import Terms
from bench.records import BACKGROUND, VOID, Overlap
from tests.unit.metrics.make import CLASSES, Case, by_hand, case, resized, row
from tests.unit.metrics.measure import image_of, pooled

CAT, DOG, SKY, WALL, TREE = range(5)


def value(found: list[dict[str, Terms]], name: str) -> float:
    return pooled([one[name] for one in found]).value()


def panoptic(item: Overlap, label: np.ndarray, background: str = "context", void: str = "ignore") -> dict[str, Terms]:
    return compute_panoptic_quality(image_of(item, labels=label[None], background=background, void=void))


def labelled(seed: int) -> tuple[Case, np.ndarray]:
    one = case(seed)
    draw = np.random.default_rng(seed)
    truth = np.unique(one.sample.truth[one.sample.truth >= 0])
    own = draw.choice(truth, len(one.prediction)) if len(truth) else np.zeros(len(one.prediction))
    return one, np.where(draw.random(len(own)) < 0.15, -1, own).astype(np.int32)


def larger(one: Case) -> Case:
    """The truth as prediction, with faults: so that there are matches."""
    draw = np.random.default_rng(len(one.prediction.image_id))
    truth = one.sample.truth
    kinds = np.unique(truth)
    masks = np.array([(truth == kind) & (draw.random(truth.shape) < 0.9) for kind in kinds])
    similar = np.zeros((len(kinds), 5), np.float32)
    prediction = replace(one.prediction, masks=masks, texts=("x",) * len(kinds))
    return replace(one, prediction=prediction, tt=similar, st=similar)


def slow(pairs: list[tuple[Case, np.ndarray]]) -> dict[str, float]:
    """From label maps: each segment one integer, stuff united, every pair looked at."""
    tally = {c: [0.0, 0, 0, 0] for c in range(5)}  # sum of IoU, TP, FP, FN
    for one, label in pairs:
        truth = one.sample.truth
        masks = [resized(mask, truth.shape) for mask in one.prediction.masks]
        true = {(c, 0): truth == c for c in set(truth[truth >= 0].tolist())}
        found: dict[tuple[int, int], np.ndarray] = {}
        for s, (mask, own) in enumerate(zip(masks, label.tolist(), strict=True)):
            if own >= 0:
                key = (own, s if CLASSES.things[own] else 0)
                found[key] = found.get(key, np.zeros(truth.shape, bool)) | mask
        hit = set()
        for p, mask in found.items():
            if not mask.any():
                continue
            matched = False
            for g, other in true.items():
                kept = mask & (truth != VOID)
                iou = (kept & other).sum() / (kept | other).sum()
                if p[0] == g[0] and iou > 0.5:
                    tally[p[0]][0] += iou
                    tally[p[0]][1] += 1
                    hit.add(g)
                    matched = True
            if not matched and (mask & (truth == VOID)).sum() <= mask.sum() / 2:
                tally[p[0]][2] += 1
        for g in set(true) - hit:
            tally[g[0]][3] += 1
        assert len(hit) == len(set(hit))
    counted = {c: t + (f + m) / 2 for c, (_, t, f, m) in tally.items()}
    seen = [c for c in counted if counted[c]]
    return {
        "pq": np.mean([tally[c][0] / counted[c] for c in seen]),
        "sq": np.mean([tally[c][0] / tally[c][1] for c in seen if tally[c][1]]),
        "rq": np.mean([tally[c][1] / counted[c] for c in seen]),
    }


def pairs() -> list[tuple[Case, np.ndarray]]:
    """Random predictions, of which hardly one matches, and predictions near the truth."""
    near = [larger(case(seed, n=3)) for seed in range(20)]
    own = [np.unique(one.sample.truth).clip(-1).astype(np.int32) for one in near]
    return [labelled(seed) for seed in range(40)] + list(zip(near, own, strict=True))


def test_equals_loops_over_maps() -> None:
    found = [panoptic(one.overlap, label) for one, label in pairs()]
    expected = slow(pairs())
    assert {name: value(found, name) for name in expected} == pytest.approx(expected)
    assert 0.1 < expected["pq"] < 0.9


def test_equals_torchmetrics() -> None:
    """Background is one more stuff class there; the five are averaged here."""
    import torch
    from torchmetrics import detection

    images = []
    for one, label in pairs():
        truth = one.sample.truth
        truth[truth == VOID] = BACKGROUND  # torchmetrics decides by other rules what lies on void
        seen = np.full((*truth.shape, 2), (5, 0))
        for s, (mask, own) in enumerate(zip(one.prediction.masks, label.tolist(), strict=True)):
            seen[resized(mask, truth.shape)] = (own, s + 1 if CLASSES.things[own] else 0) if own >= 0 else (5, 0)
        true = np.stack([np.where(truth == BACKGROUND, 5, truth), np.zeros_like(truth)], axis=-1)
        images.append((seen, true, panoptic(one.overlap, label)))
    assert len(images) == 60
    metric = detection.PanopticQuality({CAT, DOG, TREE}, {SKY, WALL, 5}, return_sq_and_rq=True, return_per_class=True)
    for seen, true, _ in images:
        metric.update(torch.tensor(seen[None]), torch.tensor(true[None]))
    theirs = metric.compute().numpy()
    order = [CAT, DOG, TREE, SKY, WALL]
    known = [at for at in range(5) if any((i[2]["pq"].classes == order[at]).any() for i in images)]
    assert value([i[2] for i in images], "pq") == pytest.approx(theirs[known, 0].mean(), abs=1e-6)


def test_things_stay_apart_and_stuff_is_united() -> None:
    masks = [[[1, 1, 0, 0]], [[0, 0, 1, 1]]]
    stuff, things = (by_hand([[c, c, c, c]], masks, [row(), row()]) for c in (SKY, CAT))
    one = panoptic(stuff, np.array([SKY, SKY], np.int32))
    assert value([one], "pq") == 1
    two = panoptic(things, np.array([CAT, CAT], np.int32))
    assert value([two], "pq") == 0, "IoU 1/2 is no match: two false positives and a miss"


def test_objects_are_matched_one_by_one() -> None:
    item = by_hand([[CAT, CAT, CAT, CAT]], [[[1, 1, 0, 0]], [[0, 0, 1, 0]]], [row(), row()])
    item = objects(item)
    found = panoptic(item, np.array([CAT, CAT], np.int32))
    assert (value([found], "pq"), value([found], "sq"), value([found], "rq")) == (0.5, 1, 0.5)


def objects(item: Overlap) -> Overlap:
    """The cat in two objects: the first two pixels, and the last two (whose segment covers one: IoU 1/2)."""
    whole = item.counts[:, 0]
    first = item.membership[:, 0]
    counts = np.stack([whole * first, whole * ~first, item.counts[:, 1], item.counts[:, 2]], axis=1)
    return replace(item, counts=counts, truth_classes=np.array([CAT, CAT], np.int32))


def test_what_lies_on_void_is_no_false_positive() -> None:
    item = by_hand([[CAT, VOID, VOID, DOG]], [[[1, 0, 0, 0]], [[0, 1, 1, 0]]], [row(), row()])
    label = np.array([CAT, CAT], np.int32)
    assert value([panoptic(item, label)], "pq") == pytest.approx(1 / 2), "the dog is missed"
    counted = panoptic(item, label, void="count")
    assert value([counted], "pq") == pytest.approx(1 / 1.5 / 2)


def test_a_segment_on_an_image_without_any_object_is_a_false_positive() -> None:
    """torchmetrics' average precision of masks forgets such images (findings/)."""
    nothing = by_hand([[BACKGROUND, BACKGROUND]], [[[1, 0]]], [row()])
    found = by_hand([[CAT, CAT]], [[[1, 1]]], [row()])
    pair = [panoptic(one, np.array([CAT], np.int32)) for one in (nothing, found)]
    assert value(pair, "pq") == pytest.approx(1 / 1.5) and value(pair[1:], "pq") == 1


def test_background_by_policy() -> None:
    item = by_hand([[CAT, CAT, BACKGROUND, BACKGROUND]], [[[1, 1, 1, 0]], [[0, 0, 0, 1]]], [row(), row()])
    label = np.array([CAT, DOG], np.int32)
    expected = {"context": (2 / 3 + 0) / 2, "voc": 2 / 3, "ignore": 1}
    for policy, pq in expected.items():
        assert value([panoptic(item, label, policy)], "pq") == pytest.approx(pq)


def test_nothing_predicted_nothing_true_and_a_hidden_segment() -> None:
    empty = by_hand([[CAT]], [], [])
    assert value([panoptic(empty, np.zeros(0, np.int32))], "pq") == 0
    void = by_hand([[VOID]], [], [])
    assert np.isnan(value([panoptic(void, np.zeros(0, np.int32))], "pq"))
    hidden = by_hand([[CAT, DOG]], [[[1, 1]], [[1, 0]], [[0, 1]]], [row()] * 3)
    found = panoptic(hidden, np.array([CAT, CAT, DOG], np.int32))
    assert value([found], "pq") == 1
