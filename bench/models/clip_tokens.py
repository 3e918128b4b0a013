"""Section 3.3 (models): CLIP's tokens of many short texts, as open_clip makes them and several times as fast.

ZeroCap compares every token of a vocabulary after every context, so that tokenizing costs as much as the text tower.
open_clip repairs every text (`ftfy`), pads it and makes a tensor of all; none of this changes what is read of a plain
text up to its end token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from copy import copy
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from open_clip.tokenizer import HFTokenizer, SimpleTokenizer, get_clean_fn

WORDS, MARKS = 1 << 14, 2
"""Pieces of texts, mostly words, whose tokens are remembered: 3 MB, 170 bytes each. OpenAI's marks: start and end."""
_PIECES: WeakKeyDictionary[SimpleTokenizer, dict[str, tuple[int, ...]]] = WeakKeyDictionary()
"""What is known of pieces, for each tokenizer."""


def tokenize_texts(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Tokenize texts with one of open_clip's tokenizers: ids up to the first largest one, which is the end token."""
    if not texts:
        return []
    if _is_plain(tokenizer):
        rows = _tokenize_unpadded(tokenizer, texts)
    elif type(tokenizer) is SimpleTokenizer and tokenizer.reduction_fn is None and tokenizer.context_length:
        rows = _encode_each(tokenizer, texts)
    else:
        rows = tokenizer(list(texts)).tolist()
    return [row[: row.index(max(row)) + 1] for row in rows]


def clean_text(clean: Callable[[str], str], text: str) -> str:
    """Clean a text as open_clip's function does; of printable ASCII without "&" only blanks can change."""
    if not (text.isascii() and text.isprintable() and "&" not in text):
        return clean(text)
    if clean is get_clean_fn("whitespace"):
        return " ".join(text.split())
    return " ".join(text.split()).lower() if clean is get_clean_fn("lower") else clean(text)


def _is_plain(tokenizer: Any) -> bool:
    """Whether a call is no more than cleaning, one of transformers' tokenizers, and padding at the end."""
    special = getattr(tokenizer, "tokenizer_mode", "") or getattr(tokenizer, "strip_sep_token", False)
    return type(tokenizer) is HFTokenizer and not special and tokenizer.tokenizer.padding_side == "right"


def _tokenize_unpadded(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Tokenize without padding, but for one place, since a padding's id might be the largest."""
    inner, longest = tokenizer.tokenizer, tokenizer.context_length
    cleaned, pad = [clean_text(tokenizer.clean_fn, text) for text in texts], inner.pad_token_id
    rows = inner(cleaned, max_length=longest, truncation=True, return_attention_mask=False).input_ids
    return [[*row, pad] if len(row) < longest else row for row in rows]


def _encode_each(tokenizer: SimpleTokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Tokenize by OpenAI's tokenizer, which a checkpoint file of theirs has, without padding.

    None of its tokens goes over a blank, so that a text's are those of its pieces, which texts have alike. Marks beside
    its own two might: then a text is one piece.
    """
    start, end, longest = tokenizer.sot_token_id, tokenizer.eot_token_id, tokenizer.context_length
    has_marks = len(tokenizer.all_special_ids) > MARKS
    cleaned = [clean_text(tokenizer.clean_fn, text) for text in texts]
    pieces = [[text] if has_marks else text.split(" ") for text in cleaned]
    known = _encode_pieces(tokenizer, set(chain.from_iterable(pieces)))
    rows = [[start, *chain.from_iterable(map(known.__getitem__, own)), end] for own in pieces]
    return [row if len(row) <= longest else [*row[: longest - 1], end] for row in rows]


def _encode_pieces(tokenizer: SimpleTokenizer, pieces: Set[str]) -> Mapping[str, Sequence[int]]:
    """Look up the tokens of pieces of clean texts: those that are not known yet are made and remembered."""
    known = _PIECES.setdefault(tokenizer, {})
    if len(known) > WORDS:
        known.clear()
    inner = copy(tokenizer)
    inner.clean_fn = str  # the texts are clean already
    known.update((piece, tuple(inner.encode(piece))) for piece in pieces - known.keys())
    _forget_words(tokenizer)
    return known


def _forget_words(tokenizer: SimpleTokenizer) -> None:
    """Forget the words that open_clip's tokenizer remembers, which it would for ever: what is met again is a piece.

    A search's texts hold words that never come again, of which a hundred thousand take 16 MB. Marks are no words.
    """
    marks = {tokenizer.decoder[mark]: tokenizer.decoder[mark] for mark in tokenizer.all_special_ids}
    tokenizer.cache.clear()
    tokenizer.cache.update(marks)
