"""Section 3.3: a weight of GPT-2, which ZeroCap's passes multiply by from one side and their gradients from the other.

While it is in use a large one is laid out for few rows: `bench.system.panels`.
"""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from bench.system import products
from bench.system.panels import Panels, takes

DECIDING = 16
"""Rows by which it is decided which library makes a product: `multiply`."""


class Matrix:
    """A matrix W [i, o] as it lies in its model, and its panels, from the first product or `lay_out` to `let_go`."""

    def __init__(self, weight: Float[Tensor, "i o"]) -> None:
        self.weight = weight
        self.panels: Panels | None = None

    @property
    def is_taken(self) -> bool:
        """Whether it is laid out for use, by which a row has the same bits among any number of rows."""
        return takes(self.weight) and not products.are_left_to_torch()

    def lay_out(self, forget: Callable[[int, int], None] | None = None) -> None:
        """Lay the matrix out, and ``forget`` what lies between two addresses: its own numbers, if they are a file's."""
        first = self.weight.data_ptr()
        self.panels = Panels.lay_out(self.weight)
        if forget:
            forget(first, first + self.weight.nbytes)

    def let_go(self) -> None:
        """Let go of what was laid out; it is laid out again for the next product."""
        self.panels = None

    def multiply(self, x: Float[Tensor, "*b i"], bias: Float[Tensor, " o"] | None = None) -> Float[Tensor, "*b o"]:
        """Compute x W + b."""
        panels = self._open()
        return panels.multiply(x, bias) if panels else multiply(x, self.weight.t(), bias)

    def multiply_turned(self, x: Float[Tensor, "*b o"]) -> Float[Tensor, "*b i"]:
        """Compute x W^T."""
        panels = self._open()
        return panels.multiply_turned(x) if panels else multiply(x, self.weight)

    def _open(self) -> Panels | None:
        """Find the panels of a matrix that is taken, or make them: a product depends on nothing that was before."""
        if not self.is_taken:
            return None
        if self.panels is None:
            self.lay_out()
        return self.panels


def multiply(x: Float[Tensor, "b i"], weight: Float[Tensor, "o i"], bias: Tensor | None = None) -> Float[Tensor, "b o"]:
    """Compute x W^T + b as `products.multiply` does for `DECIDING` rows.

    It goes by the weight alone: two ways may round differently, and one for few rows and another for many would not let
    rows lie side by side.
    """
    if DECIDING * weight.numel() < products.LEAST:
        return nn.functional.linear(x, weight, bias)
    return products.multiply(x, weight, bias)
