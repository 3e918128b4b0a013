"""Rows that texts share, and the attention over them, against each text by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
import torch

from bench.models.text_attention import Attention, attend, open_attention
from bench.models.text_levels import LevelAttention, multiply_heads
from bench.models.text_rows import Asking, Branch, count_rows, fill_packs, share_out

CPU = torch.device("cpu")
HEADS, SIZE = 2, 4


def open_levels(asking: Asking, filling: int = 0) -> Attention:
    """The attention of a GPU, here on a processor."""
    return LevelAttention(asking, len(asking.rows) + filling, HEADS, 3, 256, CPU)


def open_rows(asking: Asking, filling: int = 0) -> Attention:
    """The attention of a processor."""
    return open_attention(asking, len(asking.rows) + filling, HEADS, 3, 256, CPU)


FORMS = pytest.mark.parametrize("form", [open_rows, open_levels])


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
    ends = pack.ask([2, 4, 6, 8])
    assert ends.rows.tolist() == [2, 4, 6, 8]
    assert ends.shared.tolist() == [1] * 4 and ends.counts.tolist() == [3, 4, 2, 2]
    assert ends.seen.tolist() == [[0, 1, 2, -1], [0, 1, 3, 4], [5, 6, -1, -1], [7, 8, -1, -1]]
    assert ends.spans == ((0, 0, 3), (1, 3, 4))


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


def test_packs_are_as_few_and_as_equal_as_whole_blocks_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [share_out(count, 960) for count in (1, 64, 65, 960, 961, 4707)] == [64, 64, 128, 960, 512, 960]
    assert share_out(5, 30) == share_out(31, 30) == 30
    monkeypatch.setattr("bench.models.text_rows.BLOCK", 1)
    assert [share_out(count, 8) for count in (1, 8, 9, 16, 17)] == [1, 8, 5, 8, 6]
    branches = [Branch(0, 0, (1, token, 0)) for token in range(2, 29)]  # 1 + 2 * 27 rows, the 1 once in each pack
    assert [len(pack.tokens) for pack in fill_packs(branches, 50)] == [29, 27]
    assert [len(pack.tokens) for pack in fill_packs(branches, 29)] == [29, 27]
    # no pack can have 28 of an odd number of rows: a third one, of the two left, takes its share from the second
    assert [len(pack.tokens) for pack in fill_packs(branches, 28)] == [27, 15, 15]


def attend_plainly(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """One query [h k] over t keys and values [t h k], in float64."""
    logits = torch.einsum("hk,thk->ht", queries.double(), keys.double()) / SIZE**0.5
    return torch.einsum("ht,thk->hk", logits.softmax(-1), values.double())


@FORMS
@pytest.mark.parametrize("only_ends", [False, True])
def test_attention_is_that_of_each_token_over_its_own_text(
    form: Callable[[Asking, int], Attention], only_ends: bool
) -> None:
    torch.manual_seed(0)
    branches = draw_branches(40, 2)
    (pack,) = fill_packs(branches, 1000)
    packed, caches = torch.randn(len(pack.tokens), 3 * HEADS * SIZE), [torch.randn(2, HEADS, 3, SIZE) for _ in range(2)]
    rows = [path[-1] for path in pack.paths] if only_ends else list(range(len(pack.tokens)))
    found = form(pack.ask(rows), 2)(packed, caches)
    assert len(found) == len(rows) + 2 and (found[-2:] == 0).all()
    queries, keys, values = packed.view(-1, 3, HEADS, SIZE).unbind(1)
    for path, branch in zip(pack.paths, branches, strict=True):
        past = caches[branch.prefix][:, :, : branch.shared].transpose(1, 2)  # 2 p h k
        for at in [len(path) - 1] if only_ends else range(len(path)):
            own = path[: at + 1]
            expected = attend_plainly(
                queries[path[at]], torch.cat([past[0], keys[own]]), torch.cat([past[1], values[own]])
            )
            torch.testing.assert_close(found[rows.index(path[at])].double(), expected.flatten(), rtol=1e-5, atol=1e-6)


@FORMS
def test_attention_keeps_its_bits_in_other_company_and_beside_longer_texts(
    form: Callable[[Asking], Attention],
) -> None:
    torch.manual_seed(0)
    branches, cache = draw_branches(40, 1), torch.randn(2, HEADS, 3, SIZE)
    states = {(1,) * 4: torch.randn(3 * HEADS * SIZE)}

    def run(some: list[Branch]) -> dict[tuple[int, ...], torch.Tensor]:
        (pack,) = fill_packs(some, 1000)
        names = {row: branch.tokens[: branch.shared + at + 1]
                 for path, branch in zip(pack.paths, some, strict=True) for at, row in enumerate(path)}  # fmt: skip
        packed = torch.stack(
            [states.setdefault(names[row], torch.randn(3 * HEADS * SIZE)) for row in range(len(names))]
        )
        return {names[row]: x for row, x in enumerate(form(pack.ask(range(len(names))))(packed, [cache]))}

    long = Branch(0, 3, (1, 1, 1, *[2] * 40))
    whole = run(sorted([*branches, long]))
    for branch in branches:
        assert all(torch.equal(x, whole[name]) for name, x in run([branch]).items())


def test_large_logits_half_precision_and_nan() -> None:
    torch.manual_seed(0)
    (pack,) = fill_packs(draw_branches(40, 1), 1000)
    packed, caches = torch.randn(len(pack.tokens), 3 * HEADS * SIZE), [torch.randn(2, HEADS, 3, SIZE)]
    asking = pack.ask(range(len(packed)))
    for factor, dtype, error in ((100, torch.float32, 1e-4), (1, torch.bfloat16, 2**-8)):  # logits of +-50,000
        given = [(factor * packed).to(dtype), [(factor * cache).to(dtype) for cache in caches]]
        found, expected = (form(asking)(*given) for form in (open_rows, open_levels))
        assert found.dtype == dtype and found.isfinite().all()
        torch.testing.assert_close(found, expected, rtol=error, atol=error)
    packed[-1, 0] = torch.nan  # a query of the last row
    found = open_rows(asking)(packed, caches)
    assert found[-1, :SIZE].isnan().all() and found[:-1].isfinite().all() and found[-1, SIZE:].isfinite().all()


def test_rows_that_threads_share_out_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    (pack,) = fill_packs(draw_branches(40, 2), 1000)
    packed, caches = torch.randn(len(pack.tokens), 3 * HEADS * SIZE), [torch.randn(2, HEADS, 3, SIZE) for _ in range(2)]
    call = partial(attend, pack.ask(range(len(packed))), len(packed), HEADS, packed, caches)
    alone, before = call(), torch.get_num_threads()
    monkeypatch.setattr("bench.system.rowwise.LEAST", 1)
    torch.set_num_threads(3)
    try:
        assert torch.equal(call(), alone)
    finally:
        torch.set_num_threads(before)


def test_heads_are_multiplied_apart() -> None:
    x, weight = torch.randn(5, 2, 3), torch.randn(2, 4, 3)
    torch.testing.assert_close(multiply_heads(x, weight), torch.einsum("nhi,hoi->nho", x, weight))
