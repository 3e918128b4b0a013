"""One block of ZeroCap's GPT-2 (section 3.3) for one new token a row, and its gradient written out.

ZeroCap shifts cached keys and values, so the gradient that it needs leads to them alone: no weight has one, and below
the lowest block nothing is left to lead to. Letters: b rows, t cached tokens, h heads, k channels a head, w = h k; the
heads of all rows lie one after the other, b*h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from bench.caption.language_matrix import Matrix
from bench.caption.norm import Norm, Normed
from bench.caption.token_attention import Attended, CacheGradient, attend, pull_back_attention
from bench.system import rowwise

_ATEN: Any = torch.ops.aten


@dataclass(frozen=True, eq=False)
class Affine:
    """A matrix product with a bias. GPT-2 keeps its matrices as (in, out)."""

    matrix: Matrix
    bias: Float[Tensor, " o"]

    @staticmethod
    def read(block: nn.Module, name: str) -> Affine:
        """Read the weights of one of a block's layers."""
        return Affine(Matrix(block.get_parameter(f"{name}.weight")), block.get_parameter(f"{name}.bias"))

    def __call__(self, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        return self.matrix.multiply(x, self.bias)

    def pull_back(self, gradient: Float[Tensor, "b o"]) -> Float[Tensor, "b i"]:
        """Compute the gradient of the input from that of the output."""
        return self.matrix.multiply_turned(gradient)


class Trace(NamedTuple):
    """What the gradient of one block needs."""

    before_attention: Normed
    attended: Attended
    before_mlp: Normed
    hidden: Float[Tensor, "b 4w"]


@dataclass(frozen=True, eq=False)
class Block:
    """The parts of one block, and how GELU is computed (``none`` or ``tanh``)."""

    before_attention: Norm
    query_key_value: Affine
    after_attention: Affine
    before_mlp: Norm
    into_mlp: Affine
    out_of_mlp: Affine
    heads: int
    gelu: str

    @property
    def matrices(self) -> list[Matrix]:
        """The block's matrices, in the order in which a pass reads them."""
        parts = (self.query_key_value, self.after_attention, self.into_mlp, self.out_of_mlp)
        return [part.matrix for part in parts]

    @staticmethod
    def read(block: nn.Module, heads: int, gelu: str) -> Block:
        """Read the parts of a `GPT2Block`."""
        names = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
        packed, out, into, back = (Affine.read(block, name) for name in names)
        return Block(Norm.read(block, "ln_1"), packed, out, Norm.read(block, "ln_2"), into, back, heads, gelu)

    def __call__(
        self, x: Float[Tensor, "b w"], added: Float[Tensor, "b w"], cache: Float[Tensor, "2 b h t k"]
    ) -> tuple[Float[Tensor, "b w"], Float[Tensor, "b w"], Trace]:
        """Compute the token's next state from its state and the block's cache, each state as a sum of two parts.

        The second part is used up: what follows, a norm, adds it and reads the sum in one go.
        """
        first = self.before_attention(x, added)
        packed = self.query_key_value(first.output).view(len(x), 3, self.heads, -1)
        mixed, attended = attend(packed, *cache)
        second, hidden, made = self._leave(first.input, mixed.view(x.shape))
        return second.input, made, Trace(first, attended, second, hidden)

    def read_text(
        self, x: Float[Tensor, "t w"], added: Float[Tensor, "t w"]
    ) -> tuple[Float[Tensor, "t w"], Float[Tensor, "t w"], Float[Tensor, "2 h t k"]]:
        """Compute the next states of the tokens of one text, each of which sees those before it, and their cache."""
        first = self.before_attention(x, added)
        packed = self.query_key_value(first.output)
        query, key, value = packed.view(len(x), 3, self.heads, -1).permute(1, 2, 0, 3)  # each h t k
        mixed = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        second, _, made = self._leave(first.input, mixed.transpose(0, 1).flatten(1))
        return second.input, made, torch.stack([key, value])

    def _leave(
        self, x: Float[Tensor, "b w"], mixed: Float[Tensor, "b w"]
    ) -> tuple[Normed, Float[Tensor, "b 4w"], Float[Tensor, "b w"]]:
        """Leave the block from what entered it and what attention gives: its MLP's norm, hidden numbers and output."""
        second = self.before_mlp(x, self.after_attention(mixed))
        hidden = self.into_mlp(second.output)
        return second, hidden, self.out_of_mlp(compute_gelu(hidden, self.gelu))

    def pull_back(
        self, gradient: Float[Tensor, "b w"], trace: Trace, lowest: bool
    ) -> tuple[Float[Tensor, "b w"], CacheGradient]:
        """Compute the gradients of the block's input and of its keys and values.

        Of the ``lowest`` block only the latter is wanted: the former is that of its MLP's input.
        """
        hidden = pull_back_gelu(self.out_of_mlp.pull_back(gradient), trace.hidden, self.gelu)  # b 4w
        gradient = self.before_mlp.pull_back(self.into_mlp.pull_back(hidden), trace.before_mlp, gradient)
        mixed = self.after_attention.pull_back(gradient).view(len(gradient), self.heads, -1)  # b h k
        packed, cache = pull_back_attention(mixed, trace.attended)
        if lowest:
            return gradient, cache
        first = self.query_key_value.pull_back(packed.flatten(1))
        return self.before_attention.pull_back(first, trace.before_attention, gradient), cache


def compute_gelu(hidden: Float[Tensor, "b n"], kind: str) -> Float[Tensor, "b n"]:
    """Compute GELU, by tanh in float32 on a processor in one loop, a fifth of the seconds of torch's."""
    if kind != "tanh" or not rowwise.takes(hidden):
        return nn.functional.gelu(hidden, approximate=kind)
    from bench.caption.block_loops import write_gelu_rows  # imports numba

    made = torch.empty_like(hidden)
    rowwise.run_by_rows(write_gelu_rows, *map(rowwise.view_array, (hidden, made)))
    return made


def pull_back_gelu(gradient: Float[Tensor, "b n"], hidden: Float[Tensor, "b n"], kind: str) -> Float[Tensor, "b n"]:
    """Compute the gradient of GELU's input from that of its output, which may be used up: see `compute_gelu`."""
    if kind != "tanh" or not rowwise.takes(gradient, hidden):
        made: Tensor = _ATEN.gelu_backward(gradient, hidden, approximate=kind)
        return made
    from bench.caption.block_loops import pull_back_gelu_rows

    rowwise.run_by_rows(pull_back_gelu_rows, *map(rowwise.view_array, (hidden, gradient)))
    return gradient
