"""Mappings of segments to classes against slow versions of themselves, made from pixels."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bench.errors import UsageError, UserError
from bench.mapping.choose import KNOWN, OF_RECORD, find_similarity_of, make_strategies, make_strategy
from bench.mapping.exact import Exact
from bench.mapping.grounded import Grounded
from bench.mapping.hungarian import Hungarian
from bench.mapping.labels import assign_labels, find_threshold
from bench.mapping.maxoverlap import MaxOverlap
from bench.mapping.nearest import Nearest
from bench.mapping.table import read_table
from bench.metric_name import parse
from bench.protocol import Protocol
from bench.records import VOID
from bench.score.evaluate import check_words
from tests.unit.metrics.make import CLASSES, NAMING, Case, by_hand, case, resized, row

SEEDS = range(25)


def shared(one: Case, classes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Intersection and IoU of every segment with every class, from pixels; void belongs to no area."""
    truth = one.sample.truth
    masks = [resized(mask, truth.shape) for mask in one.prediction.masks]
    both = np.array([[(m & (truth == c)).sum() for c in classes] for m in masks]).reshape(len(masks), len(classes))
    either = [[((m & (truth != VOID)) | (truth == c)).sum() for c in classes] for m in masks]
    return both.astype(float), both / np.maximum(np.array(either).reshape(both.shape), 1)


def present(one: Case) -> list[int]:
    truth = one.sample.truth
    return sorted(set(truth[truth >= 0].tolist()))


@pytest.mark.parametrize("seed", SEEDS)
def test_grounded_is_the_nearest_of_the_classes_that_are_there(seed: int) -> None:
    one = case(seed, overlapping=True)
    label, best = Grounded("tt").assign(one.overlap)
    for segment, similarities in enumerate(one.tt):
        near = [(-round(float(similarities[c]), 6), c) for c in present(one)]
        expected = min(near)[1] if near and similarities.any() else -1
        assert label[segment] == expected
        assert expected < 0 or best[segment] == -min(near)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_maximal_overlap_is_the_class_with_most_pixels(seed: int) -> None:
    one = case(seed, overlapping=True)
    both, _ = shared(one, present(one))
    expected = [present(one)[int(np.argmax(line))] if line.any() else -1 for line in both]
    assert MaxOverlap().assign(one.overlap)[0].tolist() == expected


@pytest.mark.parametrize("by", ["intersection", "iou"])
@pytest.mark.parametrize("seed", SEEDS)
def test_hungarian_is_one_to_one_and_no_other_matching_is_worth_more(seed: int, by: str) -> None:
    one = case(seed, overlapping=seed % 2 == 0, n=seed % 5)
    classes = present(one)
    worth = shared(one, classes)[by == "iou"]
    label = Hungarian(by).assign(one.overlap)[0]
    matched = [c for c in label.tolist() if c >= 0]
    assert len(set(matched)) == len(matched)
    got = sum(worth[s, classes.index(c)] for s, c in enumerate(label.tolist()) if c >= 0)
    small, large = sorted((len(label), len(classes)))
    square = worth if len(label) <= len(classes) else worth.T
    best = max((sum(square[i, p[i]] for i in range(small)) for p in permutations(range(large), small)), default=0)
    assert got == pytest.approx(best, abs=1e-9)
    assert got == pytest.approx(worth[linear_sum_assignment(worth, maximize=True)].sum(), abs=1e-9)


def test_hungarian_by_hand() -> None:
    """Both segments lie mostly on the cat; the one that has more of the dog must take the dog."""
    truth = [[0, 0, 0, 0, 1, 1]]
    masks = [[[1, 1, 0, 0, 0, 0]], [[0, 0, 1, 1, 1, 0]]]
    item = by_hand(truth, masks, [row(), row()])
    assert MaxOverlap().assign(item)[0].tolist() == [0, 0]
    assert Hungarian().assign(item)[0].tolist() == [0, 1]
    third = by_hand(truth, [*masks, [[0, 0, 0, 0, 0, 0]]], [row()] * 3)
    assert Hungarian().assign(third)[0].tolist() == [0, 1, -1]


def test_an_assigned_segment_that_shares_no_pixel_stays_unlabelled() -> None:
    """Two segments and two classes: the assignment gives both a class, but the second lies on background alone."""
    item = by_hand([[0, 1, -1]], [[[1, 0, 0]], [[0, 0, 1]]], [row(), row()])
    for by in ("intersection", "iou"):
        label, sure = Hungarian(by).assign(item)
        assert (label.tolist(), sure.tolist()) == ([0, -1], [1, 0])


def test_exact_means_letter_by_letter() -> None:
    item = replace(by_hand([[0]], [[[1]]] * 5, [row()] * 5), texts=("dog", "Dog", "dog ", "", "sky"))
    label, sure = Exact(CLASSES.texts).assign(item)
    assert label.tolist() == [1, -1, -1, -1, 2] and sure.tolist() == [1, 0, 0, 0, 1]


def test_exact_knows_the_aliases_of_a_class_and_a_name_goes_before_anothers_alias() -> None:
    item = replace(by_hand([[0]], [[[1]]] * 4, [row()] * 4), texts=("kitty", "sky", "heaven", "cow"))
    texts = (("cat", "kitty", "sky"), ("dog", "heaven"), ("sky", "heaven"))
    assert Exact(texts).assign(item)[0].tolist() == [0, 2, 1, -1]


def write(path: Path, words: object) -> Path:
    path.write_text(json.dumps(words), encoding="utf-8")
    return path


def test_table_maps_by_word_and_counts_what_it_lacks(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.json", {"puppy": "dog", "größer Hund": "dog", "blue": None}), CLASSES.names)
    item = replace(by_hand([[0]], [[[1]]] * 5, [row()] * 5), texts=("puppy", "größer Hund", "blue", "kitten", " "))
    assert table.assign(item)[0].tolist() == [1, 1, -1, -1, -1]
    assert table.list_missing([*item.texts, "kitten"]) == {"kitten": 2}


def test_the_hash_of_a_table_is_of_what_it_says(tmp_path: Path) -> None:
    words = {"puppy": "dog", "blue": None}
    name = read_table(write(tmp_path / "a.json", words), CLASSES.names).name
    assert name == read_table(write(tmp_path / "b.json", dict(reversed(words.items()))), CLASSES.names).name
    assert name != read_table(write(tmp_path / "c.json", {**words, "blue": "sky"}), CLASSES.names).name
    assert name == "table(4f901a44)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"puppy": "dgo"}', "'puppy' is mapped to 'dgo', which is no class of the data set (did you mean 'dog'?)"),
        ('{"puppy": 3}', "a table is a JSON object of word: class name or null"),
        ('["puppy"]', "a table is a JSON object of word: class name or null"),
        ('{"puppy": "dog", "puppy": null}', "'puppy' stands there twice"),
        ('{"puppy"', "not a table of words"),
    ],
)
def test_a_bad_table_is_one_clear_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(UserError) as caught:
        read_table(tmp_path / "t.json", CLASSES.names)
    assert told in str(caught.value) and str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(UserError, match="cannot be read"):
        read_table(tmp_path / "none.json", CLASSES.names)


def test_names_under_a_snapshot(tmp_path: Path) -> None:
    path = write(tmp_path / "t.json", {"puppy": "dog", "blue": None})
    made = make_strategies(KNOWN, CLASSES.texts, str(path))
    models = {"tt": "tiny@1b2c3d4e,fp32", "st": "clip,fp32,prompt=image-of-a"}
    names = [make_strategy(m, 6, models.get(find_similarity_of(m) or "")).name for m in made]
    assert names == [
        "tt(tiny@1b2c3d4e,fp32)", "st(clip,fp32,prompt=image-of-a)", "grounded-tt(tiny@1b2c3d4e,fp32)",
        "grounded-st(clip,fp32,prompt=image-of-a)", "maxoverlap", "hungarian", "hungarian-iou", "exact",
        "table(4f901a44)",
    ]  # fmt: skip
    for mapping in made:
        full = NAMING("paper", "iou.image.union", mapping)
        assert str(parse(full)) == full


def test_what_reads_similarities_is_verified_by_their_threshold() -> None:
    score = Protocol(tau_sbert=0.4, tau_clip=0.2)
    found = {word: find_threshold(word, score) for word in OF_RECORD}
    assert found == {
        "tt": 0.4, "st": 0.2, "grounded-tt": 0.4, "grounded-st": 0.2,
        "maxoverlap": None, "hungarian": None, "hungarian-iou": None,
    }  # fmt: skip


def test_labels_of_a_strategy_equal_those_of_its_word() -> None:
    item, score = case(4, n=5).overlap, Protocol()
    for word in OF_RECORD:
        own = assign_labels(item, make_strategy(word, score.rounding), [None, 0.5], score).every
        assert (assign_labels(item, word, [None, 0.5], score).every == own).all() and own.shape == (2, 5)
    by_word, by_strategy = (assign_labels(item, mapping, [0.3], score) for mapping in ("tt", Nearest("tt")))
    assert (by_word.every == by_strategy.every).all() and by_word.chosen is by_word.every


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_segments_changes_no_label(seed: int) -> None:
    one = case(seed, n=4)
    order = np.random.default_rng(seed).permutation(4)
    turned = replace(
        one,
        prediction=replace(one.prediction, masks=one.prediction.masks[order]),
        tt=one.tt[order],
        st=one.st[order],
    )
    for word in ("tt", "grounded-tt", "maxoverlap"):
        first, second = (make_strategy(word, 6).assign(item)[0] for item in (one.overlap, turned.overlap))
        assert (first[order] == second).all()


def test_what_is_wrong_with_a_mapping_is_said() -> None:
    with pytest.raises(UsageError, match="did you mean hungarian"):
        check_words(Protocol(mapping=("hungarain",)))
    with pytest.raises(UsageError, match="score.table=FILE"):
        make_strategies(("table",), CLASSES.texts, None)
    with pytest.raises(UsageError, match="class names"):
        make_strategy("exact", 6)
    item = replace(case(1, n=2).overlap, st=None)
    with pytest.raises(UserError, match="image 0001 has no embeddings: score.mapping=st needs them"):
        make_strategy("grounded-st", 6).assign(item)
