"""FLOPs counted from the architecture against torch's own counter over what really runs, on the embedded models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.commands.settings import compose_settings
from bench.speed.inputs import Inputs, open_image
from bench.speed.products import Product, count_flops, list_block, measure_rate
from bench.speed.stages import captions, embeddings, features
from bench.system.products import leave_to_torch


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    settings = compose_settings(["device=cpu", "caption.beams=2", "caption.iterations=2", "caption.candidates=50"])
    return Inputs("embedded", settings, open_image(None, "embedded"), settings)


def count(call: Callable[[], Any], *left_out: str) -> float:
    """What torch counts; ``left_out`` are its operations that we say we do not count."""
    with leave_to_torch(), FlopCounterMode(display=False) as counter:  # which knows torch's own products alone
        call()
    return sum(n for op, n in counter.get_flop_counts()["Global"].items() if str(op) not in left_out)


def test_dinos_products(inputs: Inputs) -> None:
    trial = features.make_trial(inputs)
    assert count_flops(trial.products()) == pytest.approx(count(trial.fast), rel=1e-6)


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


def test_a_block_by_hand() -> None:
    """5 tokens, width 4, 2 heads, hidden 8: 24 T w^2 would be 16 with this MLP."""
    block = count_flops(list_block(5, 4, 2, 8))
    assert block == 2 * 5 * 4 * (12 + 4 + 8 + 8) + 2 * 2 * 5 * 5 * 4
    last = count_flops(list_block(5, 4, 2, 8, asking=1))
    assert last == 2 * 5 * 4 * 12 + 2 * 1 * 4 * (4 + 8 + 8) + 2 * 2 * 1 * 5 * 4


def test_a_rate_is_that_of_the_shapes_given() -> None:
    assert measure_rate([]) == 0.0
    assert measure_rate([Product(64, 64, 64), Product(10**9, 64, 10**9)]) > 1e6, "no product larger than it has to be"
    double = measure_rate([Product(256, 256, 256, dtype="float64")])
    assert double > 1e6 and torch.get_default_dtype() == torch.float32


def test_the_parts_of_a_step_are_its_seconds_and_the_rates_are_no_wonders(inputs: Inputs) -> None:
    step = captions.Step(inputs, inputs.context.make_stage("caption").search)  # type: ignore[attr-defined]
    step.search()
    parts = step.measure_parts(10.0)
    assert parts["texts_s"] + parts["language_s"] == 10.0 and parts["language_s"] > 0
    model, passes = step.cut.model, 2 * step.cut.guidance.iterations + 1
    read = sum(weight.nbytes for block in model.blocks for part in (block.query_key_value, block.after_attention,
               block.into_mlp, block.out_of_mlp) for weight in [part.weight]) + model.output.nbytes  # fmt: skip
    assert parts["language_bytes_s"] * parts["language_s"] == pytest.approx(passes * read)
    assert 1e8 < parts["memory_bytes_s"] < 1e13
