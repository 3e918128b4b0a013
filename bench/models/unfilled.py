"""Section 3.2 (models): a model built without random numbers, for weights of a file take the place of all of them.

open_clip fills every parameter at random before it reads the file, which takes several times as long as reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.overrides import TorchFunctionMode

_FILL: tuple[Callable[..., Any], ...] = (
    Tensor.normal_, Tensor.uniform_, Tensor.erfinv_, init.uniform_, init.normal_, init.trunc_normal_,
    init.kaiming_uniform_, init.kaiming_normal_, init.xavier_uniform_, init.xavier_normal_,
)  # fmt: skip
"""What fills a tensor at random, or goes on with what was filled so. Constants are no random numbers and stay."""


class SkipRandomFill(TorchFunctionMode):
    """While this mode is entered, parameters keep whatever their memory holds, and the random generator stands still.

    A parameter that is loaded becomes the tensor of the file itself: no second copy of the weights, and of a file that
    is mapped (safetensors) none at all, so that all processes of a machine share one.

    Only for models whose every parameter is then loaded, which has to be checked: a strict load does.
    """

    def __torch_function__(
        self, function: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run a function of torch, but for those that fill at random."""
        kwargs = kwargs or {}
        if function in _FILL:
            return args[0] if args else kwargs["tensor"]
        if function is Tensor.copy_ and _can_take_over(*args):
            args[0].data = args[1].detach()
            return args[0]
        return (torch.empty if function is torch.randn else function)(*args, **kwargs)


def _can_take_over(parameter: Any, loaded: Any, *_: Any) -> bool:
    """Whether a parameter may become the loaded tensor: nothing would have been converted."""
    same = isinstance(parameter, nn.Parameter) and parameter.shape == loaded.shape and loaded.is_contiguous()
    return bool(same and (parameter.dtype, parameter.device) == (loaded.dtype, loaded.device))
