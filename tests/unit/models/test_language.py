"""The embedded language model: its format, and that it has learned the captions' language."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from bench.errors import UserError
from bench.models.language import Language
from bench.toyworld.scene import sample_captions


@pytest.fixture(scope="module")
def language() -> Language:
    return Language("embedded:language")


@torch.no_grad()
def surprise(language: Language, texts: list[str]) -> float:
    """Mean negative log probability per token, in nats."""
    total, count = 0.0, 0
    for text in texts:
        ids = torch.tensor([language.tokenizer(text)["input_ids"]])
        scores = language.model(ids).logits.log_softmax(-1)[0, :-1]
        total -= float(scores.gather(1, ids[0, 1:, None]).sum())
        count += ids.shape[1] - 1
    return total / count


def test_format(language: Language) -> None:
    config = language.model.config
    assert config.vocab_size == len(language.tokenizer) and config.n_positions == 64
    assert next(language.model.parameters()).dtype == torch.float32 and not language.model.training
    assert config.eos_token_id == language.tokenizer.eos_token_id
    assert not any(parameter.requires_grad for parameter in language.model.parameters())


@pytest.mark.parametrize("text", ["Image of a red car on a road.", "two dogs and a sofa", "Zürich, naïve 東京!"])
def test_the_tokenizer_loses_nothing(language: Language, text: str) -> None:
    assert language.tokenizer.decode(language.tokenizer(text)["input_ids"]) == text


def test_unseen_captions_are_likely_and_shuffled_ones_are_not(language: Language) -> None:
    captions = list(sample_captions("val", 30))
    shuffled = [" ".join(sorted(text.rstrip(".").split(), key=lambda w: hash_of(w))) + "." for text in captions]
    likely = surprise(language, captions)
    assert likely < math.log(12)
    assert surprise(language, shuffled) > likely + 1


def hash_of(word: str) -> int:
    """An order of words that has nothing to do with language, the same in every process."""
    return sum(ord(letter) * 31**i for i, letter in enumerate(word)) % 101


def test_after_the_prompt_come_words_and_after_a_noun_the_end(language: Language) -> None:
    ids = torch.tensor([language.tokenizer("Image of a")["input_ids"]])
    with torch.no_grad():
        best = language.model(ids).logits[0, -1].topk(20).indices
        words = [language.tokenizer.decode([i]) for i in best.tolist()]
        dot = torch.tensor([language.tokenizer("Image of a red car.")["input_ids"]])
        end = int(language.model(dot).logits[0, -1].argmax())
    assert sum(word.startswith(" ") and word.strip().isalpha() for word in words) >= 18, words
    assert end == language.tokenizer.eos_token_id


def test_key_value_cache_gives_the_same_scores(language: Language) -> None:
    ids = torch.tensor([language.tokenizer("Image of a red car on a road.")["input_ids"]])
    with torch.no_grad():
        whole = language.model(ids).logits
        first = language.model(ids[:, :4], use_cache=True)
        rest = language.model(ids[:, 4:], past_key_values=first.past_key_values).logits
    torch.testing.assert_close(whole[:, 4:], rest, atol=1e-4, rtol=1e-4)


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="missing or damaged") as caught:
        Language(str(tmp_path))
    assert "\n" not in str(caught.value)
