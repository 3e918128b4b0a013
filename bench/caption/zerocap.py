"""Section 3.3: ZeroCap, text from an embedding, by guiding a language model with CLIP.

For every token of every beam the language model's keys and values are shifted towards texts that CLIP finds similar to
the segment (`guidance`), the next-token distribution is corrected (`rules`) and the best beams go on (`beams`). Of the
final beams the text whose "Image of a {}." is most similar to the segment wins.

Exact and fast: candidate texts at true length over a shared prefix, features remembered (`candidates`), keys and
values of the unmodified model carried along and never recomputed, all beams of all segments in one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Interval
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from bench.caption.beams import Beams
from bench.caption.candidates import Vocabulary, share_features
from bench.caption.guidance import Guidance
from bench.caption.language_step import LanguageStep
from bench.caption.recorded_step import RecordedStep
from bench.caption.rules import TokenRules, resolve_forbidden
from bench.caption.search import Search
from bench.caption.texts import ClipText, PromptedTexts
from bench.errors import UserError
from bench.records import Captions, Embeddings
from bench.system.graphs import Capture, CudaCapture

SEGMENTS_AT_ONCE, KEPT = 4, 68 << 20
"""Segments that are described side by side on a processor: more where their keys and values fit into these bytes. Five
beams of GPT-2 medium keep 17 MiB for each segment, which is room for four, and three times that while they are one
batch."""
SEGMENTS_ON_GPU, KEPT_ON_GPU = 16, 280 << 20
"""The same elsewhere."""
STORE_MB, LARGE, STORE_BESIDE_LARGE = 512, 1 << 16, 96
"""MiB of remembered features; on a processor, beside a language model that keeps this many bytes of a token or more,
what a batch's contexts take and half as much for beginnings of texts, so that a worker takes no more than 3 GiB."""

Factor = Annotated[float, Interval(ge=0.001, le=10_000)]
"""Of a logit."""


@dataclass(frozen=True, eq=False)
class Winner:
    """A segment's winning text, its CLIP feature inside the prompt (not normalised) and the cosine with the segment."""

    text: str
    feature: Float[Tensor, " d"]
    score: float


class ZeroCap:
    """The captioner; defaults are the paper's.

    ``language`` has ``.model`` (GPT2LMHeadModel) and ``.tokenizer``; ``clip`` has ``.text`` and ``.tokenize_raw``.
    ``candidates`` None means the whole vocabulary. ``forbidden``: gpt2 (a rule), none, or token ids.
    ``normalisation``: beam, a proper probability for each, or joint, over all beams of a segment as the reference does.
    ``final``: stop, where candidates are cleaned before they are compared, or cut_last, where they are compared as they
    are and the winner loses its last character whatever it is, as in the reference.
    ``rows`` bounds the batch of a large language model. Filled up, so that no segment's result depends on others'.
    ``store_mb`` bounds the memory of remembered CLIP features (None: `choose_store_mb`), ``segments`` how many are
    searched side by side (None: as many as memory is meant for).
    """

    source = "the paper, section 3.3"
    cost, training_free = "tokens x iterations passes of the language model and its gradient, for each beam", True

    def __init__(
        self,
        language: Any,
        clip: ClipText,
        *,
        prompt: str = "Image of a",
        clip_prompt: str = "Image of a {}.",
        beams: Annotated[int, Interval(ge=1, le=10**9)] = 5,
        tokens: Annotated[int, Interval(ge=1, le=1000)] = 15,
        iterations: Annotated[int, Interval(ge=0, le=1000)] = 5,
        step: Annotated[float, Interval(ge=0, le=1000)] = 0.3,
        grad_norm_factor: Annotated[float, Interval(ge=0, le=10)] = 0.9,
        clip_scale: Annotated[float, Interval(ge=0, le=10_000)] = 1.0,
        fluency_scale: Annotated[float, Interval(ge=0, le=10_000)] = 0.2,
        clip_temperature: Annotated[float, Interval(ge=1e-6, le=1000)] = 0.01,
        candidates: Annotated[int, Interval(ge=1, le=1_000_000)] | None = 512,
        fusion: Annotated[float, Interval(ge=0, le=1)] = 0.99,
        repetition_penalty: Factor = 1.0,
        end_token: str = ".",
        end_factor: Factor = 1.1,
        end_start_factor: Factor = 1.6,
        forbidden_factor: Factor = 20.0,
        forbidden: str | Iterable[int] | None = "gpt2",
        normalisation: Literal["beam", "joint"] = "beam",
        final: Literal["stop", "cut_last"] = "stop",
        rows: Annotated[int, Interval(ge=1, le=10**9)] = 40,
        store_mb: Annotated[int, Interval(ge=1, le=10**9)] | None = None,
        segments: Annotated[int, Interval(ge=1, le=10**9)] | None = None,
    ) -> None:
        _check_choice("normalisation", normalisation, ("beam", "joint"))
        _check_choice("final", final, ("stop", "cut_last"))
        self.final, self.segments = final, segments
        model, tokenizer = LanguageStep(language.model), language.tokenizer
        self.vocabulary = Vocabulary(tokenizer, model.vocabulary)
        start = (*self.vocabulary.start_ids, *tokenizer.encode(prompt, add_special_tokens=False))
        if len(start) + tokens > model.longest + 1:
            raise UserError(f"caption.tokens={tokens} is too long for a language model of {model.longest} positions")
        penalised = resolve_forbidden(forbidden, self.vocabulary.strings)
        limit = (choose_store_mb(model) if store_mb is None else store_mb) << 20
        self.search = Search(
            model=model,
            features=share_features(self.vocabulary, clip, limit, len(start) + 1),
            rules=TokenRules(
                end_token=_find_single_token(tokenizer, end_token),
                forbidden=torch.tensor(penalised, dtype=torch.int64, device=model.device),
                end_factor=end_factor,
                end_start_factor=end_start_factor,
                forbidden_factor=forbidden_factor,
                repetition_penalty=repetition_penalty,
            ),
            guidance=Guidance(
                iterations, step, grad_norm_factor, clip_scale, fluency_scale, clip_temperature, candidates
            ),
            prompt=start,
            width=beams,
            tokens=tokens,
            fusion=fusion,
            joint=normalisation == "joint",
            rows=rows,
        )
        self.prompted = PromptedTexts(clip, clip_prompt)

    def __call__(self, embeddings: Embeddings) -> Captions:
        """Caption each segment; any number of segments, also none.

        Raises `UserError` for embeddings that are not finite.
        """
        if not np.isfinite(embeddings.vectors).all():
            raise UserError("an embedding is not finite, so it has no caption: check the image and the CLIP weights")
        vectors = torch.from_numpy(embeddings.vectors).to(self.search.model.device, torch.float32)
        targets = F.normalize(vectors, dim=-1)
        winners = []
        try:
            for group in targets.split(self.count_together()):
                winners += self.choose(self.search(group), group)
        finally:  # what other stages need memory for
            self.search.model.let_go()
        features = torch.stack([c.feature for c in winners]) if winners else self.prompted([])
        scores = np.array([c.score for c in winners], dtype=np.float32)
        return Captions(tuple(c.text for c in winners), features.cpu().numpy(), scores)

    def count_together(self) -> int:
        """Count the segments that are described side by side."""
        if self.segments is not None:
            return self.segments
        on_processor = self.search.model.device.type == "cpu"
        least, kept = (SEGMENTS_AT_ONCE, KEPT) if on_processor else (SEGMENTS_ON_GPU, KEPT_ON_GPU)
        return max(least, kept // self.search.bytes_each)

    def use_graphs(self, capture: Capture[Any] | None = None) -> None:
        """Let the language model's steps be recorded and replayed from now on, by CUDA graphs unless told otherwise."""
        step = RecordedStep(self.search.model, capture or CudaCapture())
        self.search = replace(self.search, model=step)

    def choose(self, beams: Sequence[Beams], targets: Float[Tensor, "n d"]) -> list[Winner]:
        """Choose each segment's beam whose text inside the CLIP prompt is most similar to its unit-length target."""
        texts = [self.list_candidates(own) for own in beams]
        features = self.prompted(list(chain.from_iterable(texts))).split([len(own) for own in texts])
        return [self._choose(*own) for own in zip(texts, features, targets, strict=True)]

    def _choose(self, texts: list[str], features: Float[Tensor, "b d"], target: Float[Tensor, " d"]) -> Winner:
        scores = (F.normalize(features, dim=-1) * target).sum(dim=-1)
        best = int(scores.argmax())
        text = clean_text(texts[best][:-1]) if self.final == "cut_last" else texts[best]
        return Winner(text, features[best], float(scores[best]))

    def list_candidates(self, beams: Beams) -> list[str]:
        """List the texts of the final beams as they are compared, best mean log-probability first."""
        order = beams.mean_scores.argsort(descending=True, stable=True).tolist()
        tokens, lengths = beams.tokens.tolist(), beams.lengths.tolist()
        texts = [self.vocabulary.decode(tokens[i][: lengths[i]]) for i in order]
        return texts if self.final == "cut_last" else [clean_text(text) for text in texts]


def choose_store_mb(model: LanguageStep) -> int:
    """Choose how many MiB of features are remembered beside a language model."""
    is_large = model.device.type == "cpu" and model.bytes_a_token >= LARGE
    return STORE_BESIDE_LARGE if is_large else STORE_MB


def clean_text(text: str) -> str:
    """Lower the case and take away full stops and surrounding blanks; may be empty."""
    return text.lower().replace(".", "").strip()


def _find_single_token(tokenizer: Any, text: str) -> int:
    ids = tokenizer.encode(text, add_special_tokens=False)
    if len(ids) != 1:
        raise UserError(f"caption.end_token={text!r} is {len(ids)} tokens of the language model: choose a single token")
    return ids[0]


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UserError(f"caption.{name}={value} is unknown: use {' or '.join(choices)}")
