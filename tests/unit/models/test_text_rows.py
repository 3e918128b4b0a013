"""Rows that texts share, and the attention over them, against each text by itself."""

from __future__ import annotations

import random

import pytest
import torch

from bench.models.text_attention import attend, multiply_heads
from bench.models.text_rows import Branch, Pack, count_rows, fill_packs

CPU = torch.device("cpu")
HEADS, SIZE = 2, 4


def draw_branches(count: int, prefixes: int) -> list[Branch]:
    """Texts of few different tokens, so that many begin alike, which leave the prefix (1, 1, 1) anywhere."""
    rng = random.Random(0)
    texts = [(rng.randrange(prefixes), tuple(rng.choices((1, 1, 2), k=rng.randint(3, 6)))) for _ in range(count)]
    ones = [next((i for i, token in enumerate(text[:3]) if token != 1), 3) for _, text in texts]
    return sorted({Branch(at, min(one, len(text) - 1), text) for (at, text), one in zip(texts, ones, strict=True)})


def test_a_pack_by_hand() -> None:
    branches = [Branch(0, 1, (9, 5, 6, 0)), Branch(0, 1, (9, 5, 6, 8, 0)), Branch(0, 1, (9, 7, 0)),
                Branch(1, 1, (9, 7, 0))]  # fmt: skip
    (pack,) = fill_packs(branches, 9)
    assert pack.tokens == [5, 6, 0, 8, 0, 7, 0, 7, 0] and pack.places == [1, 2, 3, 3, 4, 1, 2, 1, 2]
    assert pack.before == [-1, 0, 1, 1, 3, -1, 5, -1, 7]
    assert pack.paths == [[0, 1, 2], [0, 1, 3, 4], [5, 6], [7, 8]]
    assert [pack.tokens for pack in fill_packs(branches, 5)] == [[5, 6, 0, 8, 0], [7, 0, 7, 0]]
    assert count_rows([*branches, branches[0]]) == 9 and count_rows([]) == 0
    ends = pack.ask([2, 4, 6, 8], CPU, 1)
    assert [(level.asking.tolist(), level.asked.tolist()) for level in ends.levels] == [
        ([0, 1, 2, 3], [2, 4, 6, 8]), ([0, 1, 2, 3], [1, 3, 5, 7]), ([0, 1], [0, 1]), ([1], [0])]  # fmt: skip
    assert ends.spans == ((0, 0, 3), (1, 3, 4)) and ends.hidden.shape == (4, 1, 16)


@pytest.mark.parametrize("rows", [6, 7, 25, 1000])
def test_every_text_is_in_one_pack_with_all_its_rows(rows: int) -> None:
    branches = draw_branches(60, 2)
    packs = list(fill_packs(branches, rows))
    found = [tuple(pack.tokens[row] for row in path) for pack in packs for path in pack.paths]
    assert found == [branch.own for branch in branches]
    for pack in packs:
        assert len(pack.tokens) <= rows
        assert all(pack.before[b] == a for path in pack.paths for a, b in zip([-1, *path], path, strict=False))
    assert count_rows(branches) < sum(len(branch.own) for branch in branches)


def attend_plainly(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """One query [h k] over t keys and values [t h k], in float64."""
    logits = torch.einsum("hk,thk->ht", queries.double(), keys.double()) / SIZE**0.5
    return torch.einsum("ht,thk->hk", logits.softmax(-1), values.double())


@pytest.mark.parametrize("only_ends", [False, True])
def test_attention_is_that_of_each_token_over_its_own_text(only_ends: bool) -> None:
    torch.manual_seed(0)
    branches = draw_branches(40, 2)
    (pack,) = fill_packs(branches, 1000)
    packed, caches = torch.randn(len(pack.tokens), 3 * HEADS * SIZE), [torch.randn(2, HEADS, 3, SIZE) for _ in range(2)]
    rows = [path[-1] for path in pack.paths] if only_ends else list(range(len(pack.tokens)))
    found = attend(packed, HEADS, caches, pack.ask(rows, CPU, 3), 256)
    queries, keys, values = packed.view(-1, 3, HEADS, SIZE).unbind(1)
    for path, branch in zip(pack.paths, branches, strict=True):
        past = caches[branch.prefix][:, :, : branch.shared].transpose(1, 2)  # 2 p h k
        for at in [len(path) - 1] if only_ends else range(len(path)):
            own = path[: at + 1]
            expected = attend_plainly(
                queries[path[at]], torch.cat([past[0], keys[own]]), torch.cat([past[1], values[own]])
            )
            torch.testing.assert_close(found[rows.index(path[at])].double(), expected.flatten(), rtol=1e-5, atol=1e-6)


def test_attention_keeps_its_bits_in_other_company_and_beside_longer_texts() -> None:
    torch.manual_seed(0)
    branches, cache = draw_branches(40, 1), torch.randn(2, HEADS, 3, SIZE)
    states = {(1,) * 4: torch.randn(3 * HEADS * SIZE)}

    def run(some: list[Branch]) -> dict[tuple[int, ...], torch.Tensor]:
        pack = Pack()
        for branch in some:
            pack.add(branch)
        names = {row: branch.tokens[: branch.shared + at + 1]
                 for path, branch in zip(pack.paths, some, strict=True) for at, row in enumerate(path)}  # fmt: skip
        packed = torch.stack(
            [states.setdefault(names[row], torch.randn(3 * HEADS * SIZE)) for row in range(len(names))]
        )
        return {
            names[row]: x
            for row, x in enumerate(attend(packed, HEADS, [cache], pack.ask(range(len(names)), CPU, 3), 99))
        }

    long = Branch(0, 3, (1, 1, 1, *[2] * 40))
    whole = run(sorted([*branches, long]))
    for branch in branches:
        assert all(torch.equal(x, whole[name]) for name, x in run([branch]).items())


def test_heads_are_multiplied_apart() -> None:
    x, weight = torch.randn(5, 2, 3), torch.randn(2, 4, 3)
    torch.testing.assert_close(multiply_heads(x, weight), torch.einsum("nhi,hoi->nho", x, weight))
