"""CLIP text features of whole texts, each computed once: "Image of a {}." and the like (sections 3.3, 3.4, 4.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from bench.errors import UserError
from bench.models.text_tower import TextTower

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ClipText(Protocol):
    """What captioning needs of CLIP: its text tower and its tokenizer (ids with start and end token, no padding)."""

    @property
    def text(self) -> TextTower: ...

    def tokenize_raw(self, text: str) -> list[int]: ...


def tokenize(clip: ClipText, texts: Sequence[str]) -> list[list[int]]:
    """Tokenize many texts; a CLIP that has ``tokenize_many`` does them in one call, several times faster."""
    many: Callable[[Sequence[str]], list[list[int]]] | None = getattr(clip, "tokenize_many", None)
    return many(texts) if many else [clip.tokenize_raw(text) for text in texts]


class Recent(Generic[Key, Value]):
    """The most recently used entries that fit into ``limit`` bytes; the last one always stays.

    Those whose key ``lasts`` are forgotten last, as long as they take no more than half of it.
    """

    def __init__(self, limit: int, lasts: Callable[[Key], bool] | None = None) -> None:
        self.limit, self.held, self._lasts = limit, 0, lasts
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Give all entries, the least recently used first."""
        return ((key, value) for key, (value, _) in self._entries.items())

    def get(self, key: Key) -> Value | None:
        """Get a value, which becomes the most recent one, or None."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of ``size`` bytes and forget the oldest ones that no longer fit."""
        self.held -= self._entries.pop(key, (value, 0))[1]
        self._entries[key] = (value, size)
        self.held += size
        while self.held > self.limit and len(self._entries) > 1:
            self.held -= self._entries.pop(self._choose())[1]

    def _choose(self) -> Key:
        """Choose the entry that is forgotten next."""
        oldest, lasts = next(iter(self._entries)), self._lasts
        if lasts is None:
            return oldest
        too_many = 2 * sum(size for key, (_, size) in self._entries.items() if lasts(key)) > self.limit
        return next((key for key in islice(self._entries, len(self) - 1) if lasts(key) == too_many), oldest)


class PromptedTexts:
    """CLIP text features of short texts inside one prompt, whose beginning is computed once."""

    def __init__(self, clip: ClipText, prompt: str, limit: int = 1 << 25) -> None:
        if prompt.count("{}") != 1:
            raise UserError(f"the CLIP prompt {prompt!r} must hold {{}} exactly once, as in 'Image of a {{}}.'")
        self.clip, self.prompt = clip, prompt
        self.prefix = clip.text.read(clip.tokenize_raw(prompt.split("{}")[0])[:-1])
        self._features: Recent[str, Tensor] = Recent(limit)

    def __call__(self, texts: Sequence[str]) -> Float[Tensor, "n d"]:
        """Compute features, not normalised, of the prompt filled with each text."""
        distinct = dict.fromkeys(texts)
        features = {text: feature for text in distinct if (feature := self._features.get(text)) is not None}
        new = [text for text in distinct if text not in features]
        tokens = tokenize(self.clip, [self.prompt.replace("{}", text) for text in new]) if new else []
        for text, feature in zip(new, self.clip.text.encode(tokens, self.prefix), strict=True):
            features[text] = feature.clone()  # a view would keep the whole batch alive
            self._features.put(text, features[text], feature.nbytes)
        return torch.stack([features[text] for text in texts]) if texts else self.clip.text.encode([])
