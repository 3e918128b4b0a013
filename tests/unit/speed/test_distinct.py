"""Distinct texts against a count of every call, for a language model whose texts are few."""

from __future__ import annotations

from dataclasses import replace

import torch

from bench.caption.zerocap import ZeroCap
from bench.speed.distinct import count_distinct, make_fresh
from tests.unit.caption import tiny


class Counted:
    """Features that write down every text that is asked for."""

    def __init__(self, features) -> None:
        self.features, self.asked = features, []
        self.vocabulary, self.clip, self.contexts = features.vocabulary, features.clip, features.contexts

    def compute_all(self, asked):
        self.asked += [(context, token) for context, tokens in asked for token in tokens.tolist()]
        return self.features.compute_all(asked)


def test_shares_are_of_all_texts_that_a_step_a_segment_and_an_image_ask_for() -> None:
    zerocap = ZeroCap(tiny.language(), tiny.clip(), tokens=6, beams=4, iterations=2, candidates=8)
    targets = torch.nn.functional.normalize(torch.from_numpy(tiny.embeddings(2).vectors), dim=-1)
    found = count_distinct(zerocap.search, targets, 8, together=2)
    counted = Counted(make_fresh(zerocap.search.features))
    steps = []
    replace(zerocap.search, features=counted)(targets, steps.append)
    asked = sum(len(step.context) for step in steps) * 2 * 8
    assert found.asked == asked and found.image == len(set(counted.asked)) / asked
    assert found.settings.startswith("2 segments, 2 of them also alone, 6 tokens, 4 beams, 2 iterations, 8 of ")
    assert 1 / 2 <= found.step <= 1 and found.image <= found.segment <= 1


def test_texts_are_shared_by_the_segments_that_are_searched_together_and_the_first_two_tokens_by_all() -> None:
    zerocap = ZeroCap(tiny.language(), tiny.clip(), tokens=4, beams=5, iterations=1, candidates=8)
    target = torch.nn.functional.normalize(torch.from_numpy(tiny.embeddings(1).vectors), dim=-1)

    def count(tokens: int, together: int) -> tuple[int, float]:
        found = count_distinct(replace(zerocap.search, tokens=tokens), target[[0, 0]], 8, together, alone=1)
        return round(found.image * found.asked), found.segment

    (beginnings, _), (all_four, segment) = count(2, 2), count(4, 2)
    assert 0 < beginnings < all_four  # the same segment twice
    assert count(2, 1)[0] == beginnings
    assert count(4, 1) == (2 * all_four - beginnings, segment)
