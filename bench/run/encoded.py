"""Section 4.1, texts in the space of a model, kept in the store: a second scoring loads no model.

All texts of a run are encoded at once. What is stored depends on the model and on the list of texts, so the words of
other predictions are another entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from bench.keys import texts_digest
from bench.store import Shelf, Store


@dataclass
class StoredEncoder:
    """Stands where a sentence encoder or CLIP's text side is asked for; ``model`` gives the function that encodes."""

    store: Store
    shelf: Shelf
    model: Callable[[], Callable[[Sequence[str]], Float32[np.ndarray, "n d"]]]
    known: dict[str, np.ndarray] = field(default_factory=dict)

    def learn(self, texts: Sequence[str]) -> None:
        """Encode the texts that are not known yet, or read them from the store."""
        wanted = sorted(set(texts) - self.known.keys())
        if not wanted:
            return
        item = f"texts-{texts_digest(wanted)}"
        found = self.store.read(self.shelf, item)
        if "vectors" in found:
            self.store.reuse(self.shelf, item, ["vectors"])
            vectors = found["vectors"][0]["vectors"]
        else:
            vectors = self.model()(wanted)
            self.store.add(self.shelf, item, {"vectors": ({"vectors": vectors}, {})})
        self.known.update(zip(wanted, vectors, strict=True))

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """One row a text."""
        self.learn(texts)
        return np.stack([self.known[text] for text in texts])

    encode_text = encode
