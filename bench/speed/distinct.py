"""Section 3.3: how many of the texts that ZeroCap compares with a segment are distinct, counted in a real search.

The search asks for beams x iterations x candidates texts a step. A text that was met before, in another iteration,
beam, segment or step, costs nothing, so the number of distinct ones decides what an image takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.caption.candidates import CandidateFeatures, Context
from bench.caption.search import TokenStep
from bench.caption.zerocap import SEGMENTS_AT_ONCE


@dataclass(frozen=True)
class Distinct:
    """Shares of texts that are distinct: of a step, of a segment with all its steps, of an image with all its segments.

    ``asked`` is the number of texts of the image that were asked for, and ``settings`` says of what. Of an image texts
    are shared by the segments that are searched together, which are at the same step, and those of the first two tokens
    by all segments: these fit into a run's memory, which keeps the latter longest.
    """

    step: float
    segment: float
    image: float
    asked: int
    settings: str


def count_distinct(
    search: Any, targets: torch.Tensor, candidates: int, tokens: int = 15, iterations: int = 5, alone: int = 4,
    together: int = SEGMENTS_AT_ONCE,
) -> Distinct:  # fmt: skip
    """Count over a search of an image's targets [n, d], five beams, by default of the paper's length and iterations.

    ``candidates`` is how many next tokens of a row CLIP is shown; ``alone`` of the targets are also searched alone,
    and ``together`` as many at once.
    """
    guidance = replace(search.guidance, iterations=iterations, candidates=candidates)
    paper = replace(search, guidance=guidance, width=5, tokens=tokens)
    asked_alone, steps, known = 0, [], 0
    for target in targets[:alone]:
        found, rows = _search(paper, target[None])
        asked_alone += sum(rows.values()) * 5 * candidates
        known += sum(found.values())
        steps += [found[length] / (rows[length] * 5 * candidates) for length in found if rows[length]]
    asked, image = _count_image(paper, targets.split(together))
    asked *= 5 * candidates
    told = (
        f"{len(targets)} segments, {min(alone, len(targets))} of them also alone, {tokens} tokens, 5 beams, "
        f"{iterations} iterations, {candidates} of {search.model.vocabulary} tokens"
    )
    return Distinct(sum(steps) / len(steps), known / asked_alone, image / asked, asked, told)


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
