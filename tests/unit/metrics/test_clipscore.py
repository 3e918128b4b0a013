"""CLIPScore of segments, by hand; its cosines against numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import UserError
from bench.mapping.similarity import compute_own_similarity
from bench.metrics.clipscore import compute_class_prompt, compute_own_text
from bench.metrics.terms import Terms
from bench.records import TrueSegmentTexts
from tests.unit.metrics.make import by_hand, row
from tests.unit.metrics.measure import image_of, pooled


def value(found: dict[str, Terms], name: str) -> float:
    return pooled([found[name]]).value()


def test_own_text_and_its_area_weighted_form() -> None:
    item = by_hand([[0, 0, 0, 0]], [[[1, 0, 0, 0]], [[0, 1, 1, 1]]], [row(), row()])
    found = compute_own_text(image_of(item, own_text=np.array([0.4, -0.2], np.float32)))
    assert value(found, "clipscore.own_text") == pytest.approx(2.5 * 0.4 / 2), "a negative cosine counts as 0"
    assert value(found, "clipscore.own_text_area") == pytest.approx(2.5 * 0.4 / 4)


@pytest.mark.parametrize("cosines", [[0.1], [0.1, np.nan]])
def test_cosines_that_do_not_fit_are_an_error(cosines: list[float]) -> None:
    item = by_hand([[0, 0]], [[[1, 0]], [[0, 1]]], [row(), row()], name="im7")
    with pytest.raises(UserError, match="image im7: CLIPScore needs one finite cosine for each of 2 texts"):
        compute_own_text(image_of(item, own_text=np.array(cosines, np.float32)))


def test_class_prompt_reads_the_true_class_whatever_the_text() -> None:
    st = np.array([row(cat=0.3, dog=0.9), row(dog=-0.5)], np.float32)
    oracle = TrueSegmentTexts("x", np.array([0, 1], np.int32), np.array([5, 5]), st, st, ("dog", "dog"))
    assert value(compute_class_prompt(image_of(None, oracle)), "clipscore.class_prompt") == pytest.approx(2.5 * 0.3 / 2)
    assert compute_class_prompt(image_of(None, replace(oracle, st=None))) == {}


class Clip:
    """Texts to the length of each of the first letters: enough to tell which prompt was read."""

    def encode_text(self, texts: list[str]) -> np.ndarray:
        self.read = texts
        return np.array([[len(text), 1.0, text.count("a")] for text in texts], np.float32)


def test_own_similarity_pairs_each_segment_with_its_own_text() -> None:
    clip, vectors = Clip(), np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    found = compute_own_similarity(clip, vectors, ["cat", "", "a bird", "cat"])
    assert clip.read == ["Image of a cat.", "Image of a a bird."]
    for at, text in ((0, "cat"), (2, "a bird"), (3, "cat")):
        other = clip.encode_text([f"Image of a {text}."])[0]
        expected = vectors[at] @ other / np.linalg.norm(vectors[at]) / np.linalg.norm(other)
        assert found[at] == pytest.approx(expected, abs=1e-6)
    assert found[1] == 0 and compute_own_similarity(clip, vectors[:1], [" "]).tolist() == [0]
