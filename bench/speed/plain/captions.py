"""Section 3.3, plainly: ZeroCap for one segment, transformers' forward pass and autograd of the written loss.

Every candidate text is padded to CLIP's whole context and encoded anew in every iteration, the language model reads
every context anew for every token, beams come one after the other, and both models write their attention weights out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import DynamicCache

from bench.speed.plain.attention import use_eager_attention, write_out_text_attention

Options = Mapping[str, Any]
"""Those of `bench.caption.zerocap.ZeroCap` by their names; what is not given is the paper's."""
Cache = list[tuple[Tensor, Tensor]]
"""Keys and values [1, heads, tokens, channels], a pair for each block."""


def encode(clip: Any, texts: Sequence[str]) -> Float[Tensor, "n d"]:
    """Encode texts by open_clip's own function, padded to the whole context; not normalised."""
    tokens = [clip.tokenize_raw(text) for text in texts]
    padded = torch.tensor([t + [0] * (clip.text.context - len(t)) for t in tokens])
    with torch.no_grad(), write_out_text_attention(clip):
        features: Tensor = clip.model.encode_text(padded)
    return features


def forward(model: Any, past: Cache, token: int) -> Float[Tensor, " v"]:
    """Compute the logits after one more token over some keys and values."""
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(past):
        cache.update(keys, values, layer)
    logits: Tensor = model(torch.tensor([[token]]), past_key_values=cache).logits[0, -1]
    return logits


def shift(
    language: Any, clip: Any, context: list[int], target: Float[Tensor, " d"], o: Options
) -> tuple[Float[Tensor, " v"], Float[Tensor, " v"]]:
    """Shift the context's keys and values towards texts like the target: probabilities before, logits after."""
    with use_eager_attention(language.model):
        return _shift(language, clip, context, target, o)


def _shift(
    language: Any, clip: Any, context: list[int], target: Float[Tensor, " d"], o: Options
) -> tuple[Float[Tensor, " v"], Float[Tensor, " v"]]:
    model = language.model
    whole = model(torch.tensor([context[:-1]]), use_cache=True).past_key_values
    past = [(layer.keys.detach(), layer.values.detach()) for layer in whole.layers]
    before = forward(model, past, context[-1]).softmax(-1).detach()
    shifts = [[torch.zeros_like(t, requires_grad=True) for t in pair] for pair in past]
    prefix = _decode(language, context)

    def moved() -> Cache:
        return [(k + a, v + b) for (k, v), (a, b) in zip(past, shifts, strict=True)]

    for _ in range(o["iterations"]):
        p = forward(model, moved(), context[-1]).softmax(-1)
        best = p.detach().topk(min(o["candidates"] or len(p), len(p))).indices
        texts = [prefix + _decode(language, [i]) for i in best.tolist()]
        cosines = torch.cosine_similarity(encode(clip, texts), target[None], dim=-1)
        wanted = torch.zeros_like(p).scatter(0, best, (cosines / o["clip_temperature"]).softmax(-1))
        loss = -(wanted * p.log()).sum() + o["fluency_scale"] * (p * (p.log() - before.log())).sum()
        leaves = [t for pair in shifts for t in pair]
        for leaf, g in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.data -= o["step"] * g / (g.norm() + 1e-15) ** o["grad_norm_factor"]
    return before, forward(model, moved(), context[-1]).detach()


def search(
    language: Any, clip: Any, target: Float[Tensor, " d"], forbidden: Sequence[int], o: Options
) -> list[tuple[list[int], float]]:
    """Search token lists with their mean log-probabilities, best first; each beam is normalised by itself."""
    tokenizer = language.tokenizer
    start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    prompt = [start, *tokenizer.encode("Image of a", add_special_tokens=False)]
    end = tokenizer.encode(".", add_special_tokens=False)[0]
    beams: list[tuple[list[int], float]] = [([], 0.0)]
    for position in range(o["tokens"]):
        grown = []
        for tokens, score in beams:
            if tokens and tokens[-1] == end:
                grown.append((tokens, score))
                continue
            before, logits = shift(language, clip, prompt + tokens, target, o)
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


def _decode(language: Any, tokens: Sequence[int]) -> str:
    """Decode tokens without the end-of-text string."""
    text: str = language.tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False)
    return text.replace(language.tokenizer.eos_token or "\0", "")
