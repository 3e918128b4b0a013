"""FLOPs counted from the architecture against torch's own counter over what really runs, on the embedded models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.commands.settings import compose_settings
from bench.errors import UserError
from bench.speed import products, rates
from bench.speed.caption_products import list_language_products
from bench.speed.caption_step import Step
from bench.speed.inputs import Inputs
from bench.speed.products import Product, count_flops, list_block, measure_limit
from bench.speed.stages import captions, clustering, embeddings, features
from bench.speed.trial import run_trial
from bench.system.products import leave_to_torch


def count(call: Callable[[], Any], *left_out: str) -> float:
    """What torch counts; ``left_out`` are its operations that we say we do not count."""
    with leave_to_torch(), FlopCounterMode(display=False) as counter:  # which knows torch's own products alone
        call()
    return sum(n for op, n in counter.get_flop_counts()["Global"].items() if str(op) not in left_out)


def test_dinos_products(inputs: Inputs) -> None:
    trial = features.make_trial(inputs)
    assert count_flops(trial.products()) == pytest.approx(count(trial.fast), rel=1e-6)


def test_clustering_begins_with_what_the_stage_before_made(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    made = features.make_trial(inputs).fast()
    dino: Any = inputs.context.load_model("dino")
    monkeypatch.setattr(type(dino), "compute_features", lambda *_: pytest.fail("computed again"))
    assert clustering.make_trial(inputs).inputs.startswith(f"{len(made):,} features")
    alone = replace(inputs, features=None)
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        clustering.make_trial(alone)


def test_the_products_of_trunk_and_masked_layers(inputs: Inputs) -> None:
    trial = embeddings.make_trial(inputs)
    # the last projection of one token a segment is not counted, nor anything else below a hundredth
    assert count_flops(trial.products()) == pytest.approx(count(trial.fast), rel=0.01)


def test_the_products_of_texts_and_language_model_but_for_attention(inputs: Inputs) -> None:
    """Ours are of real tokens and rows; what fills packs and batches up is theirs alone."""
    trial = captions.make_trial(inputs)
    trial.fast()  # tries numbers of rows, once
    counted = count(trial.fast, "aten.bmm", "aten._scaled_dot_product_flash_attention_for_cpu")
    assert 0.3 * counted < count_flops(trial.products()) < counted


def test_a_search_of_no_iterations_has_no_products(inputs: Inputs) -> None:
    """It asks for no texts; what needs them is refused."""
    words = ["device=cpu", "caption.beams=2", "caption.iterations=0", "caption.tokens=2", "caption.candidates=8"]
    none = Inputs("embedded", compose_settings(words), inputs.image, inputs.embedded)
    row = run_trial(captions.make_trial(none))
    assert row["agrees"] and row["flops"] is None and row["share"] is None
    assert list_language_products(SimpleNamespace(), 0, 4) == []
    with pytest.raises(UserError, match=r"^caption.iterations=0 asks for no texts, and at the paper's scale"):
        captions.make_trial(replace(none, scale="paper"))


def test_a_block_by_hand() -> None:
    """5 tokens, width 4, 2 heads, hidden 8: 24 T w^2 would be 16 with this MLP."""
    block = count_flops(list_block(5, 4, 2, 8))
    assert block == 2 * 5 * 4 * (12 + 4 + 8 + 8) + 2 * 2 * 5 * 5 * 4
    last = count_flops(list_block(5, 4, 2, 8, asking=1))
    assert last == 2 * 5 * 4 * 12 + 2 * 1 * 4 * (4 + 8 + 8) + 2 * 2 * 1 * 5 * 4


def test_both_shares_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 GFLOP at 4 a second and twice 1 at 1: 4 s of 5; all at the best rate would be 2.5."""
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(products, "_measure", lambda m, *shape: asked.append((m, *shape)) or {1000: 4e9, 500: 1e9}[m])
    limit = measure_limit([Product(1000, 1000, 1000, 4), Product(500, 1000, 1000, 2, cold=True), Product(0, 5, 5)])
    assert (limit.flops, limit.seconds, limit.best) == pytest.approx((10e9, 4.0, 4e9))
    assert limit.compute_shares(5.0) == pytest.approx((0.8, 0.5))
    assert asked == [(1000, 1000, 1000, "float32", False), (500, 1000, 1000, "float32", True)]


def test_the_share_of_the_best_shape_is_the_smaller_one() -> None:
    limit = measure_limit([Product(64, 64, 64, 5), Product(16, 256, 100), Product(256, 256, 256, dtype="float64")])
    share, best = limit.compute_shares(1.0)
    assert 0 < best <= share and torch.get_default_dtype() == torch.float32
    assert measure_limit([]).flops == measure_limit([]).seconds == 0 == measure_limit([Product(5, 5, 5, 0)]).best


def test_few_rows_of_gpt2_read_its_weights_from_memory(inputs: Inputs) -> None:
    """354 million numbers in float32 fit into no cache; those of the embedded model do."""
    blocks = [
        SimpleNamespace(into_mlp=SimpleNamespace(matrix=SimpleNamespace(weight=torch.empty(1024, 4096, device="meta"))))
    ] * 24
    model = SimpleNamespace(embedding=torch.empty(50257, 1024, device="meta"), blocks=blocks, vocabulary=50257)
    for rows, cold in ((1, True), (64, True), (80, False)):
        assert {one.cold for one in list_language_products(model, 11, rows)} == {cold}
    step = Step(inputs, inputs.context.make_stage("caption").search)  # type: ignore[attr-defined]
    assert {one.cold for one in list_language_products(step.cut.model, 11, 1)} == {False}


def test_the_parts_of_a_step_are_its_seconds_and_the_rates_are_no_wonders(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "WAYS", ("torch",))
    monkeypatch.setattr(rates, "SHORTEST", 1e-3)
    monkeypatch.setattr(rates, "UNCACHED", 1 << 24)
    step = Step(inputs, inputs.context.make_stage("caption").search)  # type: ignore[attr-defined]
    step.search()
    parts = captions.measure_parts(step, 10.0)
    assert parts["texts_s"] + parts["language_s"] == 10.0 and parts["language_s"] > 0
    model, passes = step.cut.model, 2 * step.cut.guidance.iterations + 1
    read = sum(matrix.weight.nbytes for matrix in model.matrices)
    assert parts["language_bytes_s"] * parts["language_s"] == pytest.approx(passes * read)
    assert 1e8 < parts["memory_bytes_s"] < 1e13
