"""Section 3.3: how many of the texts that ZeroCap compares with a segment are distinct, counted in a real search.

The search asks for beams x iterations x candidates texts a step. A text that was met before, in another iteration,
beam, segment or step, costs nothing, so the number of distinct ones decides what an image takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.caption.candidates import CandidateFeatures
from bench.caption.search import TokenStep
from bench.caption.zerocap import SEGMENTS_AT_ONCE


@dataclass(frozen=True)
class Distinct:
    """Shares of texts that are distinct: of a step, of a segment with all its steps, of an image with all its segments.

    ``asked`` is the number of texts of the image that were asked for, and ``settings`` says of what. Of an image texts
    are shared by the segments that are searched together, which are at the same step: those fit into a run's memory.
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
    groups = [_search(paper, group) for group in targets.split(together)]
    asked = sum(sum(rows.values()) for _, rows in groups) * 5 * candidates
    image = sum(sum(found.values()) for found, _ in groups) / asked
    told = (
        f"{len(targets)} segments, {min(alone, len(targets))} of them also alone, {tokens} tokens, 5 beams, "
        f"{iterations} iterations, {candidates} of {search.model.vocabulary} tokens"
    )
    return Distinct(sum(steps) / len(steps), known / asked_alone, image, asked, told)


def _search(search: Any, targets: torch.Tensor) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Search with nothing remembered: distinct texts and rows of the language model, both by the contexts' length."""
    features, rows = make_fresh(search.features), Counter[int]()

    def watch(step: TokenStep) -> None:
        rows[step.context.shape[1]] += len(step.context)

    replace(search, features=features)(targets, watch)
    found = Counter[int]()
    for context, entry in features.contexts.items():
        found[len(context)] += len(entry.features)
    return found, rows


def make_fresh(features: CandidateFeatures) -> CandidateFeatures:
    """Make a store of features like another one, with nothing in it and room for all of an image."""
    return CandidateFeatures(features.vocabulary, features.clip, 1 << 40)
