"""ZeroCap for one segment as plainly as its equations: an oracle that shares no code with bench.caption.

Hugging Face's own forward pass with its cache, autograd of the written loss, every candidate text padded to CLIP's
full context and encoded anew in every iteration, contexts recomputed for every token.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import DynamicCache

from tests.unit.caption.tiny import Clip, Language


def encode(clip: Clip, texts: list[str]) -> torch.Tensor:
    tokens = [clip.tokenize_raw(text) for text in texts]
    padded = torch.tensor([t + [0] * (clip.text.context - len(t)) for t in tokens])
    with torch.no_grad():
        return clip.model.encode_text(padded)


def forward(model: Any, past: list[tuple[torch.Tensor, torch.Tensor]], token: int) -> torch.Tensor:
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(past):
        cache.update(keys, values, layer)
    return model(torch.tensor([[token]]), past_key_values=cache).logits[0, -1]


def shifted(language: Language, clip: Clip, context: list[int], target: torch.Tensor, o: dict[str, Any]):
    """Unmodified probabilities and shifted logits after one context."""
    model, tokenizer = language.model, language.tokenizer
    whole = model(torch.tensor([context[:-1]]), use_cache=True).past_key_values
    past = [(layer.keys.detach(), layer.values.detach()) for layer in whole.layers]
    before = forward(model, past, context[-1]).softmax(-1).detach()
    shift = [[torch.zeros_like(t, requires_grad=True) for t in pair] for pair in past]
    prefix = tokenizer.decode(context).replace("<|endoftext|>", "")

    def moved() -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [(k + a, v + b) for (k, v), (a, b) in zip(past, shift, strict=True)]

    for _ in range(o["iterations"]):
        p = forward(model, moved(), context[-1]).softmax(-1)
        best = p.detach().topk(min(o["candidates"] or len(p), len(p))).indices
        texts = [prefix + tokenizer.decode([i]) for i in best.tolist()]
        cosines = torch.cosine_similarity(encode(clip, texts), target[None], dim=-1)
        wanted = torch.zeros_like(p).scatter(0, best, (cosines / o["clip_temperature"]).softmax(-1))
        loss = -(wanted * p.log()).sum() + o["fluency_scale"] * (p * (p.log() - before.log())).sum()
        leaves = [t for pair in shift for t in pair]
        for leaf, g in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.data -= o["step"] * g / (g.norm() + 1e-15) ** o["grad_norm_factor"]
    return before, forward(model, moved(), context[-1]).detach()


def search(language: Language, clip: Clip, target: torch.Tensor, forbidden: list[int], o: dict[str, Any]):
    """Token lists with their mean log-probabilities, best first; per-beam normalisation."""
    tokenizer = language.tokenizer
    prompt = [tokenizer.bos_token_id, *tokenizer.encode("Image of a", add_special_tokens=False)]
    end = tokenizer.encode(".", add_special_tokens=False)[0]
    beams: list[tuple[list[int], float]] = [([], 0.0)]
    for position in range(o["tokens"]):
        grown = []
        for tokens, score in beams:
            if tokens and tokens[-1] == end:
                grown.append((tokens, score))
                continue
            before, logits = shifted(language, clip, prompt + tokens, target, o)
            factor = 1.6 if position == 0 else 1 / 1.1
            for token, by in [(end, factor), *((f, 20.0) for f in forbidden)]:
                logits[token] = logits[token] / by if logits[token] > 0 else logits[token] * by
            p = logits.softmax(-1) ** 0.99 * before**0.01
            steps = (p / p.sum()).log().tolist()
            grown += [([*tokens, token], score + step) for token, step in enumerate(steps)]
        beams = sorted(grown, key=lambda b: -b[1] / len(b[0]))[: o["beams"]]
        if all(tokens[-1] == end for tokens, _ in beams):
            break
    return [(tokens, score / len(tokens)) for tokens, score in beams]
