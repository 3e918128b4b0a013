"""Sections 3.2 and 3.3: one residual attention block of CLIP, of the image tower and of the text tower alike."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from bench.errors import UserError


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
        names = ("ln_1", "ls_1", "ln_2", "mlp", "ls_2")
        attention = getattr(block, "attn", None)
        if not isinstance(attention, nn.MultiheadAttention) or not all(hasattr(block, name) for name in names):
            raise UserError("this CLIP's blocks are not those of a plain transformer: use one in OpenAI CLIP's layout")
        return Block(attention, *(block.get_submodule(name) for name in names))
