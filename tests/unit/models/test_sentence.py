"""The sentence encoder: equal texts, the order of cosines, and the library's own answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from bench.errors import UserError
from bench.models import sources
from bench.models.sentence import Sentence
from data_prep.random_models import make_sentence


@pytest.fixture(scope="module")
def sentence() -> Sentence:
    return Sentence("embedded:sentence")


def test_vectors_are_the_librarys_own(sentence: Sentence) -> None:
    texts = ["red car", "a dog on the grass", "mountain"]
    own = SentenceTransformer(sources.resolve("embedded:sentence"), device="cpu").float().encode(texts)
    np.testing.assert_allclose(sentence.encode(texts), own, atol=1e-6)


def test_unit_length_and_float32(sentence: Sentence) -> None:
    vectors = sentence.encode(["sky", "a very long text about nothing " * 50, "x", "skateboard"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-6)


def test_equal_texts_have_similarity_one_and_order_does_not_matter(sentence: Sentence) -> None:
    names = ["sky", "brick wall", "toothbrush", "sky blue"]
    rows = sentence.compute_similarity(names[::-1] * 20, names)
    np.testing.assert_allclose(rows[:4][::-1].diagonal(), 1, atol=1e-6)
    assert np.array_equal(rows[:4], rows[-4:])
    np.testing.assert_allclose(sentence.compute_similarity(["sky"], names), rows[3:4], atol=1e-6)


def test_nearer_meanings_have_greater_cosines(sentence: Sentence) -> None:
    triples = [("automobile", "car", "sky"), ("couch", "sofa", "grass"), ("puppy", "dog", "bus"),
               ("sea", "water", "chair"), ("red car", "car", "flower"), ("bicycle", "bike", "cloud"),
               ("boat", "ship", "curtain")]  # fmt: skip
    for text, near, far in triples:
        row = sentence.compute_similarity([text], [near, far])[0]
        assert row[0] > row[1] + 0.2, (text, near, far, row)
    row = sentence.compute_similarity(["automobile"], ["car", "sky"])[0]
    assert row[0] > 0.5 > row[1]


def test_no_texts_and_an_empty_text(sentence: Sentence) -> None:
    assert sentence.encode([]).shape == (0, sentence.encode(["x"]).shape[1])
    assert sentence.compute_similarity([], ["sky"]).shape == (0, 1)
    assert np.array_equal(sentence.compute_similarity(["", "sky"], ["sky"])[0], [0.0])


def test_prompt_is_put_before(sentence: Sentence) -> None:
    prompted = Sentence("embedded:sentence", prompt="a photo of ")
    np.testing.assert_allclose(prompted.encode(["sky"]), sentence.encode(["a photo of sky"]), atol=1e-6)


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        Sentence(str(tmp_path / "none"))


def test_a_folder_that_does_not_say_its_pooling(tmp_path: Path) -> None:
    """sentence-transformers would take the mean, with a warning: other numbers than the model's own."""
    shutil.copytree(make_sentence(tmp_path / "s", tiny=True), tmp_path / "t")
    (tmp_path / "t" / "modules.json").unlink()
    assert Sentence(str(tmp_path / "s")).encode(["a dog"]).shape == (1, 32)
    with pytest.raises(UserError, match="has no modules.json, so that its pooling would be guessed"):
        Sentence(str(tmp_path / "t"))


def test_weights_are_computed_in_float32(sentence: Sentence) -> None:
    assert {p.dtype for p in sentence.model.parameters()} == {torch.float32}
