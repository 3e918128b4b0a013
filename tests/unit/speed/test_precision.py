"""A stage in bfloat16: what the row says follows from the rates, and the page's line from the row."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.speed import pair_rate_loops, precision, products
from bench.speed.precision import compare_bfloat16, has_bfloat16, measure_exponential, write_bfloat16
from bench.speed.products import Product
from bench.speed.stages import embeddings, features
from bench.speed.trial import Trial, run_trial
from bench.speed.write import make_page
from bench.system import attention_tiles
from bench.system.products import leave_to_torch

MACHINE = {"processor": "one", "dtype": "float32", "torch": "2"}


def test_the_bound_is_that_of_products_and_exponentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 10 s of products become 4, and 2 s of exponentials 1, so 15 s of float32 become 5 at the least: 3."""
    rates = {"float32": 1e9, "bfloat16": 2.5e9}
    monkeypatch.setattr(products, "_measure", lambda m, k, n, dtype, cold: rates[dtype])
    monkeypatch.setattr(precision, "measure_exponential", {"float32": 1e-9, "bfloat16": 5e-10}.get)
    row = compare_bfloat16(lambda: None, 15.0, [Product(1000, 1000, 1000, 5)], 2e9)
    assert (row["products_ratio"], row["exponentials_s"], row["most"]) == pytest.approx((2.5, 2.0, 3.0))
    assert (row["products_bfloat16_s"], row["exponentials_bfloat16_s"]) == pytest.approx((4.0, 1.0))
    assert row["share_most"] == pytest.approx(10 / 12) and row["ratio"] == 15.0 / row["seconds"]
    line = write_bfloat16("features", {**row, "seconds": 10.0, "ratio": 1.5})
    assert line.startswith("- features: 10 s, 1.50 times as fast as float32. Products of its shapes are 2.50 times as ")
    assert "the 2 billion exponentials of its softmax take 1 s where float32 takes 2 s: if these were all that" in line
    assert "that bfloat16 takes, it would be 3.00 times as fast." in line
    assert line.endswith("Of the limit of products float32 can reach 0.83.")


def test_a_row_of_an_earlier_version_says_no_bound() -> None:
    """Its `most` was the ratio of both limits, which is none."""
    earlier = {"seconds": 10.0, "ratio": 1.5, "products_ratio": 2.5, "exponentials": 2e9, "exponentials_s": 2.0,
               "most": 2.4, "share_most": 10 / 12}  # fmt: skip
    line = write_bfloat16("features", earlier)
    assert "2.4" not in line and "what it can be at most was not measured by that version. Of the limit" in line


@pytest.mark.parametrize("pays", [True, False])
def test_products_of_heads_are_those_of_tiles_where_these_pay(pays: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 0.64 billion operations at 1 ns, or by tiles at a quarter of that."""
    monkeypatch.setattr(attention_tiles, "pays", lambda: pays)
    monkeypatch.setattr(precision, "measure_tiles", lambda: (2.5e-10, 1e-10))
    monkeypatch.setattr(products, "_measure", lambda m, k, n, dtype, cold: 1e9)
    assert precision._measure_rounded(Product(1000, 64, 1000, 5)) == pytest.approx(0.16 if pays else 0.64)
    assert precision._measure_rounded(Product(1000, 1000, 64, 5)) == pytest.approx(0.16 if pays else 0.64)
    assert precision._measure_rounded(Product(1000, 1000, 1000, 5)) == pytest.approx(10)
    assert measure_exponential("bfloat16") == 1e-10 if pays else measure_exponential("bfloat16") > 0


def test_a_tile_is_two_products_of_four_rows_and_its_exponentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by 1 ns an operation and 2 an exponential, and by a second more when loops are compiled."""
    clock, product = [0.0, 1.0], 2 * 4 * 64 * 64

    def multiply(times: int, *given: np.ndarray, exponentials: int = 0) -> None:
        clock[0] += times * (2 * product * 1e-9 + exponentials * 2e-9) + clock.pop()
        clock.append(0.0)

    monkeypatch.setattr(precision.time, "process_time", lambda: clock[0])
    monkeypatch.setattr(pair_rate_loops, "multiply_tiles", multiply)
    monkeypatch.setattr(pair_rate_loops, "weigh_tiles", partial(multiply, exponentials=4 * 64))
    assert precision.measure_tiles.__wrapped__() == pytest.approx((1e-9, 2e-9), rel=1e-6)


def test_both_loops_make_as_many_products() -> None:
    """Of numbers whose sums are exact: two a tile, of which a logit's exponential leaves the last one as it was."""
    x, w = (torch.randint(-3, 4, shape).bfloat16() for shape in ((4, 64), (64, 64)))
    pairs = w.view(32, 2, 64).transpose(1, 2).contiguous()
    given = x.view(torch.uint32).numpy(), pairs.view(torch.uint32)[..., 0].numpy()
    logits, product = np.zeros((4, 64), np.float32), (x.float() @ w.float()).numpy()
    pair_rate_loops.multiply_tiles(3, *given, logits)
    assert np.array_equal(logits, 6 * product)
    weights, total, shift = np.zeros((4, 32), np.uint32), np.zeros((4, 16), np.float32), np.zeros(4, np.float32)
    logits[:] = 1  # the first tile's weights are 2
    pair_rate_loops.weigh_tiles(1, *given, logits, weights, total, shift)
    assert np.array_equal(logits, 2 * product) and (total == 8).all() and (weights == 0x40004000).all()


def test_the_page_has_a_line_for_each_stage_that_was_compared() -> None:
    trial = Trial("features", "one number", lambda: 1.0, lambda: 1.0, lambda one, other: abs(one - other), 0.0)
    made = dict.fromkeys(("seconds", "ratio", "products_ratio", "products_bfloat16_s", "exponentials"), 1.0)
    row = {**run_trial(trial), "bfloat16": {**made, "exponentials_s": 1.0, "most": 1.0, "share_most": 1.0}}
    page = make_page([row, run_trial(trial)], MACHINE, "paper")
    assert page.count("**In bfloat16**") == 1 == page.count("times as fast as float32")
    assert "bfloat16" not in make_page([run_trial(trial)], MACHINE, "paper")


@pytest.mark.parametrize("kind", precision.TYPES)
def test_an_exponential_takes_some_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_tiles, "pays", lambda: False)
    monkeypatch.setattr(precision, "ROWS", 16)
    assert 0 < measure_exponential(kind) < 1e-3


def test_where_bfloat16_is_not_multiplied_well_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    with leave_to_torch():
        assert not has_bfloat16()
    monkeypatch.setattr(features, "has_bfloat16", lambda: False)
    assert features.compare_precision(None, None, [], 1.0) == {}  # type: ignore[arg-type]
    monkeypatch.setattr(embeddings, "has_bfloat16", lambda: False)
    assert embeddings.compare_precision(None, None, 1.0) == {}  # type: ignore[arg-type]


def test_exponentials_are_counted_from_queries_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 11 blocks of 6 heads over 101 tokens, one a pair of tokens."""
    seen: list[float] = []
    monkeypatch.setattr(features, "has_bfloat16", lambda: True)
    monkeypatch.setattr(features, "RunContext", Loaded)
    monkeypatch.setattr(features, "compare_bfloat16", lambda *given: seen.append(given[3]) or {})
    products = [Product(100, 192, 384), *features.list_block(101, 384, 6, 1536, count=11), Product(100, 384, 384)]
    assert features.compare_precision(GIVEN, None, products, 1.0) == {"bfloat16": {}}  # type: ignore[arg-type]
    assert seen == [101 * 101 * 6 * 11]


def test_exponentials_of_trunk_and_masked_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 layers from the 21st on: those of the trunk and the first masked one once, three for each of 7 segments."""
    seen: list[Any] = []
    monkeypatch.setattr(embeddings, "has_bfloat16", lambda: True)
    monkeypatch.setattr(embeddings, "RunContext", Loaded)
    monkeypatch.setattr(embeddings, "compare_bfloat16", lambda *given: seen.extend(given[2:]) or {})
    block = SimpleNamespace(
        attn=SimpleNamespace(num_heads=16), mlp=SimpleNamespace(c_fc=SimpleNamespace(out_features=4096))
    )
    visual = SimpleNamespace(
        transformer=SimpleNamespace(resblocks=[block]), class_embedding=torch.zeros(1024), patch_size=(14, 14)
    )
    encoder = SimpleNamespace(clip=SimpleNamespace(visual=visual, depth=24, grid=(24, 24)), start_layer=21)
    given = SimpleNamespace(settings={"dtype": "float32"}, sample=None, masks=range(7))
    assert embeddings.compare_precision(given, encoder, 1.0) == {"bfloat16": {}}  # type: ignore[arg-type]
    assert seen[1] == 16 * 577**2 * (20 + 1 + 3 * 7)
    means = [one for one in seen[0] if one.m == one.k == 577]
    assert {one.n for one in means} == {64} and sum(one.count for one in means) == 16 * (20 + 1 + 3 * 7 + 4 * 7)


GIVEN = SimpleNamespace(settings={"dtype": "float32"}, image=None)


class Loaded:
    """A context that only tells which type of numbers it was asked for."""

    def __init__(self, settings: dict[str, str]) -> None:
        assert settings["dtype"] == "bfloat16"

    def load_model(self, name: str) -> str:
        return name

    make_stage = load_model
