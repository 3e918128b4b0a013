"""No part of the paper: CUDA graphs. A step of many small kernels is recorded once and replayed from buffers that stay.

A step of GPT-2 medium and its gradient are some 1,000 kernels (counted by `zgs speed device=meta`), each of which a
processor launches, and each too small to keep a GPU busy till the next. A replay launches all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor

Output = TypeVar("Output")
Capture = Callable[[Callable[[], Output]], tuple[Output, Callable[[], None]]]
"""Record a call: what it gave, whose tensors stay where they are, and a function that makes them anew."""
WARM_UP = 2
"""Calls before the recording, in which libraries choose their kernels and take their workspace."""


@dataclass(frozen=True, eq=False)
class Recording(Generic[Output]):
    """A recorded call: its own inputs, the output that every replay writes, and the replay."""

    inputs: Sequence[Tensor]
    output: Output
    replay: Callable[[], None]

    def run(self, *inputs: Tensor) -> Output:
        """Run the call on inputs of the recorded shapes; the output is the same object each time, till the next run."""
        for own, new in zip(self.inputs, inputs, strict=True):
            own.copy_(new)
        self.replay()
        return self.output


def record(call: Callable[..., Output], inputs: Sequence[Tensor], capture: Capture[Output]) -> Recording[Output]:
    """Record a call of tensors; it may read nothing but these and what never changes, and never look at a number."""
    own = [each.clone() for each in inputs]
    output, replay = capture(lambda: call(*own))
    return Recording(own, output, replay)


class CudaCapture:
    """Record by CUDA graphs that share one pool of memory: each runs to its end before another one begins."""

    def __init__(self) -> None:
        import torch

        self.pool: Any = torch.cuda.graph_pool_handle()

    def __call__(self, call: Callable[[], Output]) -> tuple[Output, Callable[[], None]]:
        """Record a call on the current device."""
        import torch

        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                call()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            output = call()
        return output, graph.replay
