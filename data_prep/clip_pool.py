"""Section 3.2 (training the embedded CLIP): train scenes drawn ahead of their use, kept outside the repository.

The folder holds images.npy uint8 [n, 96, 96, 3], tokens.npy int16 [n, 5, 32] and count (how many are drawn).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tokenizers import Tokenizer

from bench.data.toyworld.captions import CAPTIONS_PER_SCENE
from bench.data.toyworld.scene import draw

IMAGE = 96
CONTEXT = 32


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
