"""No part of the paper: functions of tensors by `torch.compile`, for a GPU, each as one graph without a break."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from bench.errors import UserError

Result = TypeVar("Result")
BACKEND = "inductor"
"""What makes kernels of the graph."""
COMPILERS = ("torch._dynamo", "torch._inductor")
"""Modules whose errors say that something cannot be compiled; to import them takes seconds."""


def call_compiled(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function by its compiled form, made at the first call and once more where a size begins to vary.

    Modules among the arguments count by their kind and shapes, so that all blocks of a tower share one graph. Raises
    `UserError` where torch cannot compile it; a part that were left out of the graph would be an error, too.
    """
    try:
        return _compile(function, BACKEND)(*arguments)
    except Exception as error:
        if not type(error).__module__.startswith(COMPILERS):
            raise
        said = " ".join(str(error).split())[:200]
        raise UserError(f"torch.compile cannot do this here ({said}): run with compile=false") from error


@cache
def _compile(function: Callable[..., Result], backend: str) -> Callable[..., Result]:
    import torch

    compiled: Callable[..., Result] = torch.compile(function, fullgraph=True, backend=backend)
    return compiled
