"""Section 3.1: DINO's dense features, attention in blocks up to the layer that is read, against all written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.run.context import RunContext
from bench.speed.inputs import Inputs
from bench.speed.plain import features as plain
from bench.speed.precision import compare_bfloat16, has_bfloat16
from bench.speed.products import Product, list_block
from bench.speed.trial import Trial

TOLERANCE = 1e-5
"""Of a number of a feature of unit length."""


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial; at the paper's scale one plain block is run, and all are compared at the patch's stride."""
    dino: Any = inputs.context.load_model("dino")
    rows, columns = dino.compute_grid(*dino.load(inputs.image).shape[:2])
    both = f"{inputs.size}, {rows * columns:,} places", lambda: list_products(dino, rows * columns)
    if inputs.is_paper:
        return _make_partly(inputs, dino, *both)
    return Trial(
        stage="features",
        inputs=both[0],
        plain=lambda: plain.compute_features(dino, inputs.image),
        fast=lambda: inputs.compute_features(dino),
        compare=lambda one, other: float(np.abs(one - other).max()),
        tolerance=TOLERANCE,
        products=both[1],
    )


def _make_partly(inputs: Inputs, dino: Any, told: str, products: Any) -> Trial:
    tokens = plain.embed(dino, inputs.image)
    return Trial(
        stage="features",
        inputs=told,
        plain=lambda: plain.run_block_by_heads(dino, tokens),
        fast=lambda: inputs.compute_features(dino),
        compare=lambda *_: compare_at_patch_stride(dino, inputs.image),
        tolerance=TOLERANCE,
        products=products,
        plain_times=dino.depth,
        extrapolated=f"plain: 1 block of {dino.depth}, head by head; agreement: all blocks at stride {dino.patch}",
        more=lambda _, fast: compare_precision(inputs, dino, products(), fast.seconds),
    )


def compare_precision(inputs: Inputs, dino: Any, products: list[Product], seconds: float) -> dict[str, Any]:
    """Compare the fast form with itself in bfloat16, where the processor has that: what the row has besides."""
    if not has_bfloat16():
        return {}
    low: Any = RunContext({**inputs.settings, "dtype": "bfloat16"}).load_model("dino")
    exponentials = sum(p.m * p.n * p.count for p in products if p.m == p.n)  # queries with keys: one a weight
    return {"bfloat16": compare_bfloat16(lambda: low.compute_features(inputs.image), seconds, products, exponentials)}


def compare_at_patch_stride(dino: Any, image: np.ndarray) -> float:
    """Compare both forms over all blocks where patches do not overlap: the largest difference of a number."""
    stride, dino.stride = dino.stride, dino.patch
    try:
        made = dino.compute_features(image)[0]
        return float(np.abs(plain.compute_features(dino, image) - made).max())
    finally:
        dino.stride = stride


def list_products(dino: Any, places: int) -> list[Product]:
    """List the products of the fast form: patches, the blocks below the layer that is read, and that layer's keys."""
    config = dino.model.config
    width, hidden = config.hidden_size, getattr(config, "intermediate_size", 4 * config.hidden_size)
    keys = dino.facet == "key"
    return [
        Product(places, 3 * dino.patch**2, width),
        *list_block(places + 1, width, config.num_attention_heads, hidden, count=dino.layer + (not keys)),
        *([Product(places, width, width)] if keys else []),
    ]
