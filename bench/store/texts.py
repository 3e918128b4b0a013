"""Section 4.1, texts in the space of a model, kept in the store: a second scoring loads no model.

An entry is a list of texts: those of one image, as a run meets them, or all that a file of predictions has and no list
in the store holds. Which one it was never depends on what else was encoded, so that a number never does. Lists of
images are short, and there are two of each image and variant: they share files, at most `_FILES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from jaxtyping import Float32

from bench.store.entries import Entry
from bench.store.files import Namespace, Store
from bench.store.keys import hash_texts

_FILES, _SHORT = 1 << 14, 256
"""Files that all short lists share by their digests; texts up to which a list is short, and one more costs little."""


@dataclass
class StoredEncoder:
    """Stands where a sentence encoder or CLIP's text side is asked for; ``model`` gives the function that encodes."""

    store: Store
    namespace: Namespace
    model: Callable[[], Callable[[Sequence[str]], Float32[np.ndarray, "n d"]]]
    known: dict[str, np.ndarray] = field(default_factory=dict)
    lists: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)

    def prefetch(self, lists: Iterable[Sequence[str]]) -> None:
        """Read the lists that the store holds, and encode all other texts in one pass through the model."""
        missing: set[str] = set()
        asked = {tuple(sorted(set(texts))) for texts in lists} - self.lists.keys() - {()}
        for item, alike in groupby(sorted(asked, key=_place), key=lambda own: _place(own)[0]):
            kept = self.store.read(self.namespace, item)
            for own in alike:
                if (name := _place(own)[1]) in kept:
                    self.lists[own] = kept[name][0]["vectors"]
                    self.store.reuse(self.namespace, item, [name])
                else:
                    missing |= set(own)
        if wanted := tuple(sorted(missing - self.known.keys())):
            self.known |= zip(wanted, self._fetch_vectors(wanted), strict=True)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """Encode one row a text."""
        own = tuple(sorted(set(texts)))
        if own not in self.lists and self.known.keys() >= set(own):
            return np.stack([self.known[text] for text in texts])
        vectors, place = self.lists.get(own), {text: at for at, text in enumerate(own)}
        return (self._fetch_vectors(own) if vectors is None else vectors)[[place[text] for text in texts]]

    encode_text = encode

    def _fetch_vectors(self, texts: tuple[str, ...]) -> Float32[np.ndarray, "n d"]:
        item, name = _place(texts)

        def make(_: list[str]) -> dict[str, Entry]:
            return {name: ({"vectors": self.model()(list(texts))}, {})}

        return self.store.fill(self.namespace, item, [name], make)[name][0]["vectors"]


def _place(texts: Sequence[str]) -> tuple[str, str]:
    """Place a list in the store: the item, and the name of its entry."""
    digest = hash_texts(texts)
    if len(texts) > _SHORT:
        return f"texts-{digest}", "vectors"
    return f"lists-{int(digest, 16) % _FILES:04x}", digest
