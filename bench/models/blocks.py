"""Sections 3.2 and 3.3: one residual attention block of CLIP, of the image tower and of the text tower alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.errors import UserError
from bench.system.attention import attend
from bench.system.compiled import call_compiled
from bench.system.products import multiply

COMPILED = "zgs_compiled"
"""The mark of a torch block that is to be read as a `CompiledBlock`."""


@dataclass(frozen=True, eq=False)
class Block:
    """The parts of one residual attention block, typed: torch knows of a submodule only that it is one."""

    attention: nn.MultiheadAttention
    before_attention: nn.Module
    after_attention: nn.Module
    before_mlp: nn.Module
    mlp: nn.Module
    after_mlp: nn.Module

    @staticmethod
    def read(block: nn.Module) -> Block:
        """Read the parts of a block in OpenAI CLIP's layout; raises `UserError` for any other."""
        named = block._modules  # read for every segment and layer: torch's own look-ups take five times as long
        attention = named.get("attn")
        parts = [part for name in ("ln_1", "ls_1", "ln_2", "mlp", "ls_2") if (part := named.get(name)) is not None]
        if not isinstance(attention, nn.MultiheadAttention) or len(parts) != 5:
            raise UserError("this CLIP's blocks are not those of a plain transformer: use one in OpenAI CLIP's layout")
        made = CompiledBlock if COMPILED in vars(block) else Block
        return made(attention, *parts)

    def project(self, x: Tensor) -> Tensor:
        """Compute queries, keys and values of tokens [..., w], side by side: [..., 3w]."""
        return multiply(self.before_attention(x), self.attention.in_proj_weight, self.attention.in_proj_bias)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute queries, keys and values of tokens [s, T, w], head by head: each [s, H, T, D]."""
        query, key, value = self.project(x).unflatten(2, (3, self.attention.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return query, key, value

    def join(self, heads: Tensor) -> Tensor:
        """Put what attention gives, heads side by side [..., w], through the output projection: [..., w]."""
        output = self.attention.out_proj
        return self.after_attention(multiply(heads, output.weight, output.bias))

    def leave(self, x: Tensor, heads: Tensor) -> Tensor:
        """Leave the block from the tokens that entered it and what attention gives, both [..., w]."""
        x = x + self.join(heads)
        return x + self.after_mlp(self.mlp(self.before_mlp(x)))

    def run(self, x: Tensor) -> Tensor:
        """Run the whole block over tokens [s, T, w] that see each other."""
        return self.leave(x, attend(*self.split(x)).transpose(1, 2).flatten(2))


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
