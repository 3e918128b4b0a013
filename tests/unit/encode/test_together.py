"""Section 3.2: all variants of one image over layers that are opened once, to the bit what each gives alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from bench.encode.attention import Attention
from bench.encode.clearclip import ClearClip
from bench.encode.gem import Gem
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.layers import Layer
from bench.encode.mask_tokens import MaskTokens
from bench.encode.maskclip import MaskClip
from bench.encode.masked import Masked
from bench.encode.masking import MaskedEncoder
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

    def run_uncounted(block: Block, tokens: torch.Tensor) -> torch.Tensor:  # a layer of the trunk
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


class Doubled(Masked):
    """Other layers than Masked's, and a method of that name of its own."""

    def mix(self, attention: Attention) -> torch.Tensor:
        return 2 * attention.masked


class Patches(Masked):
    """Masked's layers, of the last of which it reads more."""

    pools_patches = True


def test_variants_that_differ_in_pool_alone_share_the_masked_layers_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip, sample, mixed = tiny.clip(), tiny.sample(), Counter[str]()
    check = MaskedEncoder._check_mixed

    def count(encoder: MaskedEncoder, *arguments: Any) -> Any:
        mixed[type(encoder).__name__] += 1
        return check(encoder, *arguments)

    monkeypatch.setattr(MaskedEncoder, "_check_mixed", count)
    patched = Masked(clip, 3)
    patched.mix = lambda attention: 3 * attention.masked  # type: ignore[method-assign]
    others = [Doubled(clip, 3), Patches(clip, 3), patched]
    alone = [encoder(sample, MASKS[2:4]).vectors for encoder in others]
    mixed.clear()
    opened = Masked(clip, 3).open_layers(sample)
    for encoder in (Masked(clip, 3), ProjectedSubtraction(clip, 3, weight=0.7), ProjectedSubtraction(clip, 3)):
        encoder(sample, MASKS[2:4], opened)
    assert mixed == {"Masked": 2 * 2}, "two segments, layers 3 and 4, once for all three"
    for encoder, expected in zip(others, alone, strict=True):
        assert encoder(sample, MASKS[2:4], opened).vectors.tobytes() == expected.tobytes(), type(encoder).__name__
    ProjectedSubtraction(clip, 4)(sample, MASKS[2:4], opened)
    ProjectedSubtraction(clip, 3)(sample, MASKS[4:5], opened)
    assert mixed["ProjectedSubtraction"] == 2 + 2, "another start layer, another segment"


def test_an_opened_layer_is_run_with_the_parts_that_were_read_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clip, sample, split, made = tiny.clip(), tiny.sample(), Block.split, Counter[int]()
    numbers = {id(block.attn): i + 1 for i, block in enumerate(clip.visual.transformer.resblocks)}

    def count(block: Block, tokens: torch.Tensor) -> Any:
        made[numbers[id(block.attention)]] += 1
        return split(block, tokens)

    alone = Surgery(clip, 1).open_layers(sample).output
    monkeypatch.setattr(Block, "split", count)
    opened = Surgery(clip, 1).open_layers(sample)
    assert opened[2].query.shape == opened[2].key.shape
    assert opened.output.numpy().tobytes() == alone.numpy().tobytes()
    assert made == {1: 1, 2: 1, 3: 1, 4: 1}
    assert "_parts" not in vars(opened[3]), "of a layer that is only passed nothing is kept"


def test_the_whole_image_is_embedded_once_and_its_last_layer_of_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    clip, sample, rows = tiny.clip(), tiny.sample(), []
    finish = Layer.finish
    monkeypatch.setattr(Layer, "finish", lambda layer, heads: rows.append(heads.shape[2]) or finish(layer, heads))
    opened = Gem(clip, 1).open_layers(sample)
    first, second = opened.start_at(2).embedding, opened.start_at(4, 1).embedding
    assert first is second and rows == [1]
    unmasked = Unmasked(clip, 3)(sample, MASKS, opened).vectors
    assert rows == [1] and (unmasked == first.numpy()).all(), "nothing is computed again"
    expected = clip.visual(tiny.preprocess(sample.image))
    torch.testing.assert_close(first, expected, rtol=0, atol=1e-5)
    assert torch.equal(Gem(clip, 1).open_layers(sample).start_at(4, 1).embedding, first), "whoever opened the layers"


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
