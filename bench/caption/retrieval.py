"""Instead of section 3.3: the nearest word of a list in CLIP's joint space (a captioner without a language model)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from bench.caption.texts import ClipText, PromptedTexts
from bench.errors import UserError
from bench.records import Captions, Embeddings


class Retrieval:
    """``words`` is a list, or a text file with one word or phrase a line; the earlier word wins a tie."""

    source = "a control"
    cost, training_free = "one product for each segment; the words once", True

    def __init__(self, clip: ClipText, words: Sequence[str] | str, prompt: str = "Image of a {}.") -> None:
        self.words = _read(words) if isinstance(words, str) else tuple(words)
        if not self.words:
            raise UserError("caption.words is empty: give at least one word")
        self.features = PromptedTexts(clip, prompt)(self.words)
        self.unit = F.normalize(self.features, dim=-1)

    def __call__(self, embeddings: Embeddings) -> Captions:
        """Find the nearest word for each segment, any number of segments."""
        vectors = torch.from_numpy(embeddings.vectors).to(self.unit.device, torch.float32)
        # one product and sum for each segment: a matrix product may round by the number of its rows
        cosines = [(self.unit * target).sum(dim=-1) for target in F.normalize(vectors, dim=-1)]
        best = [int(row.argmax()) for row in cosines]
        scores = np.array([float(row[i]) for row, i in zip(cosines, best, strict=True)], dtype=np.float32)
        return Captions(tuple(self.words[i] for i in best), self.features[best].cpu().numpy(), scores)


def _read(path: str) -> tuple[str, ...]:
    file = Path(path)
    if not file.is_file():
        raise UserError(f"caption.words={path} is no file: give a text file with one word a line")
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"caption.words={path}: cannot be read ({error}); give one word a line in UTF-8") from error
    return tuple(dict.fromkeys(line for line in lines if line))
