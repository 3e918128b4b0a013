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
from bench.caption.token_attention import Attended, attend, pull_back_attention
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


class Normed(NamedTuple):
    """A layer norm's output and what its gradient needs: its input [b, w], mean and inverse deviation [b, 1]."""

    output: Float[Tensor, "b w"]
    input: Float[Tensor, "b w"]
    mean: Float[Tensor, "b 1"]
    inverse_deviation: Float[Tensor, "b 1"]


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm."""

    weight: Float[Tensor, " w"]
    bias: Float[Tensor, " w"]
    epsilon: float

    @staticmethod
    def read(owner: nn.Module, name: str) -> Norm:
        """Read one of a module's norms."""
        norm: Any = owner.get_submodule(name)
        return Norm(norm.weight, norm.bias, norm.eps)

    def __call__(self, x: Float[Tensor, "b w"]) -> Normed:
        output, *statistics = torch.native_layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)
        return Normed(output, x, *statistics)

    def pull_back(self, gradient: Float[Tensor, "b w"], normed: Normed) -> Float[Tensor, "b w"]:
        """Compute the gradient of the input from that of the output."""
        known = (normed.input, self.weight.shape, normed.mean, normed.inverse_deviation, self.weight, self.bias)
        return _ATEN.native_layer_norm_backward(gradient, *known, [True, False, False])[0]


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
        self, x: Float[Tensor, "b w"], keys: Float[Tensor, "b*h t k"], values: Float[Tensor, "b*h t k"]
    ) -> tuple[Float[Tensor, "b w"], Trace]:
        """Compute the token's next state from its state and the block's cache."""
        first = self.before_attention(x)
        packed = self.query_key_value(first.output).view(x.shape[0], 3, self.heads, -1)
        query, key, value = packed.transpose(0, 1).contiguous().unbind()  # each b h k
        mixed, attended = attend(query, key, value, keys, values)
        x, second, hidden = self._leave(x, mixed)
        return x, Trace(first, attended, second, hidden)

    def read_text(self, x: Float[Tensor, "t w"]) -> tuple[Float[Tensor, "t w"], Float[Tensor, "2 h t k"]]:
        """Compute the next states of the tokens of one text, each of which sees those before it, and their cache."""
        packed = self.query_key_value(self.before_attention(x).output)
        query, key, value = packed.view(len(x), 3, self.heads, -1).permute(1, 2, 0, 3)  # each h t k
        mixed = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._leave(x, mixed.transpose(0, 1).flatten(1))[0], torch.stack([key, value])

    def _leave(
        self, x: Float[Tensor, "b w"], mixed: Float[Tensor, "b w"]
    ) -> tuple[Float[Tensor, "b w"], Normed, Float[Tensor, "b 4w"]]:
        """Leave the block from what entered it and what attention gives; the last two are for the gradient."""
        x = x + self.after_attention(mixed)
        second = self.before_mlp(x)
        hidden = self.into_mlp(second.output)
        return x + self.out_of_mlp(compute_gelu(hidden, self.gelu)), second, hidden

    def pull_back(
        self, gradient: Float[Tensor, "b w"], trace: Trace, lowest: bool, cache: Float[Tensor, "2 b*h t k"]
    ) -> Float[Tensor, "b w"]:
        """Compute the gradient of the block's input and write that of its keys and values into ``cache``.

        Of the ``lowest`` block only the latter is wanted: what it returns is the gradient of its MLP's input.
        """
        hidden = pull_back_gelu(self.out_of_mlp.pull_back(gradient), trace.hidden, self.gelu)  # b 4w
        gradient = gradient + self.before_mlp.pull_back(self.into_mlp.pull_back(hidden), trace.before_mlp)
        mixed = self.after_attention.pull_back(gradient).view(trace.attended.query.shape)  # b h k
        packed = pull_back_attention(mixed, trace.attended, lowest, cache)
        if packed is None:
            return gradient
        first = self.query_key_value.pull_back(packed)
        return gradient + self.before_attention.pull_back(first, trace.before_attention)


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
