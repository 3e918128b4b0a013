"""Random small models for the tests of captioning: real classes, tiny sizes, a shared toy vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import open_clip
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from bench.models.text_tower import TextTower
from bench.records import Embeddings

WORDS = ("dog cat red blue sky grass black white tree car house road boat lake bird plane sheep horse "
         "big small old new blackbird bluebird 7 42 1999 007 near under of a the image")  # fmt: skip


@dataclass(eq=False)
class Language:
    model: Any
    tokenizer: Any


class Clip:
    """A text tower and the byte-level tokenizer below; ``calls`` counts tokenised texts."""

    def __init__(self, model: torch.nn.Module, tokenizer: Tokenizer, rows: int = 32) -> None:
        self.model, self.tokenizer, self.calls = model, tokenizer, 0
        self.text = TextTower(model, rows)

    def tokenize_raw(self, text: str) -> list[int]:
        self.calls += 1
        ids = self.tokenizer.encode(" ".join(text.lower().split()), add_special_tokens=False).ids
        start, end = (self.tokenizer.token_to_id(t) for t in ("<|startoftext|>", "<|endoftext|>"))
        return [start, *ids, end]


def bpe(vocab: int, special_first: bool) -> Tokenizer:
    """One of its own for each that asks, trained once."""
    return Tokenizer.from_str(_train(vocab, special_first))


@cache
def _train(vocab: int, special_first: bool) -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>"] if special_first else []
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    corpus = [f"Image of a {a} {b}." for a in WORDS.split() for b in WORDS.split()]
    tokenizer.train_from_iterator([*corpus, "! ( ) , :\n"], trainer)
    if not special_first:
        tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    return str(tokenizer.to_str())


def clip_model(vocab: int, width: int = 32, layers: int = 2, heads: int = 2, dim: int = 16, **text: Any) -> Any:
    vision = {"image_size": 16, "layers": 1, "width": 32, "patch_size": 8, "head_width": 16}
    quick_gelu = text.pop("quick_gelu", True)
    config = {"context_length": 24, "vocab_size": vocab, "width": width, "heads": heads, "layers": layers, **text}
    torch.manual_seed(0)
    model = open_clip.CLIP(embed_dim=dim, vision_cfg=vision, text_cfg=config, quick_gelu=quick_gelu).eval()
    with torch.no_grad():  # open_clip starts near zero, where errors would hide
        for p in model.parameters():
            p.mul_(4 if p.ndim > 1 else 1).add_(0.02 * torch.randn_like(p))
    return model


def clip(rows: int = 32, **sizes: Any) -> Clip:
    tokenizer = bpe(360, special_first=False)
    return Clip(clip_model(tokenizer.get_vocab_size(), **sizes), tokenizer, rows)


def language(width: int = 32, layers: int = 2, heads: int = 2, vocab: int = 400, scale: float = 6.0) -> Language:
    tokenizer = bpe(vocab, special_first=True)
    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(), n_positions=32, n_embd=width, n_layer=layers, n_head=heads
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(scale if p.ndim > 1 else 1).add_(0.05 * torch.randn_like(p))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>")
    return Language(model, fast)


def embeddings(n: int, dim: int = 16, seed: int = 0) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return Embeddings(vectors, np.zeros((n, 0), np.float32), np.zeros((n, 0), np.float32))
