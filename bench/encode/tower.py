"""Section 3.2: CLIP's image tower as the layers of one image share it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.models.blocks import Block


@dataclass(frozen=True, eq=False)
class Tower:
    """CLIP's image tower `visual`, opened for one image: its blocks hold their weights packed for all segments."""

    visual: Any
    _blocks: dict[int, Block] = field(default_factory=dict)

    def block(self, number: int) -> Block:
        """Read the block of a layer, counted from 1, once."""
        if number not in self._blocks:
            positions = self.visual.positional_embedding
            shared_by = len(positions) if positions.device.type == "cpu" else 0
            self._blocks[number] = Block.read(self.visual.transformer.resblocks[number - 1], shared_by)
        return self._blocks[number]
