"""CLIP's tokens of many texts against those that open_clip's own call gives."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import open_clip
import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_clip.tokenizer import SimpleTokenizer, get_clean_fn

from bench.models import clip_tokens, sources
from bench.models.clip_tokens import clean_text, tokenize_texts

ODD = [
    "",
    " ",
    "a\tb  c\n",
    "R&amp;B",
    "schÃ¶n",
    "\ufffd",
    "a\x1b[1mb",
    "“x”",
    "<|endoftext|>",
    "ﬁn",
    "red " * 60,
    "!!",
    "It's A <end_of_text> 42",
]


@lru_cache(maxsize=1)
def load_tokenizer() -> Any:
    name, _ = sources.split_open_clip_source("embedded:clip", None, None)
    return open_clip.get_tokenizer(name)


@lru_cache(maxsize=1)
def load_openais_tokenizer() -> SimpleTokenizer:
    return SimpleTokenizer()


def tokenize_by_open_clip(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    rows = tokenizer(texts).tolist()
    return [row[: int(np.argmax(row)) + 1] for row in rows]


@given(st.lists(st.text(max_size=40) | st.sampled_from(ODD), min_size=1, max_size=8))
def test_any_texts_have_the_tokens_of_open_clips_own_call(texts: list[str]) -> None:
    assert tokenize_texts(load_tokenizer(), texts) == tokenize_by_open_clip(load_tokenizer(), texts)


@given(st.lists(st.text(max_size=40) | st.sampled_from(ODD), min_size=1, max_size=8))
def test_openais_tokenizer_gives_the_same_tokens_without_its_padding(texts: list[str]) -> None:
    tokenizer = load_openais_tokenizer()
    assert tokenize_texts(tokenizer, texts) == tokenize_by_open_clip(tokenizer, texts)


@pytest.fixture(scope="module")
def few_words(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first 2,000 of OpenAI's 48,894 pairs, in a file as theirs: they are read ten times as fast."""
    file = tmp_path_factory.mktemp("words") / "few.txt.gz"
    lines = gzip.decompress(Path(open_clip.tokenizer.default_bpe()).read_bytes()).split(b"\n")
    file.write_bytes(gzip.compress(b"\n".join(lines[:2001])))
    return str(file)


@pytest.mark.parametrize("change", ["canonicalize", "whitespace", "short", "reduced"])
def test_openais_tokenizer_with_other_options(change: str, few_words: str) -> None:
    options: dict[str, dict[str, Any]] = {"short": {"context_length": 5}, "reduced": {"reduction_mask": "simple"}}
    tokenizer = SimpleTokenizer(few_words, **options.get(change, {"clean": change}))
    texts = ["A Red_car, of 5!", "a <end_of_text> b", "R&amp;B"]
    assert tokenize_texts(tokenizer, texts) == tokenize_by_open_clip(tokenizer, texts)


@pytest.mark.parametrize("change", ["pad", "sep", "left", "clips", "lower"])
def test_a_tokenizer_with_ways_of_its_own_keeps_them(change: str) -> None:
    name, _ = sources.split_open_clip_source("embedded:clip", None, None)
    tokenizer = open_clip.get_tokenizer(name)
    inner = tokenizer.tokenizer
    if change == "pad":  # its id is larger than the end token's
        inner.add_special_tokens({"pad_token": "<pad>"})
        assert inner.pad_token_id > inner.eos_token_id
    if change == "sep":
        inner.sep_token, tokenizer.strip_sep_token = "<|endoftext|>", True
    if change == "left":
        inner.padding_side = "left"
    if change == "clips":
        inner.cls_token, tokenizer.tokenizer_mode = "<|endoftext|>", "clips"
    if change == "lower":
        tokenizer.clean_fn = get_clean_fn("lower")
    texts = [*ODD, "Image of A Red car"]
    assert tokenize_texts(tokenizer, texts) == tokenize_by_open_clip(tokenizer, texts)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_plain_text_is_cleaned_as_open_clip_cleans_it(text: str) -> None:
    for clean in map(get_clean_fn, ("whitespace", "lower", "canonicalize")):
        assert clean_text(clean, text) == clean(text)


def test_any_other_tokenizer_is_called_as_it_is() -> None:
    assert tokenize_texts(SimpleNamespace(), []) == []
    rows = np.array([[7, 9, 9, 0], [3, 0, 9, 1]])
    assert tokenize_texts(lambda texts: rows[: len(texts)], ["x", "y"]) == [[7, 9], [3, 0, 9]]


def test_words_that_never_come_again_are_forgotten_and_marks_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """open_clip's tokenizer alone remembers every word that it ever met."""
    monkeypatch.setattr(clip_tokens, "WORDS", 20)
    tokenizer, held = SimpleTokenizer(), []
    texts = [f"house{chr(97 + i // 26)}{chr(97 + i % 26)} <end_of_text> lantern" for i in range(100)]
    made = []
    for first in range(0, 100, 10):
        made += tokenize_texts(tokenizer, texts[first : first + 10])
        held.append(len(clip_tokens._PIECES[tokenizer]))
        assert len(tokenizer.cache) == 2
    assert max(held) <= 20 + 12 and min(held[1:]) == held[0] == 12
    fresh = SimpleTokenizer()
    assert made == tokenize_by_open_clip(fresh, texts) and len(fresh.cache) > 100


def test_a_word_that_texts_have_alike_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, tokenizer, encode = list[str](), SimpleTokenizer(), SimpleTokenizer.encode
    monkeypatch.setattr(SimpleTokenizer, "encode", lambda self, text: asked.append(text) or encode(self, text))
    texts = ["Image of a Red car", "image  of a red, car", "image of a redcar"]
    made = [tokenize_texts(tokenizer, texts), tokenize_texts(tokenizer, texts)][1]
    assert sorted(asked) == ["a", "car", "image", "of", "red", "red,", "redcar"]
    assert made == tokenize_by_open_clip(SimpleTokenizer(), texts)


def test_a_mark_with_a_blank_is_not_cut() -> None:
    """open_clip knows its text and makes bytes of it all the same, the blank among them."""
    tokenizer = SimpleTokenizer(additional_special_tokens=["<a b>"])
    texts = ["see <a b> here", "see <a c> here"]
    made = tokenize_texts(tokenizer, texts)
    assert made == tokenize_by_open_clip(tokenizer, texts) and 220 in made[0] and 220 not in made[1]
