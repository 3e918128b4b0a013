"""Section 3.3: how many of the texts that ZeroCap compares with a segment are distinct, counted in a real search.

The search asks for beams x iterations x candidates texts a step. A text that was met before, in another iteration,
beam, segment or step, costs nothing, so the number of distinct ones decides what an image takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from bench.caption.candidates import CandidateFeatures, Context
from bench.caption.search import TokenStep
from bench.speed.inputs import EMBEDDED, Inputs

FEW = 64
"""Candidates that the embedded models compare, whose vocabulary has 800 tokens."""


@dataclass(frozen=True)
class Distinct:
    """Shares of texts that are distinct: of a step, of a segment with all its steps, of an image with all its segments.

    ``asked`` is the number of texts of the image that were asked for, and ``settings`` says of what. Of an image texts
    are shared by the segments that are searched together, which are at the same step, and those of the first two tokens
    by all segments. A run's memory keeps the latter longest, but not whatever they are: at the paper's sizes a context
    takes some 2.9 MB and those that stay have half of 96 MiB, which is 17 contexts. Where an image has more of them, a
    run computes some of their texts again, and the share is less than a run's.
    """

    step: float
    segment: float
    image: float
    asked: int
    settings: str


def count_distinct(search: Any, targets: torch.Tensor, candidates: int, together: int, alone: int = 4) -> Distinct:
    """Count over a search of an image's targets [n, d]: its beams, tokens and iterations.

    ``candidates`` is how many next tokens of a row CLIP is shown; ``alone`` of the targets are also searched alone,
    and ``together`` as many at once.
    """
    paper = replace(search, guidance=replace(search.guidance, candidates=candidates))
    iterations = search.guidance.iterations
    each = iterations * candidates  # texts that a row asks for
    asked_alone, steps, known = 0, [], 0
    for target in targets[:alone]:
        found, rows = _search(paper, target[None])
        asked_alone += sum(rows.values()) * each
        known += sum(found.values())
        steps += [found[length] / (rows[length] * each) for length in found if rows[length]]
    asked, image = _count_image(paper, targets.split(together))
    asked *= each
    told = (
        f"{len(targets)} segments, {min(alone, len(targets))} of them also alone, {search.tokens} tokens, "
        f"{search.width} beams, {iterations} iterations, {candidates} of {search.model.vocabulary} tokens"
    )
    return Distinct(sum(steps) / len(steps), known / asked_alone, image / asked, asked, told)


def count_embedded_distinct(inputs: Inputs, like: Any, segments: int, together: int) -> dict[str, Any]:
    """Count over the picture's first segments with the embedded models, which are trained; give `Distinct`'s fields.

    Beams, tokens and iterations are those of the search ``like``, tokens as far as the embedded language model reads.
    """
    embedded = Inputs(EMBEDDED, inputs.embedded, inputs.image, inputs.embedded)
    captioner: Any = embedded.context.make_stage("caption")
    search = captioner.search
    tokens = min(like.tokens, search.model.longest + 1 - len(search.prompt))
    guidance = replace(search.guidance, iterations=like.guidance.iterations)
    targets = torch.from_numpy(embedded.embeddings.vectors[:segments])
    return asdict(count_distinct(
        replace(search, guidance=guidance, width=like.width, tokens=tokens), targets, FEW, together
    ))  # fmt: skip


def _count_image(search: Any, groups: Sequence[torch.Tensor]) -> tuple[int, int]:
    """Count rows of the language model and distinct texts, those of short contexts once for all groups of segments."""
    beginnings, count, asked = dict[Context, torch.Tensor](), 0, 0
    for group in groups:
        features, rows = _run(search, group)
        asked += sum(rows.values())
        for context, entry in features.contexts.items():
            if len(context) <= len(search.prompt) + 1:
                beginnings[context] = (entry.rows >= 0) | beginnings.get(context, entry.rows >= 0)
            else:
                count += len(entry.features)
    return asked, count + sum(int(known.sum()) for known in beginnings.values())


def _search(search: Any, targets: torch.Tensor) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Search with nothing remembered: distinct texts and rows of the language model, both by the contexts' length."""
    features, rows = _run(search, targets)
    found = Counter[int]()
    for context, entry in features.contexts.items():
        found[len(context)] += len(entry.features)
    return found, rows


def _run(search: Any, targets: torch.Tensor) -> tuple[CandidateFeatures, Counter[int]]:
    """Search with nothing remembered, and give what is then, with the rows by the length of their contexts."""
    features, rows = make_fresh(search.features), Counter[int]()

    def watch(step: TokenStep) -> None:
        rows[step.context.shape[1]] += len(step.context)

    replace(search, features=features)(targets, watch)
    return features, rows


def make_fresh(features: CandidateFeatures) -> CandidateFeatures:
    """Make a store of features like another one, with nothing in it and room for all of an image."""
    return CandidateFeatures(features.vocabulary, features.clip, 1 << 40)
