"""Section 3.2 (training the embedded CLIP): batches of pictures and captions.

Pictures are shrunk, never cut: a cut picture may lose what its caption names, and teaches the tower to guess from
what is around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bench.toyworld.classes import SIDE
from bench.toyworld.scene import choose_framing
from data_prep.clip_pool import Pool

if TYPE_CHECKING:
    from data_prep.train_clip import Recipe

CONTEXT = 32
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
PATCH = 8
GRID = SIDE // PATCH
SHIFT = 8
"""By how many pixels pictures are moved at most."""


class Keep(nn.Module):
    """Stands for open_clip's patch dropout: keeps the patches [n, k] that it was told of, and the class token."""

    kept: Tensor | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [n, 1 + patches, d] to [n, 1 + k, d]."""
        if self.kept is None:
            return tokens
        rows = torch.arange(len(tokens), device=tokens.device)[:, None]
        return torch.cat([tokens[:, :1], tokens[rows, 1 + self.kept]], dim=1)


@dataclass(frozen=True)
class Part:
    """Pictures of one size: float32 [n, 3, side, side] and the patches that they fill, int64 [n, k]."""

    images: Tensor
    patches: Tensor


def place(rng: np.random.Generator, images: Tensor, side: int) -> Part:
    """The pictures [n, 3, s, s] shrunk to ``side`` pixels, a multiple of the patch, somewhere on an empty square."""
    small = functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    count = side // PATCH
    corners = rng.integers(0, GRID - count + 1, (len(images), 2))
    wide = torch.zeros_like(images)
    for picture, one, (row, column) in zip(wide, small, corners, strict=True):
        picture[:, PATCH * row : PATCH * row + side, PATCH * column : PATCH * column + side] = one
    rows, columns = corners[:, :1, None] + np.arange(count)[:, None], corners[:, 1:, None] + np.arange(count)
    return Part(wide, torch.from_numpy((GRID * rows + columns).reshape(len(images), -1)))


def vary_pictures(images: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Mirrored, moved by a few pixels, lighter or darker: float32 [n, 3, side, side], normalised."""
    wide = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    moved = np.empty_like(images)
    for i, (top, left) in enumerate(rng.integers(0, 2 * SHIFT + 1, (len(images), 2))):
        view = wide[i, top : top + SIDE, left : left + SIDE]
        moved[i] = view[:, ::-1] if rng.random() < 0.5 else view
    gain = torch.from_numpy(rng.uniform(0.88, 1.12, (len(images), 1, 1, 1)).astype(np.float32)) / 255
    batch = torch.from_numpy(moved).permute(0, 3, 1, 2).contiguous().float().mul_(gain).clamp_(0, 1)
    return batch.sub_(MEAN[0]).div_(STD[0])


def tokenize_captions(pool: Pool, tokenizer: Tokenizer) -> np.ndarray:
    """int16 [scenes, captions, CONTEXT]; a longer text keeps its last id, the end of text."""
    filler, per_scene = tokenizer.token_to_id("<|pad|>"), len(pool.captions[0])
    table = np.full((len(pool.captions) * per_scene, CONTEXT), filler, np.int16)
    for row, code in enumerate(tokenizer.encode_batch([text for texts in pool.captions for text in texts])):
        ids = code.ids if len(code.ids) <= CONTEXT else [*code.ids[: CONTEXT - 1], code.ids[-1]]
        table[row, : len(ids)] = ids
    return table.reshape(len(pool.captions), per_scene, CONTEXT)


class Feed:
    """Batches that depend on (seed, step) only: pictures in parts of one size, and their tokens in the same order."""

    def __init__(self, pool: Pool, tokenizer: Tokenizer, recipe: Recipe) -> None:
        self.pool, self.recipe = pool, recipe
        self.tokens = tokenize_captions(pool, tokenizer)
        kinds = np.array([choose_framing(index) for index in range(recipe.scenes)])
        self.full, self.close, self.stuff = (np.flatnonzero(kinds == kind) for kind in range(3))

    def batch(self, step: int) -> tuple[list[Part], Tensor]:
        """The batch of a step: its parts, and tokens int64 [batch, CONTEXT]."""
        recipe = self.recipe
        rng = np.random.default_rng((recipe.seed, step))
        counts = [round(share * recipe.batch) for share in (recipe.close, recipe.stuff)]
        far = [rng.choice(self.full, recipe.batch - sum(counts)), rng.choice(self.stuff, counts[1])]
        groups = (rng.choice(self.close, counts[0]), np.concatenate(far))
        parts, rows = [], np.concatenate(groups)
        for group, sides in zip(groups, (recipe.near_sides, recipe.far_sides), strict=True):
            side = sides[int(rng.integers(len(sides)))]
            parts.append(place(rng, vary_pictures(self.pool.images[group], rng), side))
        tokens = self.tokens[rows, rng.integers(0, self.tokens.shape[1], len(rows))]
        return parts, torch.from_numpy(tokens.astype(np.int64))
