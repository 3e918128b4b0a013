"""Section 3.2: CLIP, loaded through open_clip from a hub name, a local folder or a checkpoint file.

The image is squashed to the model's square input whatever its aspect (no crop), so that every pixel of a segment has
its place in the token grid.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from jaxtyping import Float32, UInt8
from PIL import Image

from bench.errors import UserError
from bench.models import clip_file, guards, sources
from bench.models.blocks import mark_compiled
from bench.models.clip_tokens import tokenize_texts
from bench.models.text_tower import TextTower
from bench.models.unfilled import SkipRandomFill
from bench.system.products import use_multiply

ROWS_OFF_PROCESSOR = 4096
"""Tokens of a full pack of texts where no cache bounds it: a pack's kernels are as many however long it is."""
OPEN_CLIP_PRECISION = {"float32": "fp32", "bfloat16": "pure_bf16", "float16": "pure_fp16"}


class ClipTowers:
    """Both towers of an open_clip model, wherever its weights come from: see `Clip`."""

    def __init__(self, model: Any, source: str, device: str, dtype: str) -> None:
        self.source, self.device, self.dtype = source, torch.device(device), sources.find_dtype(dtype)
        self.model = model.eval().requires_grad_(False)
        use_multiply(self.model)
        self.visual = _check_visual(self.model.visual, source)
        cfg = open_clip.get_model_preprocess_cfg(self.model)
        self._mean = torch.tensor(cfg["mean"]).view(3, 1, 1)
        self._std = torch.tensor(cfg["std"]).view(3, 1, 1)

    def compile_blocks(self) -> None:
        """Let the blocks of both towers go through `torch.compile` from now on."""
        text = getattr(self.model, "text", self.model)
        mark_compiled([*self.visual.transformer.resblocks, *text.transformer.resblocks])
        vars(self).pop("text", None)  # made of blocks that were not

    @property
    def image_size(self) -> int:
        """Side of the square input in pixels."""
        return int(self.visual.image_size[0])

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patch tokens."""
        return tuple(self.visual.grid_size)

    @property
    def depth(self) -> int:
        """Number of transformer layers of the image tower."""
        return len(self.visual.transformer.resblocks)

    @property
    def dim(self) -> int:
        """Dimension of the joint space."""
        return int(self.visual.output_dim)

    @property
    def mean_colour(self) -> tuple[int, int, int]:
        """The colour that preprocessing maps to zero, 0..255."""
        red, green, blue = (round(float(v) * 255) for v in self._mean.flatten())
        return red, green, blue

    def preprocess(self, image: UInt8[np.ndarray, "h w 3"]) -> torch.Tensor:
        """Squash (bicubic, antialiased) to the input size and normalise: float32 [1, 3, S, S] on the device."""
        size = self.image_size
        squashed = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(squashed, dtype=np.float32) / 255.0).permute(2, 0, 1)
        return ((pixels - self._mean) / self._std)[None].to(self.device, self.dtype)

    @cached_property
    def text(self) -> TextTower:
        """The text tower with prefix reuse."""
        return TextTower(self.model) if self.device.type == "cpu" else TextTower(self.model, ROWS_OFF_PROCESSOR)


class Clip(ClipTowers):
    """CLIP with its preprocessing, token grid and text tower.

    `source` is ``embedded:clip``, a folder in open_clip's format, ``hf-hub:org/repo``, a checkpoint file (OpenAI's own,
    which tells its architecture, or a state dict of `architecture`), or the name of an architecture that open_clip
    knows with `pretrained` naming a weight tag or a checkpoint file. `patch`, `grid` and `activation` say what the
    model must be (None: not stated). Raises UserError where weights or tokenizer are missing, where the model is not
    what is stated or what its weights need, or where it is no vision transformer with a class token.
    """

    def __init__(
        self,
        source: str,
        pretrained: str | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        architecture: str | None = None,
        patch: int | None = None,
        grid: int | None = None,
        activation: str | None = None,
    ) -> None:
        sources.find_dtype(dtype)
        name, pretrained = sources.split_open_clip_source(source, pretrained, architecture)
        file, what = Path(str(pretrained)) if _is_file(pretrained) else None, f"CLIP {source!r}"
        self.file, facts = file, _read_file_facts(source, file, name, activation) if file else None
        if facts and file:
            unsaid = facts.activation is None
            guards.check_stated_activation(facts.computed, source, str(file), activation, silent=unsaid)
        self.name, self.config = (clip_file.BASE, facts.config) if facts else (name, {})
        loading = partial(_load, name, pretrained, OPEN_CLIP_PRECISION[dtype], device)
        if facts and file:
            loading = partial(clip_file.build, source, file, facts, OPEN_CLIP_PRECISION[dtype], device)
        model: Any = sources.load("CLIP", source, lambda _: loading())
        context = facts.config["text_cfg"]["context_length"] if facts else None
        self.tokenizer: Any = sources.load(
            "CLIP's tokenizer", source, lambda _: open_clip.get_tokenizer(self.name, context_length=context)
        )
        super().__init__(model, source, device, dtype)
        checkpoint = sources.find_open_clip_checkpoint(name, pretrained)
        guards.check_patch(what, int(self.visual.patch_size[0]), patch)
        guards.check_grid(what, self.grid, guards.count_stored_positions(checkpoint) if checkpoint else None, grid)
        silent = file is not None and (facts is None or facts.activation is None)
        guards.check_activation(self.visual, source, pretrained, activation, silent)
        guards.check_precision(what, self.model, self.dtype)
        tokens = getattr(self.model, "text", self.model).token_embedding.num_embeddings
        guards.check_vocabulary(what, sources.count_vocabulary(self.tokenizer), tokens, source)

    def tokenize_raw(self, text: str) -> list[int]:
        """Token ids of one text with start and end tokens as CLIP wants them, without padding."""
        return self.tokenize_many([text])[0]

    def tokenize_many(self, texts: Sequence[str]) -> list[list[int]]:
        """`tokenize_raw` of many texts at once, several times as fast."""
        return tokenize_texts(self.tokenizer, texts)

    def encode_text(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """CLIP text embeddings, not normalised, float32 [n, d]."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        features = self.text.encode(self.tokenize_many(texts))
        return features.float().cpu().numpy()


def _load(name: str, pretrained: str | None, precision: str, device: str) -> Any:
    with SkipRandomFill():  # open_clip loads strictly
        return open_clip.create_model(name, pretrained, precision=precision, device=device, require_pretrained=True)


def _read_file_facts(source: str, file: Path, name: str, activation: str | None) -> clip_file.FileFacts | None:
    """What a checkpoint file tells of itself; None where the settings tell it, and the file agrees."""
    facts = clip_file.read_facts(source, file, name or None, activation)
    if facts is None:
        clip_file.check_stated(source, file, name)
    return facts


def _is_file(pretrained: str | None) -> bool:
    return bool(pretrained) and Path(str(pretrained)).is_file()


def _check_visual(visual: Any, source: str) -> Any:
    if not isinstance(visual, open_clip.transformer.VisionTransformer):
        raise UserError(f"CLIP {source}: its image tower, a {type(visual).__name__}, {guards.OTHER_TOWER}")
    if visual.attn_pool is not None or visual.pool_type != "tok":
        raise UserError(f"CLIP {source}: {guards.NO_CLASS_TOKEN}")
    if not all(isinstance(b, open_clip.transformer.ResidualAttentionBlock) for b in visual.transformer.resblocks):
        raise UserError(f"CLIP {source}: the image tower's attention blocks are not the plain pre-norm ones of CLIP")
    return visual


logging.getLogger("open_clip").setLevel(logging.ERROR)
