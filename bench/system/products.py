"""No part of the paper: matrix products on a processor by oneDNN, whose kernels use what the processor has.

torch's own float32 products are MKL's, which on a processor of another vendor than Intel takes its AVX2 kernels even
where there is AVX-512: on a Zen 5 core 107 GFLOP/s of 250, and 85 of 150 to 240 with 16 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

_ONEDNN: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
"""What torch.compile calls for a linear layer; absent where torch was built without oneDNN."""


LEAST = 1_000_000
"""Multiplications from which a product is oneDNN's: a call of it takes 13 us on that core, of torch's own 2."""

PACKED_FROM = 1 << 18
"""Numbers of a matrix from which the layout of its numbers tells: 577 rows cost a fifth less where it is `pack`ed."""

Activation = Literal["none", "sigmoid", "silu", "gelu", "gelu_tanh"]
"""What a product may be put through while it is in the cache."""
_BEHIND: dict[str, tuple[str, str]] = {
    "none": ("none", ""),
    "sigmoid": ("sigmoid", ""),
    "silu": ("swish", ""),
    "gelu": ("gelu", "none"),
    "gelu_tanh": ("gelu", "tanh"),
}
"""The same as oneDNN says it: a name and an algorithm."""
_ALONE: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": partial(functional.gelu, approximate="tanh"),
}
"""The same as torch's own functions."""

_LEFT_TO_TORCH = False


@contextmanager
def leave_to_torch() -> Iterator[None]:
    """Leave all products to torch's own library within this context: what `multiply` is measured against."""
    global _LEFT_TO_TORCH
    before, _LEFT_TO_TORCH = _LEFT_TO_TORCH, True
    try:
        yield
    finally:
        _LEFT_TO_TORCH = before


def are_left_to_torch() -> bool:
    """Whether all products are torch's own just now: `leave_to_torch`."""
    return _LEFT_TO_TORCH


def multiply(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: Activation = "none",
    packed: Tensor | None = None,
) -> Tensor:
    """Compute x W^T + b of x [..., i] and W [o, i], on a processor by oneDNN; it has no gradient there.

    W may be a transposed view; ``packed`` is what `pack` made of it, if anything. The ``activation`` is computed behind
    the product, before that leaves the cache. Elsewhere, for other types and for small products (`LEAST`) it is
    `linear`.
    """
    if not takes(x, weight, x.numel() * weight.shape[0]):
        return _ALONE[activation](functional.linear(x, weight, bias))
    if packed is not None:
        return call_onednn(x, packed, bias, activation)
    if not (weight.is_contiguous() or weight.t().is_contiguous()):
        weight = weight.contiguous()  # oneDNN takes a thousand times as long for rows that lie apart
    if (short := count_missing_rows(x, weight)) == 0:
        return call_onednn(x, weight, bias, activation)
    rows = functional.pad(x.reshape(-1, x.shape[-1]), (0, 0, 0, short))
    return call_onednn(rows, weight, bias, activation)[:-short].view(*x.shape[:-1], -1)


def call_onednn(x: Tensor, weight: Tensor, bias: Tensor | None, activation: Activation = "none") -> Tensor:
    """Compute x W^T + b, put through an activation, of what oneDNN `takes`; W may be packed."""
    name, algorithm = _BEHIND[activation]
    made: Tensor = _ONEDNN(x, weight, bias, name, [], algorithm)
    return made


def count_missing_rows(x: Tensor, weight: Tensor) -> int:
    """Count the rows of zeros that make x's a multiple of 16, where that pays: of 577 oneDNN makes blocks of one."""
    rows = x.numel() // x.shape[-1]
    return -rows % 16 if rows > 64 and weight.numel() >= PACKED_FROM else 0


def pack(weight: Tensor, rows: int, least: int | None = None) -> Tensor | None:
    """Lay a weight [o, i] out as oneDNN's kernels for about that many rows read it: a copy, opaque to torch.

    It pays for a weight that several products share: any number of rows then costs what it should, and blocks are not
    laid out anew in each product. None where it has fewer numbers than `least` (None: `PACKED_FROM`), or the products
    are not oneDNN's.
    """
    reorder: Any = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
    usable = reorder is not None and weight.is_contiguous()
    pays = weight.numel() >= (PACKED_FROM if least is None else least)
    return reorder(weight, rows) if usable and pays and takes(weight, weight, rows * weight.numel()) else None


def multiply_each(left: Tensor, right: Tensor) -> Tensor:
    """Compute the products left @ right of [..., m, k] and [..., k, n], on a processor one by one by `multiply`.

    Small ones (`LEAST`) are made by one call of torch's own.
    """
    if not takes(left, right, left.shape[-2] * left.shape[-1] * right.shape[-1]):
        return left @ right
    batch = torch.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left, right = left.expand(*batch, -1, -1), right.expand(*batch, -1, -1)  # views
    made = left.new_empty(*batch, left.shape[-2], right.shape[-1])
    for at in product(*map(range, batch)):
        made[at] = multiply(left[at], right[at].t())
    return made


class Linear(nn.Linear):
    """A linear layer that multiplies by `multiply`."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """Compute x W^T + b."""
        return multiply(input, self.weight, self.bias)


def use_multiply(model: nn.Module) -> None:
    """Let every plain linear layer of a model multiply by `multiply`; weights and names stay as they are."""
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = Linear


def takes(x: Tensor, weight: Tensor, multiplications: int) -> bool:
    """Whether oneDNN takes the product: a type of `_list_types`, not small, no gradient wanted.

    `multiplications` are those of one product: its rows, inner numbers and columns multiplied.
    """
    # what is no processor's asks torch nothing, which `torch.compile` could not trace
    if x.device.type != "cpu" or _LEFT_TO_TORCH or multiplications < LEAST:  # nothing at all is small too
        return False
    usable = _ONEDNN is not None and torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    plain = x.dtype == weight.dtype in _list_types()
    return bool(usable and plain and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)))


@cache
def _list_types() -> tuple[torch.dtype, ...]:
    """List the types that oneDNN multiplies well on this processor: bfloat16 where torch says that it can."""
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return (torch.float32, torch.bfloat16) if supported is not None and supported() else (torch.float32,)
