"""The text tower against open_clip's own encode_text."""

from __future__ import annotations

import random
from typing import Any

import open_clip
import pytest
import torch

from bench.errors import UserError
from bench.models.blocks import Block
from bench.models.text_tower import TextTower
from bench.system.products import multiply
from tests.unit.caption.tiny import clip_model

END = 99


def texts(n: int, longest: int = 22) -> list[list[int]]:
    rng = random.Random(0)
    return [[98, *rng.choices(range(1, 98), k=rng.randint(0, longest - 2)), END] for _ in range(n)]


def padded(model: Any, some: list[list[int]]) -> torch.Tensor:
    with torch.no_grad():
        return model.encode_text(torch.tensor([t + [0] * (24 - len(t)) for t in some]))


def assert_alike(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Directions within 1e-5, lengths within a part in 100,000: open_clip's own float32 is as far from float64."""
    lengths = expected.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(found / lengths, expected / lengths, rtol=0, atol=1e-5)


def custom(**extra: Any) -> Any:
    text = {"context_length": 24, "vocab_size": 100, "width": 32, "heads": 2, "layers": 2, **extra}
    vision = {"image_size": 16, "layers": 1, "width": 32, "patch_size": 8, "head_width": 16}
    torch.manual_seed(0)
    return open_clip.CustomTextCLIP(embed_dim=16, vision_cfg=vision, text_cfg=text).eval()


def tower_model() -> Any:
    return clip_model(100)


MODELS = {
    "quick gelu, four heads": lambda: clip_model(100, heads=4),
    "gelu, layer scale": lambda: clip_model(100, quick_gelu=False, ls_init_value=0.5),
    "three layers": lambda: clip_model(100, layers=3),
    "custom, eos pooling": lambda: custom(pool_type="eos", eos_id=END),
    "custom, projection with bias": lambda: custom(proj_bias=True),
}


@pytest.mark.parametrize("name", MODELS)
def test_equals_open_clip(name: str) -> None:
    model, some = MODELS[name](), texts(40)
    expected = padded(model, some)
    tower = TextTower(model, rows=30)
    assert expected.std() > 0.01 and tower.dim == expected.shape[1] and tower.context == 24
    assert_alike(tower.encode(some), expected)


@pytest.mark.parametrize("length", [0, 1, 7, 20])
def test_continuations_equal_whole_texts(length: int) -> None:
    model = clip_model(100)
    prefix = texts(1, 60)[0][:length] if length > 1 else [98][:length]
    rest = [t[:3] + [END] for t in texts(30)]
    expected = padded(model, [[*prefix, *r] for r in rest])
    tower = TextTower(model)
    found = tower.encode([[*prefix, *r] for r in rest], tower.read(prefix))
    assert_alike(found, expected)


def test_texts_may_leave_the_prefix_early() -> None:
    model = clip_model(100)
    tower = TextTower(model, rows=24)
    some = [[98, 5, 6, 7, 8, END], [98, 5, 6, END], [98, 5, 60, 7, END], [98, END], [97, 5, END]]
    read = tower.read([98, 5, 6, 7])
    assert [read.count_shared(tuple(t)) for t in some] == [4, 3, 2, 1, 0]
    assert_alike(tower.encode(some, read), padded(model, some))


@pytest.mark.thinned(3)
@pytest.mark.parametrize(("width", "rows"), [(32, 32), (128, 128), (96, 25), (48, 256)])
def test_a_feature_does_not_depend_on_the_rest_of_the_call(width: int, rows: int) -> None:
    tower, some = TextTower(clip_model(100, width=width), rows), texts(150, 6)
    read = tower.read([98])
    whole = tower.encode(some, read)
    for i in range(0, 150, 7):
        assert torch.equal(tower.encode([some[i]], read)[0], whole[i])
    assert torch.equal(tower.encode(some[::-1], read), whole.flip(0))


def test_texts_of_several_prefixes_in_one_go_equal_each_list_by_itself() -> None:
    tower = TextTower(clip_model(100), rows=40)
    prefixes = [tower.read([98, 5, 6, 7]), tower.read([98]), tower.read(()), tower.read([98, 9])]
    lists = [[[98, 5, 6, 7, token, END] for token in range(8, 40)], texts(9, 6), texts(20), []]
    together = tower.encode_all(list(zip(prefixes, lists, strict=True)))
    assert [len(part) for part in together] == [32, 9, 20, 0]
    for prefix, some, found in zip(prefixes, lists, together, strict=True):
        assert torch.equal(found, tower.encode(some, prefix))
        torch.testing.assert_close(found, padded(tower_model(), some) if some else found, rtol=1e-5, atol=1e-5)


def test_texts_that_begin_alike_share_rows_and_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = TextTower(clip_model(100), rows=64)
    some = [[98, 5, first, second, END] for first in (6, 7) for second in range(10, 20)]
    alone = torch.cat([tower.encode([text]) for text in some])
    filled, _ = tower.round_up(44), tower.round_up(20)  # both are tried here, not below
    seen: list[int] = []
    project = Block.project
    monkeypatch.setattr(Block, "project", lambda block, x: seen.append(len(x)) or project(block, x))
    assert torch.equal(tower.encode(some), alone) and torch.equal(tower.encode(some[::-1]), alone.flip(0))
    # the start, 5, two first tokens, 20 second ones with their ends: 44 rows, not 100
    assert seen == [filled] * 4
    torch.testing.assert_close(alone, padded(tower_model(), some), rtol=1e-4, atol=1e-4)


def test_packs_of_a_call_are_full_but_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    tower, some = TextTower(clip_model(100), rows=24), [[98, 5, token, END] for token in range(50)]
    few, fours = tower.round_up(2), tower.round_up(4)
    monkeypatch.setattr(
        "bench.models.blocks.multiply", lambda x, *rest, **more: seen.append(len(x)) or multiply(x, *rest, **more)
    )
    tower.encode(some, tower.read([98, 5]))
    # the beginning, of 2 tokens: of attention 2 products in the first layer, 1 in the last; then 50 texts of 2 tokens
    # in 5 packs; the other product of the last layer is of the 50 end tokens alone, in 3 parts
    assert seen == [few] * 3 + ([24] * 3 * 4 + [fours] * 3) + [24, 24, few]


def test_beginnings_read_together_have_the_bits_of_each_alone() -> None:
    tower = TextTower(clip_model(100), rows=24)
    beginnings = [[98], [98, 5, 6, 7], [], [98, *range(1, 23)], [98, 9], list(range(1, 40))]
    together = tower.read_all(beginnings)
    assert [len(prefix.tokens) for prefix in together] == [1, 4, 0, 23, 2, 23]  # one token is a text's own
    for tokens, prefix in zip(beginnings, together, strict=True):
        assert all(map(torch.equal, prefix.cache, tower.read(tokens).cache))
    assert tower.read_all([]) == []


def test_a_second_end_token_and_too_long_texts() -> None:
    model = clip_model(100)
    tower = TextTower(model)
    with_two = [98, 5, END, 7, END]
    torch.testing.assert_close(tower.encode([with_two]), padded(model, [with_two]), rtol=1e-5, atol=1e-5)
    long = [98, *[5] * 30, END]
    torch.testing.assert_close(tower.encode([long]), padded(model, [[98, *[5] * 22, END]]), rtol=1e-5, atol=1e-5)


def test_no_texts_and_towers_of_another_kind() -> None:
    assert TextTower(clip_model(100)).encode([]).shape == (0, 16)
    with pytest.raises(UserError, match="causal"):
        TextTower(custom(no_causal_mask=True))
    with pytest.raises(UserError, match="pools"):
        TextTower(custom(pool_type="last"))
    with pytest.raises(UserError, match="end token"):
        TextTower(custom(pool_type="eos", eos_id=END)).encode([[98, 5]])
