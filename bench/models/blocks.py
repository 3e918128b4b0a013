"""Sections 3.2 and 3.3: one residual attention block of CLIP, of the image tower and of the text tower alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.errors import UserError
from bench.models.perceptron import Perceptron
from bench.system.attention import attend
from bench.system.compiled import call_compiled
from bench.system.products import count_missing_rows, multiply, pack, takes
from bench.system.tokens import Norm, add_, is_plain, takes_between

COMPILED = "zgs_compiled"
"""The mark of a torch block that is to be read as a `CompiledBlock`."""


@dataclass(frozen=True, eq=False)
class Block:
    """The parts of one residual attention block, typed: torch knows of a submodule only that it is one.

    `shared_by` rows at a time (0: not known) use a block whose weights are packed when first used; it holds the copies.
    """

    attention: nn.MultiheadAttention
    before_attention: nn.Module
    after_attention: nn.Module
    before_mlp: nn.Module
    mlp: nn.Module
    after_mlp: nn.Module
    layers: Perceptron | None
    shared_by: int = 0
    _packed: dict[str, Tensor | None] = field(default_factory=dict, init=False)

    @staticmethod
    def read(block: nn.Module, shared_by: int = 0) -> Block:
        """Read the parts of a block in OpenAI CLIP's layout; raises `UserError` for any other."""
        named = block._modules  # read for every segment and layer: torch's own look-ups take five times as long
        attention = named.get("attn")
        parts: list[Any] = [named.get(name) for name in ("ln_1", "ls_1", "ln_2", "mlp", "ls_2")]
        if not isinstance(attention, nn.MultiheadAttention) or None in parts:
            raise UserError("this CLIP's blocks are not those of a plain transformer: use one in OpenAI CLIP's layout")
        norm, scale, before_mlp, mlp, after_mlp = parts
        layers = Perceptron.read(before_mlp, mlp)
        compiled = COMPILED in vars(block)  # one graph for all blocks: none has copies of its own
        made, shared_by = (CompiledBlock, 0) if compiled else (Block, shared_by)
        return made(attention, norm, scale, before_mlp, mlp, after_mlp, layers, shared_by)

    def project(self, x: Tensor) -> Tensor:
        """Compute queries, keys and values of tokens [..., w], side by side: [..., 3w]."""
        weight, bias = self.attention.in_proj_weight, self.attention.in_proj_bias
        norm = self._first_norm if takes_between(x, weight) else None
        normed = self.before_attention(x) if norm is None else norm(x)
        return multiply(normed, weight, bias, packed=self._pack("project", weight))

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute queries, keys and values of tokens [s, T, w], head by head: each [s, H, T, D]."""
        return self.split_heads(self.project(x))

    def split_heads(self, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """View queries, keys and values side by side [s, T, 3w] head by head: each [s, H, T, D]."""
        query, key, value = projected.unflatten(2, (3, self.attention.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return query, key, value

    def join(self, heads: Tensor) -> Tensor:
        """Put what attention gives, heads side by side [..., w], through the output projection: [..., w]."""
        output = self.attention.out_proj
        made = multiply(heads, output.weight, output.bias, packed=self._pack("join", output.weight))
        return self.after_attention(made)

    def add(self, x: Tensor, made: Tensor) -> Tensor:
        """Add to tokens [..., w] what attention has made of them, which may be overwritten."""
        return add_(made, x) if takes_between(x, self.attention.out_proj.weight) else x + made

    def add_mlp(self, x: Tensor) -> Tensor:
        """Add to tokens [..., w] what the MLP makes of them; its activation is computed behind the first product."""
        layers = self.layers
        if layers is None or not takes_between(x, layers.first.weight):
            return x + self.after_mlp(self.mlp(self.before_mlp(x)))
        return self._add_layers(layers, x, layers.scaled_norm(x))

    def _add_layers(self, layers: Perceptron, x: Tensor, normed: Tensor) -> Tensor:
        """Add to tokens what the two layers make of them, which are normed already."""
        (first, second), biases = (layers.first.weight, layers.second.weight), layers.biases
        hidden = multiply(normed, first, biases[0], layers.activation, self._pack("first", first))
        made = self.after_mlp(multiply(hidden, second, biases[1], packed=self._pack("second", second)))
        return add_(made, x, 1 / layers.factor)

    def leave(self, x: Tensor, heads: Tensor) -> Tensor:
        """Leave the block from the tokens that entered it and what attention gives, both [..., w].

        Rows that the products lack (`count_missing_rows`) are filled up once for all of them.
        """
        short = self._count_missing_rows(x)
        if short == 0:
            return self._leave(x, heads)
        x_rows, head_rows = (functional.pad(part.reshape(-1, x.shape[-1]), (0, 0, 0, short)) for part in (x, heads))
        return self._leave(x_rows, head_rows)[:-short].view(x.shape)

    def _leave(self, x: Tensor, heads: Tensor) -> Tensor:
        """Leave the block; the sum behind attention is normed in the same pass, where both are done here."""
        made, layers = self.join(heads), self.layers
        if layers is None or not takes_between(x, self.attention.out_proj.weight):
            return self.add_mlp(self.add(x, made))
        return self._add_layers(layers, made, layers.scaled_norm.add_(made, x))

    def run(self, x: Tensor) -> Tensor:
        """Run the whole block over tokens [s, T, w] that see each other."""
        return self.leave(x, attend(*self.split(x)).transpose(1, 2).flatten(2))

    @cached_property
    def _first_norm(self) -> Norm | None:
        """The norm before attention as loops take it, if they do."""
        return Norm(self.before_attention) if is_plain(self.before_attention) else None

    def _pack(self, name: str, weight: Tensor) -> Tensor | None:
        if not self.shared_by:
            return None
        if name not in self._packed:
            self._packed[name] = pack(weight, self.shared_by)
        return self._packed[name]

    def _count_missing_rows(self, x: Tensor) -> int:
        weight = self.attention.in_proj_weight
        unpacked = x.numel() and self._pack("project", weight) is None
        return count_missing_rows(x, weight) if unpacked and takes(x, weight, x.numel() * len(weight)) else 0


@dataclass(frozen=True, eq=False)
class CompiledBlock(Block):
    """A block whose ways from tokens to tokens go through `torch.compile`, each as one graph."""

    def project(self, x: Tensor) -> Tensor:
        """See `Block.project`."""
        if torch.compiler.is_compiling():  # a part of `run`
            return Block.project(self, x)
        return call_compiled(Block.project, self, x)

    def leave(self, x: Tensor, heads: Tensor) -> Tensor:
        """See `Block.leave`."""
        if torch.compiler.is_compiling():
            return Block.leave(self, x, heads)
        return call_compiled(Block.leave, self, x, heads)

    def run(self, x: Tensor) -> Tensor:
        """See `Block.run`."""
        return call_compiled(Block.run, self, x)


def mark_compiled(blocks: Iterable[nn.Module]) -> None:
    """Mark torch blocks, so that `Block.read` reads them as compiled ones from now on."""
    for block in blocks:
        setattr(block, COMPILED, True)
