"""Section 3.3: the language model that ZeroCap steers, GPT-2 of any size with its byte-level BPE."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

from bench.models import guards, sources


class Language:
    """`model` (GPT2LMHeadModel, eval, no gradients for its weights) and `tokenizer` from one folder or hub name."""

    def __init__(self, source: str, device: str = "cpu", dtype: str = "float32") -> None:
        kind = sources.find_dtype(dtype)
        self.source, self.device = source, torch.device(device)
        self.tokenizer: Any = sources.load("language model's tokenizer", source, AutoTokenizer.from_pretrained)
        model, report = sources.load(
            "language model",
            source,
            lambda name: GPT2LMHeadModel.from_pretrained(
                name,
                dtype=kind,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # the guard names them
            ),
        )
        what = f"language model {source!r}"
        # Published checkpoints lack the head because it is the embedding; one that is not tied would be random.
        guards.check_complete(what, report, ignored=("lm_head.",) if model.config.tie_word_embeddings else ())
        guards.check_vocabulary(what, len(self.tokenizer), model.config.vocab_size, source)
        guards.check_precision(what, model, kind)
        self.model: Any = model.to(self.device).eval().requires_grad_(False)
