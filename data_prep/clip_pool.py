"""Section 3.2 (training the embedded CLIP): train scenes drawn ahead of their use, kept outside the repository.

The folder holds images.npy uint8 [n, 96, 96, 3], tokens.npy int16 [n, 5, 32] and count (how many are drawn).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bench.data.toyworld.captions import CAPTIONS_PER_SCENE
from bench.data.toyworld.scene import draw

IMAGE = 96
CONTEXT = 32
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Pool:
    """Images and tokens as memory maps, and the number of scenes drawn so far."""

    images: np.ndarray
    tokens: np.ndarray
    folder: Path

    @property
    def ready(self) -> int:
        """Scenes drawn so far; grows while another process draws."""
        file = self.folder / "count"
        return int(file.read_text() or 0) if file.exists() else 0


def open_pool(folder: Path, size: int) -> Pool:
    """The pool in a folder, made empty if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"images": ((size, IMAGE, IMAGE, 3), np.uint8), "tokens": ((size, CAPTIONS_PER_SCENE, CONTEXT), np.int16)}
    maps = {}
    for name, (shape, kind) in shapes.items():
        file = folder / f"{name}.npy"
        mode = "r+" if file.exists() else "w+"
        maps[name] = np.lib.format.open_memmap(file, mode=mode, dtype=kind, shape=shape)
    return Pool(maps["images"], maps["tokens"], folder)


def pad(ids: list[int], filler: int) -> list[int]:
    """Exactly `CONTEXT` ids; a longer text keeps its last id, the end of text."""
    if len(ids) > CONTEXT:
        return [*ids[: CONTEXT - 1], ids[-1]]
    return ids + [filler] * (CONTEXT - len(ids))


def fill(pool: Pool, tokenizer: Tokenizer) -> None:
    """Draws what is missing, in order; may be stopped and started again at any time."""
    filler, parent = tokenizer.token_to_id("<|pad|>"), os.getppid()
    for index in range(pool.ready, len(pool.images)):
        if os.getppid() != parent:
            # The trainer was killed and a new one draws in its own process.
            return
        scene = draw("train", index)
        small = Image.fromarray(scene.image).resize((IMAGE, IMAGE), Image.Resampling.BICUBIC)
        pool.images[index] = np.asarray(small)
        pool.tokens[index] = [pad(code.ids, filler) for code in tokenizer.encode_batch(list(scene.captions))]
        if index % 128 == 127 or index == len(pool.images) - 1:
            (pool.folder / "count").write_text(str(index + 1))


def shifted(batch: Tensor, smallest: float, rng: np.random.Generator) -> Tensor:
    """The pictures smaller (down to a share of their size) and moved by a few pixels; their edges are drawn out."""
    side = int(IMAGE * rng.uniform(smallest, 1.0))
    small = functional.interpolate(batch, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    room = IMAGE - side + 12
    top, left = (int(v) for v in rng.integers(0, room + 1, 2))
    wide = functional.pad(small, (left, room - left, top, room - top), mode="replicate")
    return wide[:, :, 6 : 6 + IMAGE, 6 : 6 + IMAGE]


def augment(images: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Mirroring, shifts and brightness, and close-ups of things also smaller: captions stay true."""
    batch = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    flips = torch.from_numpy(rng.random(len(batch)) < 0.5)
    batch = torch.where(flips[:, None, None, None], batch.flip(-1), batch)
    full, things, stuff = batch.split([int(count) for count in counts])
    smaller = [shifted(part, 0.5, rng) for part in things.chunk(6)]
    batch = torch.cat([shifted(full, 0.9, rng), *smaller, shifted(stuff, 0.9, rng)])
    gain = torch.from_numpy(rng.uniform(0.9, 1.1, (len(batch), 1, 1, 1)).astype(np.float32))
    return ((batch * gain).clamp(0, 1) - MEAN[0]) / STD[0]
