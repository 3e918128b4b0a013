"""A protocol in sentences: every choice that moves a number is told by another sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.protocol import CHOICES
from bench.score.presets import list_presets, make_protocol
from bench.score.protocol_words import describe_in_words

PAPER = make_protocol("paper")


@pytest.mark.parametrize("key", [*CHOICES, "tau_sbert", "tau_clip", "tau_iou", "rounding", "aggregation", "mapping"])
def test_every_choice_is_another_text(key: str) -> None:
    others = {"aggregation": [("image",), ("pair",), ("dataset",)], "mapping": [("tt",), ("st",), ("exact",)]}
    values = CHOICES.get(key) or others.get(key) or (0, 1)
    told = [tuple(describe_in_words(replace(PAPER, **{key: value}).list_settings())) for value in values]
    assert len(set(told)) == len(values)


@pytest.mark.parametrize("name", list_presets())
def test_sentences_are_sentences(name: str) -> None:
    told = describe_in_words(make_protocol(name).list_settings())
    assert all(each.endswith(".") and "=" not in each.replace("==", "") for each in told) and len(told) > 8


def test_a_threshold_is_told_with_its_mapping() -> None:
    told = describe_in_words(replace(PAPER, tau_sbert=0.6, tau_clip=None).list_settings())
    assert any(each.startswith("TT: ") and each.endswith("if the similarity is 0.6 or more.") for each in told)
    assert any(each.startswith("ST: ") and each.endswith("however alike.") for each in told)
