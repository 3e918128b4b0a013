"""Section 4.1, equation 5: the sentence encoder behind text-to-text similarity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize

from bench.errors import UserError
from bench.models import guards, sources
from bench.system.memory import run_with_less


class Sentence:
    """A SentenceTransformer from a folder or hub name; ``prompt`` is put before each text (the paper has none)."""

    def __init__(
        self, source: str, device: str = "cpu", dtype: str = "float32", prompt: str = "", batch_size: int = 32
    ) -> None:
        self.source, self.prompt, self.batch_size = source, prompt, batch_size
        kind = sources.find_dtype(dtype)
        model = sources.load("sentence encoder", source, lambda name: _load(name, source, device))
        # A static embedding may be stored as float16; a mean of few vectors in float16 would blur equal texts.
        self.model = model.to(kind).eval().requires_grad_(False)
        for module in self.model.modules():
            if isinstance(module, Normalize):
                module.register_forward_pre_hook(_widen_to_float32)
        what, words = f"sentence encoder {source!r}", getattr(self.model[0], "auto_model", None)
        guards.check_precision(what, self.model, kind)
        if words is not None:
            tokenizer = self.model.tokenizer
            ids, special = sources.count_vocabulary(tokenizer), len(set(tokenizer.all_special_ids))
            guards.check_vocabulary(what, ids, words.config.vocab_size, source, special)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """Unit vectors; equal texts of one call get equal vectors. A text without any piece gets zeros.

        Raises UserError where the model gives numbers that are not finite.
        """
        unique = sorted(set(texts))
        if not unique:
            return np.zeros((0, self._dim), np.float32)
        with torch.inference_mode():
            raw = run_with_less(partial(self._embed, unique), self.batch_size)
        vectors = torch.nn.functional.normalize(raw.float(), dim=1).cpu().numpy()
        if bad := [text for text, row in zip(unique, vectors, strict=True) if not np.isfinite(row).all()]:
            raise UserError(
                f"sentence encoder {self.source!r} gives numbers that are not finite for {bad[0]!r} ({len(bad)} of "
                f"{len(unique)} texts): use dtype=float32, or fetch its weights again"
            )
        place = {text: i for i, text in enumerate(unique)}
        return vectors[[place[text] for text in texts]]

    def _embed(self, texts: Sequence[str], batch_size: int) -> torch.Tensor:
        """Embed texts, so many at once, as the model gives them: [n, d], on its device."""
        prompted = [self.prompt + text for text in texts]
        made: torch.Tensor = self.model.encode(
            prompted, batch_size=batch_size, convert_to_tensor=True, show_progress_bar=False
        )
        return made

    def compute_similarity(self, texts: Sequence[str], names: Sequence[str]) -> Float32[np.ndarray, "n c"]:
        """Cosine of each text with each name; encoded together, so that an equal name gets 1 within float error."""
        vectors = self.encode([*texts, *names])
        return vectors[: len(texts)] @ vectors[len(texts) :].T

    @property
    def _dim(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)


def _load(name: str, source: str, device: str) -> SentenceTransformer:
    """Without modules.json the library takes the mean over all tokens, whatever the weights were trained with."""
    if Path(name).is_dir() and not (Path(name) / "modules.json").is_file():
        raise UserError(
            f"sentence encoder {source!r}: {name} has no modules.json, so that its pooling would be guessed: fetch it "
            "whole, or save it with SentenceTransformer(modules=[…]).save(FOLDER)"
        )
    return SentenceTransformer(name, device=device)


def _widen_to_float32(module: Any, inputs: tuple[dict[str, Any], ...]) -> None:
    """Unit length is made in float32: in float16 the guard against a division by zero is itself zero, and gives NaN."""
    inputs[0]["sentence_embedding"] = inputs[0]["sentence_embedding"].float()
