"""Section 3.3: figures of the embedded language model, and its card."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoTokenizer, GPT2LMHeadModel

from data_prep import checkpoints

IGNORED = -100
CAPTIONS = 1000
"""Captions of each split that are measured."""


def encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids of each text between two end marks, cut to the model's length."""
    end = tokenizer.eos_token_id
    return [[end, *ids, end][: tokenizer.model_max_length] for ids in tokenizer(texts)["input_ids"]]


def compute_loss(model: Any, inputs: torch.Tensor, targets: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    """Cross-entropy of each next token, in nats; padding lies after the text and is never looked back at."""
    scores = model(inputs).logits[:, :-1]
    return functional.cross_entropy(
        scores.flatten(0, 1), targets[:, 1:].flatten(), ignore_index=IGNORED, reduction=reduction
    )


@torch.no_grad()
def compute_perplexity(model: Any, ids: list[list[int]], bare: bool) -> tuple[float, int]:
    """Compute perplexity per token, and the number of tokens; ``bare`` leaves out the mark at the beginning."""
    total, count = 0.0, 0
    for text in ids:
        row = torch.tensor([text[1:] if bare else text], device=model.device)
        total += float(compute_loss(model, row, row, "sum"))
        count += row.shape[1] - 1
    return math.exp(total / count), count


def measure_figures(target: Path) -> dict[str, dict[str, float]]:
    """Texts, tokens and perplexity of a folder's weights on captions of val and test and on the toy world's nouns."""
    from bench.toyworld.classes import NAMES
    from bench.toyworld.scene import sample_captions
    from bench.toyworld.words import WORDS

    model: Any = GPT2LMHeadModel.from_pretrained(target, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(target)
    sets: dict[str, list[str]] = {}
    for split in ("val", "test"):
        captions = list(sample_captions(split, CAPTIONS))
        sets[f"{split}, captions"] = captions
        sets[f"{split}, those with “Image of a …”"] = [text for text in captions if text.startswith("Image of a")]
    nouns = sorted({word for name in NAMES for word in WORDS.get(name, (name,))})
    sets["“Image of a {noun}.”, the world's nouns"] = [f"Image of a {noun}." for noun in nouns]
    measured = {}
    for name, texts in sets.items():
        for bare in (False, True):
            value, count = compute_perplexity(model, encode(tokenizer, texts), bare)
            begin = "first token given" if bare else "<|endoftext|> first"
            measured[f"{name}, {begin}"] = {"texts": len(texts), "tokens": count, "perplexity": round(value, 4)}
    return measured


CARD = """---
library_name: transformers
license: mit
---
# Embedded language model

GPT-2 format, {layers} layers, width {width}, {positions} positions, {parameters:,} parameters, stored as float16
({size:.1f} MB with the tokenizer). Byte-level BPE of {vocabulary} pieces, shared with the embedded CLIP. It knows the
captions of this package's toy world and no other English.

- Trained on the captions of {texts} scenes of the train split (`bench/toyworld/captions.py`) and nothing else. The
  tokenizer's pieces come from captions, class names and common words (`data_prep/train_tokenizer.py`).
- {steps} steps of {batch} texts, dropout 0, seed {seed}. Half the texts begin without <|endoftext|>.
- Make again: `python -m data_prep.train_language` (about 8 minutes on one core; resumes). Measure again: add `--card`.
  Another seed: `--seed 1 --work W --target T` (the tokenizer's files must lie in T), then `--card --beside T`.
- Use: `GPT2LMHeadModel.from_pretrained("bench/models/embedded/language", dtype=torch.float32)`.

Perplexity per token:

| texts | n | tokens | {seeds} |
|---|---:|---:|{rule}
{rows}

{apart}

Captions are drawn at random, so a part of the perplexity cannot be learned. Some of the short captions are equal to
training texts.

## Learning curve

Loss: mean over the steps since the line above, nats per token. Perplexity: {shown} tokens of val captions.

| step | loss | perplexity |
|---:|---:|---:|
{curve}

Limits: 64 tokens at most. Words outside the toy world are spelled from short pieces and are seldom offered. Texts
made with this model cannot be compared with published numbers.
"""


def write_card(target: Path, others: list[Path]) -> None:
    """Measure the folder as it ships, beside other seeds, and write README.md into it.

    Other seeds' figures are kept in training.json, so that the card needs no other folder.
    """
    facts = json.loads((target / "training.json").read_text())
    seeds: dict[str, Any] = facts.get("seeds", {})
    for other in others:
        seeds[str(json.loads((other / "training.json").read_text())["seed"])] = measure_figures(other)
    seeds = {str(facts["seed"]): measure_figures(target)} | {k: v for k, v in seeds.items() if k != str(facts["seed"])}
    (target / "training.json").write_text(json.dumps(facts | {"seeds": seeds}, indent=1) + "\n")
    model: Any = GPT2LMHeadModel.from_pretrained(target)
    mine = seeds[str(facts["seed"])]
    rows = [
        f"| {name} | {of['texts']} | {of['tokens']} | "
        + " | ".join(f"{seed[name]['perplexity']:.2f}" for seed in seeds.values() if name in seed) + " |"
        for name, of in mine.items()
    ]  # fmt: skip
    card = CARD.format(
        layers=model.config.n_layer,
        width=model.config.n_embd,
        positions=model.config.n_positions,
        parameters=checkpoints.count_parameters(model),
        size=checkpoints.measure_folder(target) / 1e6,
        vocabulary=model.config.vocab_size,
        seeds=" | ".join(f"seed {seed}" for seed in seeds),
        rule="---:|" * len(seeds),
        rows="\n".join(rows),
        apart=_describe_apart(list(seeds.values())),
        shown=facts["curve"][-1]["tokens"],
        curve="\n".join(f"| {p['step']} | {p['loss']:.3f} | {p['perplexity']:.2f} |" for p in facts["curve"]),
        **{key: facts[key] for key in ("texts", "steps", "batch", "seed")},
    )
    (target / "README.md").write_text(card)
    print(card)


def _describe_apart(seeds: list[dict[str, dict[str, float]]]) -> str:
    if len(seeds) == 1:
        return "No second seed has been measured."
    spans = [[seed[name]["perplexity"] for seed in seeds] for name in seeds[0] if all(name in seed for seed in seeds)]
    share = max(max(span) / min(span) - 1 for span in spans)
    return f"The perplexities of {len(seeds)} seeds on the same texts differ by {100 * share:.1f} % at most."
