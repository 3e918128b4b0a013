"""What the distillation of the sentence encoder may read, and its closed-form start."""

from __future__ import annotations

import importlib.util
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from bench.models import sources
from data_prep import sentence_texts
from data_prep.distil_sentence import draw_batch, make_bags, solve_least_squares, trim_tokenizer

needs_words = pytest.mark.skipif(importlib.util.find_spec("zxcvbn") is None, reason="zxcvbn lists the training words")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(Path(sources.resolve("embedded:sentence")) / "tokenizer.json"))


@needs_words
@pytest.mark.parametrize("seed", [0, 1])
def test_no_evaluated_text_is_a_training_text(tokenizer: Tokenizer, seed: int) -> None:
    texts = sentence_texts.list_training_texts(tokenizer, 20_000, 5_000, seed)
    folder = Path(sentence_texts.__file__).parent / "text"
    for name in ("class_names", "nouns", "choice_nouns", "choice_compounds"):
        evaluated = set((folder / f"{name}.txt").read_text().split("\n")) - {""}
        assert not evaluated & set(texts), name
    alone = {text for text in texts if text.isalnum()}
    assert len(alone) > 10_000 and all(zlib.crc32(word.encode()) % 2 for word in alone)
    assert len(texts) == len(set(texts)) and all(text.isalnum() for text in texts[: len(alone)])


@needs_words
def test_held_out_words_occur_inside_phrases(tokenizer: Tokenizer) -> None:
    inside = {word for text in sentence_texts.list_training_texts(tokenizer, 20_000, 0, 0) for word in text.split()}
    nouns = set(sentence_texts.read_list("nouns"))
    assert len(nouns & inside) > len(nouns) / 2


def test_the_evaluated_nouns_are_not_among_those_for_choices() -> None:
    evaluated = set(sentence_texts.read_list("nouns") + sentence_texts.read_list("class_names"))
    assert len(set(sentence_texts.read_list("nouns"))) == 200
    assert not evaluated & set(sentence_texts.list_choices())


def test_trimmed_tokenizer_cuts_the_texts_as_before(tokenizer: Tokenizer) -> None:
    texts = ["red car", "a skateboard on the grass"]
    small = trim_tokenizer(tokenizer, texts)
    assert small.get_vocab_size() < 200
    for text in texts:
        assert small.encode(text, add_special_tokens=False).tokens == tokenizer.encode(text).tokens
    assert small.token_to_id("[UNK]") not in small.encode("zebra", add_special_tokens=False).ids


def test_bags_are_the_means_of_the_static_embedding(tokenizer: Tokenizer) -> None:
    module = SentenceTransformer(sources.resolve("embedded:sentence"), device="cpu").float()[0]
    texts = ["car", "car car boat", "a red double-decker"]
    rows = module.embedding.weight.detach().numpy()
    np.testing.assert_allclose(make_bags(tokenizer, texts) @ rows, module.forward(module.preprocess(texts))[
        "sentence_embedding"].detach().numpy(), atol=1e-5)  # fmt: skip


def test_least_squares_is_the_ridge_solution() -> None:
    draw = np.random.default_rng(0)
    x = scipy.sparse.random(60, 12, 0.3, "csr", np.float32, rng=draw)
    y = draw.normal(size=(60, 3)).astype(np.float32)
    y[:, 1] = 0
    dense = x.toarray().astype(np.float64)
    expected = np.linalg.solve(dense.T @ dense + 0.1 * np.eye(12), dense.T @ y)
    np.testing.assert_allclose(solve_least_squares(x, y, 0.1, rounds=30), expected, atol=1e-3)


def test_batches_depend_on_seed_and_step_alone() -> None:
    first = draw_batch(7, 1, 50, 1000, 64)
    assert first.equal(draw_batch(7, 1, 50, 1000, 64)) and not first.equal(draw_batch(8, 1, 50, 1000, 64))
    assert (first < 50).sum() >= 8 and (first >= 50).any() and first.max() < 1000


def test_the_card_shows_the_figures_of_the_shipped_run() -> None:
    folder = Path(sources.resolve("embedded:sentence"))
    card, run = (folder / "README.md").read_text(), json.loads((folder / "training.json").read_text())
    assert all(f"| {point['step']} | " in card and f"{point['spearman']:.4f} |" in card for point in run["curve"])
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert size <= 15e6, "the folder may have 15 MB"


def test_the_nouns_chosen_after_the_training_were_never_alone_and_are_in_no_other_list() -> None:
    late = sentence_texts.read_list("late_nouns")
    assert len(set(late)) == len(late) == 200 and not set(late) & sentence_texts.list_measured()
    assert all(sentence_texts.is_never_alone(noun) and " " not in noun for noun in late)
