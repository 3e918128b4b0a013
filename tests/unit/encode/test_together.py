"""Section 3.2: all variants of one image over layers that are opened once, to the bit what each gives alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from bench.encode.clearclip import ClearClip
from bench.encode.gem import Gem
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.mask_tokens import MaskTokens
from bench.encode.maskclip import MaskClip
from bench.encode.masked import Masked
from bench.encode.naclip import NAClip
from bench.encode.projected_subtraction import ProjectedSubtraction
from bench.encode.sclip import SClip
from bench.encode.surgery import Surgery
from bench.encode.unmasked import Unmasked
from bench.errors import UserError
from bench.models.blocks import Block
from tests.unit.encode import tiny
from tests.unit.encode.test_dense import MASKS

STARTS = {
    Gem: 1, Surgery: 2, MaskTokens: 2, Masked: 3, GlobalSubtraction: 3, ProjectedSubtraction: 3, Unmasked: 3,
    MaskClip: 4, SClip: 4, ClearClip: 4, NAClip: 4,
}  # fmt: skip
"""All attention maskings and where they start in the tower of four layers."""


@pytest.mark.thinned(3)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_each_gives_what_it_gives_alone_whatever_the_others_have_opened(turned: bool, last: bool) -> None:
    """``last``: masked ones start at the last layer, where one query asks; ``turned``: the last to start goes first."""
    clip, sample = tiny.clip(), tiny.sample()
    encoders = [kind(clip, 4 if last and start == 3 else start) for kind, start in STARTS.items()]
    opened = encoders[0].open_layers(sample)
    for encoder in encoders[::-1] if turned else encoders:
        shared, alone = encoder(sample, MASKS, opened), encoder(sample, MASKS)
        for one, other in zip(vars(shared).values(), vars(alone).values(), strict=True):
            assert one.tobytes() == other.tobytes(), type(encoder).__name__
        assert shared.vectors.std() > 0


def test_an_opening_is_computed_once_for_all_that_start_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries, keys and values of all 13 tokens, one product a layer however many variants open it."""
    products, split, run = Counter[int](), Block.split, Block.run

    def split_counted(block: Block, tokens: torch.Tensor) -> Any:
        products[places[id(block.attention)]] += tokens.shape[:2] == (1, 13)
        return split(block, tokens)

    def run_uncounted(block: Block, tokens: torch.Tensor) -> torch.Tensor:  # a whole plain layer on the way
        before = products.copy()
        made = run(block, tokens)
        products.clear()
        products.update(before)
        return made

    clip, sample = tiny.clip(), tiny.sample()
    places = {id(block.attn): i + 1 for i, block in enumerate(clip.visual.transformer.resblocks)}
    monkeypatch.setattr(Block, "split", split_counted)
    monkeypatch.setattr(Block, "run", run_uncounted)
    starting: list[Any] = [GlobalSubtraction(clip, 3), Unmasked(clip, 3), Surgery(clip, 3), Gem(clip, 3)]
    for encoder in starting:
        encoder(sample, MASKS[1:2])
    assert products[3] == 4  # each its own
    products.clear()
    opened = starting[0].open_layers(sample)
    for encoder in starting:
        encoder(sample, MASKS[1:2], opened)
    assert products[3] == 1
    assert opened.start_at(3).first.unmasked is opened.first.unmasked, "attention itself is shared, too"


def test_layers_that_do_not_fit_are_refused_in_a_line() -> None:
    clip, sample = tiny.clip(), tiny.sample()
    late = Masked(clip, 3).open_layers(sample)
    with pytest.raises(UserError, match=r"^MaskTokens: these layers begin at 3, behind its start_layer 2: open those"):
        MaskTokens(clip, 2)(sample, MASKS, late)
    with pytest.raises(UserError, match=r"^Masked: these layers are of another CLIP: open those of its own$"):
        Masked(tiny.clip(own=True), 3)(sample, MASKS, late)


def test_tokens_that_ask_are_those_of_each_variant() -> None:
    opened = Gem(tiny.clip(), 1).open_layers(tiny.sample())
    whole, alone = opened.start_at(4), opened.start_at(4, 1)
    assert whole.first.exponential.shape[2] == 13 and alone.first.exponential.shape[2] == 1
    assert alone.first is alone.last is alone[4] and alone.first.key is whole.first.key
    assert alone.output is whole.output is opened.output
