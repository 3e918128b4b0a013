"""No part of the paper: operations and bytes of a call on torch's device "meta", where tensors have no numbers.

Operations are counted by torch's own counter. Bytes are those of all tensors that are alive at once, as an eager GPU
would hold them: Python lets go of a tensor there at the same line.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

META = torch.device("meta")


@dataclass(frozen=True)
class Counted:
    """Floating-point operations of a call, and the most bytes that its tensors held at once, parameters left out.

    ``launches`` are the operations of torch that write numbers: each launches a kernel at the least.
    """

    flops: int
    peak_bytes: int
    launches: int


def count(call: Callable[[], Any], models: Iterable[nn.Module] = ()) -> Counted:
    """Count a call whose tensors are on "meta"; ``models`` are those whose parameters are no part of its bytes."""
    counter, live = FlopCounterMode(display=False), LiveBytes(models)
    with torch.inference_mode(), counter, live, FusedAttention():
        made = call()
        del made
    return Counted(counter.get_total_flops(), live.peak, live.launches)


class LiveBytes(TorchDispatchMode):
    """Follow the bytes of meta tensors that are made within this context: ``now``, and ``peak``, the most of it."""

    def __init__(self, models: Iterable[nn.Module] = ()) -> None:
        super().__init__()
        self.now = self.peak = self.launches = 0
        known = (tensor for model in models for tensor in (*model.parameters(), *model.buffers()))
        self._held = {tensor.untyped_storage()._cdata: 0 for tensor in known}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and look at what it gave."""
        made = func(*args, **(kwargs or {}))
        tensors = [each for each in _pytree.tree_leaves(made) if isinstance(each, Tensor) and each.is_meta]
        new = [self._take(tensor.untyped_storage()) for tensor in tensors]
        self.launches += (any(new) and not func.overloadpacket.__name__.startswith("empty")) or func._schema.is_mutable
        return made

    def _take(self, storage: Any) -> bool:
        """Note a storage; whether it is a new one."""
        key, size = storage._cdata, storage.nbytes()
        if key in self._held:  # a view, or what was changed in place
            return False
        self._held[key] = size
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._drop, key)
        return True

    def _drop(self, key: int) -> None:
        self.now -= self._held.pop(key)


class FusedAttention(TorchFunctionMode):
    """Let attention be the fused kernel of a GPU, which never holds the weights of all queries and keys."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace torch's attention by one of its kernels; everything else is as it was."""
        if func is functional.scaled_dot_product_attention:
            query, key, value = (each.contiguous() if each.stride(-1) != 1 else each for each in args[:3])
            return torch.ops.aten._scaled_dot_product_efficient_attention(query, key, value, None, False)[0]
        return func(*args, **(kwargs or {}))
