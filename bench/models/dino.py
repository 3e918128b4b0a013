"""Section 3.1 and appendix B: dense features of a self-supervised ViT, keys of its last layer at a small stride.

The model's own modules are used unchanged; only the patch projection is applied at another stride and the position
embedding is interpolated to the denser grid. The grid is 1 + (H - patch) // stride, read from the model: 109 x 109 for
patch 8, stride 2 and 224 pixels, where appendix B writes 111 x 111.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch.nn import functional
from transformers import AutoConfig, Dinov2Model, ViTModel
from transformers.utils import cached_file

from bench.errors import BadSample, UserError
from bench.models import dino_file, guards, sources
from bench.models.dino_block import read_norms, run_block
from bench.system.compiled import call_compiled
from bench.system.products import use_multiply

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
FACETS = ("key", "token")

Statistics = tuple[tuple[float, ...], tuple[float, ...]]


class DenseFeatures:
    """Dense features of a transformers ViT or Dinov2, wherever its weights come from: see `Dino`."""

    def __init__(
        self,
        model: Any,
        statistics: Statistics,
        source: str,
        size: int = 224,
        stride: int = 2,
        layer: int = -1,
        facet: str = "key",
        device: str = "cpu",
        max_tokens: int = 32768,
    ) -> None:
        self.model = model.to(device).eval().requires_grad_(False)
        use_multiply(self.model)
        self.source, self.size, self.stride, self.facet, self.max_tokens = source, size, stride, facet, max_tokens
        self.device, self.dtype = torch.device(device), model.dtype
        self.blocks: Any = self.model.layers if isinstance(model, ViTModel) else self.model.encoder.layer
        self.patch, self.depth = int(self.model.config.patch_size), len(self.blocks)
        self._check(layer)
        self.layer = layer % self.depth
        self._run_block: Callable[..., torch.Tensor] = run_block
        self._mean, self._std = (torch.tensor(v).view(3, 1, 1) for v in statistics)

    def compute_features(
        self, image: UInt8[np.ndarray, "h w 3"]
    ) -> tuple[Float32[np.ndarray, "n d"], tuple[int, int], UInt8[np.ndarray, "lh lw 3"]]:
        """Compute unit features in row-major order; their grid (rows, columns) and the image as loaded come with them.

        Raises BadSample for an array that is no 8-bit RGB image or has more than ``max_tokens`` places in the grid.
        """
        loaded = self.load(image)
        pixels = torch.from_numpy(loaded).permute(2, 0, 1).float() / 255.0
        dense = self.compute_facet(((pixels - self._mean) / self._std)[None])
        rows, columns = self.compute_grid(*loaded.shape[:2])
        return functional.normalize(dense[0].float(), dim=1).cpu().numpy(), (rows, columns), loaded

    def compute_grid(self, height: int, width: int) -> tuple[int, int]:
        """Count rows and columns of features of a loaded image."""
        return 1 + (height - self.patch) // self.stride, 1 + (width - self.patch) // self.stride

    def load(self, image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "lh lw 3"]:
        """Resize the smaller edge to ``size`` (Lanczos); the other one follows, rounded down."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise BadSample(f"image of shape {image.shape} and type {image.dtype} is no 8-bit RGB image: convert it")
        height, width = compute_loaded_size(image.shape[0], image.shape[1], self.size)
        rows, columns = self.compute_grid(height, width)
        if rows * columns > self.max_tokens:
            raise BadSample(
                f"image of {image.shape[0]}x{image.shape[1]} pixels is too long: {rows}x{columns} features are more "
                f"than {self.max_tokens}: crop it, or raise the stride"
            )
        return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))

    @torch.inference_mode()
    def compute_facet(self, pixels: torch.Tensor) -> torch.Tensor:
        """Compute the facet of normalised pixels [1, 3, H, W]: [1, rows * columns, d], without the class token."""
        tokens = self._embed_patches(pixels.to(self.device, self.dtype))
        room: list[torch.Tensor] = []
        for block in self.blocks[: self.layer]:
            tokens = self._run_block(block, tokens, room)
        block = self.blocks[self.layer]
        if self.facet == "key":
            return block.attention.k_proj(read_norms(block)[0](tokens[:, 1:]))
        return self._run_block(block, tokens)[:, 1:]

    def compile_blocks(self) -> None:
        """Let blocks go through `torch.compile` from now on, one graph for all of them and for all lengths."""
        self._run_block = lambda block, tokens, _=None: call_compiled(run_block, block, tokens)

    def interpolate_positions(self, rows: int, columns: int) -> torch.Tensor:
        """Make the position embedding for a grid, bicubically interpolated: [1, 1 + rows * columns, d]."""
        stored = self.model.embeddings.position_embeddings
        stored_rows, stored_columns = self._read_own_grid()
        if (rows, columns) == (stored_rows, stored_columns):
            return stored
        square = stored[:, 1:].float().unflatten(1, (stored_rows, stored_columns)).permute(0, 3, 1, 2)  # 1 d r c
        dense = functional.interpolate(square, size=(rows, columns), mode="bicubic", align_corners=False)
        # back to 1 rows*columns d; the class token keeps its own
        return torch.cat([stored[:, :1], dense.flatten(2).transpose(1, 2).to(stored.dtype)], dim=1)

    def _read_own_grid(self) -> tuple[int, int]:
        patch = self.model.embeddings.patch_embeddings
        rows, columns = (full // side for full, side in zip(patch.image_size, patch.patch_size, strict=True))
        return rows, columns

    def _embed_patches(self, pixels: torch.Tensor) -> torch.Tensor:
        projection = self.model.embeddings.patch_embeddings.projection
        patches = functional.conv2d(pixels, projection.weight, projection.bias, stride=self.stride)  # 1 d rows columns
        rows, columns = patches.shape[-2:]
        tokens = torch.cat([self.model.embeddings.cls_token, patches.flatten(2).transpose(1, 2)], dim=1)
        return tokens + self.interpolate_positions(rows, columns)

    def _check(self, layer: int) -> None:
        if not -self.depth <= layer < self.depth:
            raise UserError(f"DINO {self.source!r}: layer {layer} does not exist: it has {self.depth} layers")
        if self.facet not in FACETS:
            raise UserError(f"DINO facet {self.facet!r} is unknown: use one of {', '.join(FACETS)}")
        if self.stride < 1 or self.size < self.patch:
            raise UserError(
                f"DINO {self.source!r}: stride {self.stride} must be at least 1 and size {self.size} at least the "
                f"patch ({self.patch})"
            )


class Dino(DenseFeatures):
    """A transformers ViT (DINO) or Dinov2, or an original checkpoint file of either, as a source of dense features.

    ``size``: pixels of the smaller edge; ``stride``: pixels between patches; ``layer``: block, negative from the end;
    ``facet``: "key" (heads concatenated) or "token" (the block's output, before the final norm); ``max_tokens`` refuses
    images so long that attention over their grid would not end; ``patch`` and ``grid`` (own places an edge) say what
    the model must be. Raises UserError for options the model does not have.
    """

    def __init__(
        self,
        source: str,
        size: int = 224,
        stride: int = 2,
        layer: int = -1,
        facet: str = "key",
        device: str = "cpu",
        dtype: str = "float32",
        max_tokens: int = 32768,
        patch: int | None = None,
        grid: int | None = None,
    ) -> None:
        kind = sources.find_dtype(dtype)
        model, report, statistics = sources.load("DINO", source, lambda name: _load_pretrained(name, source, kind))
        what = f"DINO {source!r}"
        guards.check_complete(what, report, ignored=("pooler.", "embeddings.mask_token"))
        guards.check_precision(what, model, kind)
        super().__init__(model, statistics, source, size, stride, layer, facet, device, max_tokens)
        guards.check_patch(what, self.patch, patch)
        guards.check_grid(what, self._read_own_grid(), self.model.embeddings.position_embeddings.shape[1] - 1, grid)


def compute_loaded_size(height: int, width: int, size: int) -> tuple[int, int]:
    """Compute height and width with the smaller edge ``size`` and the aspect kept; the longer edge is rounded down."""
    if height <= width:
        return size, int(size * width / height)
    return int(size * height / width), size


def _load_pretrained(name: str, source: str, kind: torch.dtype) -> tuple[Any, dict[str, Any], Statistics]:
    """Load the model (ViT or DINOv2, as its config says), transformers' report of its weights, and pixel statistics."""
    if Path(name).is_file():
        return dino_file.load(source, Path(name), kind), {}, IMAGENET
    options = {"dtype": kind, "output_loading_info": True, "ignore_mismatched_sizes": True}  # the guard names them
    family = AutoConfig.from_pretrained(name).model_type
    if family not in ("vit", "dinov2"):
        raise UserError(f"DINO {source!r} is a {family} model: use one of type vit (DINO) or dinov2")
    plain = {"add_pooling_layer": False} if family == "vit" else {}
    model, report = (ViTModel if family == "vit" else Dinov2Model).from_pretrained(name, **plain, **options)
    return model, report, _read_pixel_statistics(name)


def _read_pixel_statistics(name: str) -> Statistics:
    """Read mean and standard deviation of the folder's preprocessor_config.json; ImageNet's where there is none."""
    path = cached_file(
        name,
        "preprocessor_config.json",
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    if path is None:
        return IMAGENET
    stored = json.loads(Path(path).read_text())
    return tuple(stored.get("image_mean", IMAGENET[0])), tuple(stored.get("image_std", IMAGENET[1]))
