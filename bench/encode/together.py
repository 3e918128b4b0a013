"""Section 3.2: micro-batches of segments that go through a layer side by side, so that their tokens share its products.

A product of few rows reads the same weights as one of many. Attention, and what a variant makes of it, stay those of
each micro-batch. A segment keeps the bits that it has alone: only products whose rows do so are shared, which the
library that makes them is asked for once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bench.encode.layers import Layer
from bench.models.blocks import Block
from bench.system.products import takes
from bench.system.rows import draw_rows, keeps_bits

ROWS = 1200
"""Rows of a product at the most: two images of 577 tokens, whose layers take 2 to 3 % less time than one by one. Three
are no faster in float32."""
_KNOWN: dict[tuple[object, ...], bool] = {}


def count_together(layer: Layer, parts: int, size: int = 1) -> int:
    """Count how many of some parts, of `size` sequences of a layer's tokens each, share products: 1 or more.

    As many as `ROWS` has room for and whose rows keep the bits of a part alone. It is 1 but on a processor, where
    products of one sequence alone are oneDNN's.
    """
    (_, tokens, width), weight = layer.tokens.shape, layer.block.attention.out_proj.weight
    most = min(ROWS // (tokens * size), parts)
    if most < 2 or not takes(layer.tokens, weight, tokens * width * width):
        return 1
    return next((count for count in range(most, 1, -1) if _knows_to_keep_bits(layer.block, tokens * size, count)), 1)


def _knows_to_keep_bits(block: Block, rows: int, count: int) -> bool:
    """Whether `_keeps_bits`, asked once for all blocks of these shapes."""
    weight, hidden = block.attention.out_proj.weight, 0 if block.layers is None else len(block.layers.first.weight)
    key = (torch.get_num_threads(), rows, count, len(weight), hidden, weight.dtype, block.shared_by)
    if key not in _KNOWN:
        _KNOWN[key] = _keeps_bits(block, rows, count)
    return _KNOWN[key]


def split_together(layers: Sequence[Layer]) -> None:
    """Compute queries, keys and values of several layers of one number by one product."""
    block = layers[0].block
    projected = block.project(torch.cat([layer.tokens.flatten(0, 1) for layer in layers]))
    for layer, rows in zip(layers, _split_rows(projected, [layer.tokens for layer in layers]), strict=True):
        layer.hold(block.split_heads(rows))


def finish_together(layers: Sequence[Layer], heads: Sequence[Tensor]) -> list[Tensor]:
    """Make the tokens that leave several layers of one number, as `Layer.finish` does of each alone."""
    block, joined = layers[0].block, [layer.concatenate(part) for layer, part in zip(layers, heads, strict=True)]
    entered = [layer.tokens.expand_as(part) for layer, part in zip(layers, joined, strict=True)]
    x, mixed = (torch.cat([part.flatten(0, 1) for part in parts]) for parts in (entered, joined))
    return _split_rows(block.add_mlp(block.add(x, block.join(mixed))), joined)


def _split_rows(rows: Tensor, shapes: Sequence[Tensor]) -> list[Tensor]:
    """Split rows [r, c] into the sequences [n, T, c] that they were of."""
    parts = rows.split([shape.shape[0] * shape.shape[1] for shape in shapes])
    return [part.view(*shape.shape[:2], -1) for part, shape in zip(parts, shapes, strict=True)]


def _keeps_bits(block: Block, rows: int, count: int) -> bool:
    """Whether each of `count` parts of `rows` has the bits alone in a block's products that it has among all."""
    weight = block.attention.out_proj.weight
    x = draw_rows(count * rows, (len(weight),), weight.dtype)
    return all(keeps_bits(call, x, len(x), rows) for call in (block.project, block.join, block.add_mlp))
