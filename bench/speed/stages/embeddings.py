"""Section 3.2: segments in CLIP's space, one trunk and shared exponentials against the whole tower for each segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.run.context import RunContext
from bench.speed.inputs import Inputs, require
from bench.speed.plain import embeddings as plain
from bench.speed.precision import compare_bfloat16, has_bfloat16
from bench.speed.products import Product, list_block
from bench.speed.trial import Trial

TOLERANCE = 1e-5
"""Of a number, beside the largest one of its embedding."""
PLAIN_SEGMENTS = 3
"""Segments that the plain form embeds at the paper's scale."""


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial; at the paper's scale the plain form embeds the first segments alone."""
    encoder: Any = inputs.context.make_stage("encode")
    subtracts = isinstance(encoder, GlobalSubtraction) and (encoder.saliency, encoder.heads) == ("outputs", "concat")
    require(subtracts or isinstance(encoder, Masked), "this encode=", "encode=global_subtraction or masked")
    masks, sigma2 = inputs.masks, getattr(encoder, "sigma2", None)
    part = masks[:PLAIN_SEGMENTS] if inputs.is_paper else masks

    def embed_plainly() -> np.ndarray:
        embed = plain.embed_segment
        return np.stack([embed(encoder.clip, inputs.image, mask, encoder.start_layer, sigma2) for mask in part])

    def compare(one: np.ndarray, other: np.ndarray) -> float:
        return float((np.abs(one - other[: len(one)]).max(axis=1) / np.abs(one).max(axis=1)).max())

    partly = f"plain: {len(part)} segments of {len(masks)}" if len(part) < len(masks) else ""
    return Trial(
        stage="embeddings",
        inputs=f"{inputs.size}, {len(masks)} segments",
        plain=embed_plainly,
        fast=lambda: encoder(inputs.sample, masks).vectors,
        compare=compare,
        tolerance=TOLERANCE,
        # tokens that a segment does not see are left out by masks alone: how many depends on the segments
        products=lambda: list_products(encoder, len(masks)) if subtracts else [],
        plain_times=len(masks) / len(part),
        extrapolated=partly,
        more=lambda _, fast: compare_precision(inputs, encoder, fast.seconds) if partly and subtracts else {},
    )


def compare_precision(inputs: Inputs, encoder: GlobalSubtraction, seconds: float) -> dict[str, Any]:
    """Compare the fast form with itself in bfloat16, where the processor has that: what the row has besides."""
    if not has_bfloat16():
        return {}
    low: Any = RunContext({**inputs.settings, "dtype": "bfloat16"}).make_stage("encode")
    products = list_products(encoder, len(inputs.masks))
    exponentials = sum(p.m * p.n * p.count for p in products if p.m == p.n)  # queries with keys: one a weight
    return {"bfloat16": compare_bfloat16(lambda: low(inputs.sample, inputs.masks), seconds, products, exponentials)}


def list_products(encoder: Any, segments: int) -> list[Product]:
    """List the products of trunk and masked layers of a variant that reads every token: global subtraction."""
    visual, depth = encoder.clip.visual, encoder.clip.depth
    block = visual.transformer.resblocks[0]
    tokens, width = 1 + encoder.clip.grid[0] * encoder.clip.grid[1], visual.class_embedding.shape[0]
    heads, hidden = block.attn.num_heads, block.mlp.c_fc.out_features
    masked = depth - encoder.start_layer + 1
    size, once = width // heads, 1 + segments * (masked - 1)  # the first masked layer's tokens are shared
    return [
        Product(tokens - 1, 3 * encoder.clip.visual.patch_size[0] ** 2, width),
        *list_block(tokens, width, heads, hidden, count=encoder.start_layer - 1),
        Product(tokens, width, 3 * width, once),
        Product(tokens, size, tokens, heads * once),  # logits
        Product(tokens, tokens, size, heads * once),  # the plain mean of values
        # the masked ones, whose denominators are summed where exponentials are made
        Product(tokens, tokens, size, heads * segments * masked),
        *list_out(tokens, width, hidden, segments * (masked - 1)),
        *list_out(segments, width, hidden, 1),  # of the last layer only the global tokens
    ]


def list_out(tokens: int, width: int, hidden: int, count: float) -> list[Product]:
    """List the products that follow attention: output projection and MLP."""
    return [
        Product(tokens, width, width, count),
        Product(tokens, width, hidden, count),
        Product(tokens, hidden, width, count),
    ]
