"""No part of the paper: matrix products on a processor by oneDNN, whose kernels use what the processor has.

torch's own float32 products are MKL's, which on a processor of another vendor than Intel takes its AVX2 kernels even
where there is AVX-512: on a Zen 5 core 107 GFLOP/s of 250, and 85 of 150 to 240 with 16 rows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_ONEDNN: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
"""What torch.compile calls for a linear layer; absent where torch was built without oneDNN."""


def multiply(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x W^T + b of x [..., i] and W [o, i], on a processor by oneDNN; it has no gradient there.

    W may be a transposed view. Elsewhere, for types that oneDNN lacks and for empty products it is `linear`.
    """
    if not _takes(x, weight):
        return functional.linear(x, weight, bias)
    made: Tensor = _ONEDNN(x, weight, bias, "none", [], "")
    return made


def _takes(x: Tensor, weight: Tensor) -> bool:
    """Whether oneDNN can take the product: float32 on a processor, nothing empty, no gradient wanted."""
    usable = _ONEDNN is not None and torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    plain = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32 and x.numel() and weight.numel()
    return bool(usable and plain and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)))
