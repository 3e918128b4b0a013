"""TT and ST with encoders whose vectors are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bench.errors import UserError
from bench.mapping.similarity import (
    SegmentToText,
    TextToText,
    compute_cosine,
    count_empty,
)


class Letters:
    """Counts of letters: a real, if small, text encoder."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        counts = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyzé"] for text in texts])
        return (counts + 0.1).astype(np.float32)

    encode_text = encode


def test_text_similarity_is_the_cosine_and_identical_strings_are_one() -> None:
    similarity = TextToText(Letters(), ("cat", "dog", "naïve café"))(["cat", "act", "dog"])
    a, b = Letters().encode(["act", "dog"]).astype(np.float64)
    assert similarity[1, 1] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-7)
    assert similarity[0, 0] == 1 and similarity[2, 1] == 1
    assert similarity.dtype == np.float32


class Drifting(Letters):
    """Equal texts of two calls get vectors that differ a little, as in batches of other lengths."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls = getattr(self, "calls", 0) + 1
        return super().encode(texts) + np.float32(self.calls) * np.linspace(0, 0.01, 27, dtype=np.float32)


@pytest.mark.parametrize("aliases", [(), (("kitten",), ())])
def test_raw_leaves_identical_strings_the_cosine_they_have(aliases: tuple[tuple[str, ...], ...]) -> None:
    texts, names = ["cat", "dog", ""], ("cat", "dog")
    exact, raw = (TextToText(Drifting(), names, aliases, raw)(texts) for raw in (False, True))
    assert (np.diag(exact) == 1).all() and (np.diag(raw) < 1).all() and (np.diag(raw) > 0.99).all()
    assert exact[0, 1] == raw[0, 1] and exact[1, 0] == raw[1, 0] and not raw[2].any()


def test_empty_texts_are_zero_to_everything_and_counted() -> None:
    texts = ["", "cat", "  "]
    similarity = TextToText(Letters(), ("cat", "dog"))(texts)
    assert not similarity[[0, 2]].any() and similarity[1, 0] == 1
    assert count_empty(texts) == 2
    assert TextToText(Letters(), ("cat", "dog"))([]).shape == (0, 2)
    assert TextToText(Letters(), ("cat", "dog"))([""]).tolist() == [[0, 0]]


def test_repeated_texts_are_encoded_once_and_rows_do_not_depend_on_others() -> None:
    encoder = Letters()
    many = TextToText(encoder, ("cat",))(["owl", "fox", "owl"])
    assert sorted(encoder.seen) == ["cat", "fox", "owl"]
    assert many[0] == many[2] == TextToText(Letters(), ("cat",))(["owl"])[0]


def test_segment_similarity_uses_the_prompt_and_encodes_classes_once() -> None:
    encoder = Letters()
    mapping = SegmentToText(encoder, ("cat", "dog"))
    vectors = encoder.encode(["Image of a cat.", "x"])
    encoder.seen.clear()
    first, second = mapping(3 * vectors), mapping(vectors)
    assert encoder.seen == ["Image of a cat.", "Image of a dog."]
    assert first[0, 0] == pytest.approx(1, abs=1e-7)
    np.testing.assert_allclose(first, second, atol=1e-7)
    other = SegmentToText(Letters(), ("cat",), "a {}")(vectors)
    assert other[0, 0] == pytest.approx(compute_cosine(vectors[:1], Letters().encode(["a cat"]))[0, 0])


def test_nan_embedding_names_image_and_segment() -> None:
    vectors = np.ones((3, 27), np.float32)
    vectors[2, 5] = np.nan
    with pytest.raises(UserError, match="image im7: the embedding of segment 2"):
        SegmentToText(Letters(), ("cat",))(vectors, "im7")


def test_zero_vector_has_no_direction() -> None:
    assert compute_cosine(np.zeros((1, 3), np.float32), np.ones((2, 3), np.float32)).tolist() == [[0, 0]]


NAMES, ALIASES = ("cat", "tv monitor", "dog"), (("kitten", "tom"), ("television",), ())
SETS = [("cat", "kitten", "tom"), ("tv monitor", "television"), ("dog",)]


def test_a_class_with_aliases_is_as_near_as_the_nearest_of_its_texts() -> None:
    texts = ["kitten", "a vision", "", "god", "tomcat"]
    similarity = TextToText(Letters(), NAMES, ALIASES)(texts)
    for row, text in enumerate(texts):
        for column, group in enumerate(SETS):  # each text of a class asked for as if it were the only class
            alone = max(float(TextToText(Letters(), (name,))([text])[0, 0]) for name in group)
            assert similarity[row, column] == pytest.approx(alone, abs=1e-7)
    assert similarity[0, 0] == 1 and not similarity[2].any() and similarity.dtype == np.float32
    assert TextToText(Letters(), NAMES, ALIASES)([]).shape == (0, 3)


def test_aliases_in_the_prompt_of_segments() -> None:
    encoder = Letters()
    vectors = encoder.encode(["Image of a tom.", "Image of a dog.", "zebra"])
    similarity = SegmentToText(encoder, NAMES, aliases=ALIASES)(vectors)
    alone = [
        [compute_cosine(vectors, encoder.encode([f"Image of a {n}." for n in group])).max(axis=1)] for group in SETS
    ]
    np.testing.assert_allclose(similarity, np.concatenate(alone).T, atol=1e-7)
    assert similarity[0, 0] == pytest.approx(1) and similarity.shape == (3, 3)


def test_without_aliases_nothing_changes_and_the_order_of_aliases_does_not_matter() -> None:
    texts = ["kitten", "owl", "dog"]
    plain = TextToText(Letters(), tuple(NAMES))(texts)
    assert (TextToText(Letters(), NAMES, ((), (), ()))(texts) == plain).all()
    swapped = (("tom", "kitten"), ("television",), ())
    assert (TextToText(Letters(), NAMES, swapped)(texts) == TextToText(Letters(), NAMES, ALIASES)(texts)).all()
    assert (TextToText(Letters(), NAMES, ALIASES)(texts) >= plain).all()


def test_a_vector_is_exactly_as_near_to_itself_as_can_be() -> None:
    """Norms in single precision would leave some at 0.9999999, below a raw threshold of 1."""
    vectors = np.random.default_rng(0).normal(size=(500, 384)).astype(np.float32)
    assert (np.diag(compute_cosine(vectors, vectors)) == 1).all()
