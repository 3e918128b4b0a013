"""Table 4 (models): GroupViT through transformers, from a hub name or a folder: groups of an image, texts in one space.

`GroupViTModel` takes pictures of its training size alone; its own modules are called here one by one, with the position
embedding interpolated as its authors do (bicubic), so that any window can be grouped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bench.errors import BadSample, UserError
from bench.models import guards, sources

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of a channel in 0..1, from the authors' segmentation configs (123.675 … of 255)."""
TEXTS = 64
"""Texts that are embedded at once."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of one picture: ``maps`` [g, h, w] is the soft assignment of its pixels, a distribution over groups.

    ``embeddings`` [g, d] are those of the groups, ``mean`` [d] that of the picture: float32, of unit length.
    """

    maps: Tensor
    embeddings: Tensor
    mean: Tensor


class GroupVit:
    """GroupViT and its tokenizer from one folder or hub name.

    Raises UserError where transformers has no such model, and where weights, config or tokenizer are missing, damaged
    or of another model.
    """

    def __init__(self, source: str, device: str = "cpu", dtype: str = "float32") -> None:
        kind, what = sources.find_dtype(dtype), f"GroupViT {source!r}"
        self.source, self.device, self.dtype = source, torch.device(device), kind
        model, report = sources.load("GroupViT", source, lambda name: _load(name, source, kind))
        guards.check_complete(what, report)
        guards.check_precision(what, model, kind)
        self.tokenizer: Any = sources.load("GroupViT's tokenizer", source, _load_tokenizer)
        patch = model.config.vision_config.patch_size
        if not isinstance(patch, int):  # transformers would lay out the maps of oblong ones wrongly
            raise UserError(f"{what}: patch_size {patch} in config.json: write one number, for patches are squares")
        special = len(set(getattr(self.tokenizer, "all_special_ids", ())))
        words = model.config.text_config
        guards.check_vocabulary(what, sources.count_vocabulary(self.tokenizer), words.vocab_size, source, special)
        self.model: Any = model.to(self.device).eval().requires_grad_(False)
        self.patch, self.longest_text = patch, int(words.max_position_embeddings)
        self._mean, self._std = (torch.tensor(v, device=self.device).view(3, 1, 1) for v in IMAGENET)

    @property
    def scale(self) -> float:
        """The temperature by which cosines are multiplied before a softmax."""
        return float(self.model.logit_scale.float().exp())

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenize n texts. Raises UserError for one that is longer than the model reads: nothing is cut."""
        ids = [list(map(int, each)) for each in self.tokenizer(list(texts))["input_ids"]] if texts else []
        for text, tokens in zip(texts, ids, strict=True):
            if len(tokens) > self.longest_text:
                raise UserError(
                    f"GroupViT reads {self.longest_text} tokens, but {text[:60]!r} … has {len(tokens)}: give the class "
                    "a shorter name, or baseline.prompts fewer words"
                )
        return ids

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Embed n texts: float32 [n, d], of unit length."""
        ids = self.tokenize(texts)
        parts = [self._embed_tokens(ids[at : at + TEXTS]) for at in range(0, len(ids), TEXTS)]
        return functional.normalize(torch.cat(parts).float(), dim=-1)

    def _embed_tokens(self, ids: Sequence[list[int]]) -> Tensor:
        longest = max(map(len, ids))
        # The end token's row is read, which attends to nothing behind it: what fills the rest changes nothing.
        filled = torch.tensor([[*each, *each[-1:] * (longest - len(each))] for each in ids], device=self.device)
        return self.model.text_projection(self.model.text_model(input_ids=filled).pooler_output)

    def normalise(self, picture: Tensor) -> Tensor:
        """Normalise a picture [3, h, w] of 0..255 as the model wants it."""
        return ((picture.to(self.device) / 255 - self._mean) / self._std).to(self.dtype)

    @torch.inference_mode()
    def group(self, picture: Tensor) -> Groups:
        """Group the pixels of a picture: float32 [3, h, w] in 0..255, RGB. BadSample where it is less than a patch."""
        height, width = picture.shape[1:]
        rows, columns = height // self.patch, width // self.patch
        if not rows or not columns:
            raise BadSample(f"image too narrow for GroupViT: {height}x{width} pixels hold no patch of {self.patch}")
        vision = self.model.vision_model
        tokens = vision.embeddings(self.normalise(picture)[None], interpolate_pos_encoding=True)  # 1 rows*columns d
        encoded = vision.encoder(tokens, output_attentions=True, return_dict=True)
        found = vision.layernorm(encoded.last_hidden_state)  # 1 g d
        assigned = _join_stages(encoded.attentions)  # g rows*columns
        maps = functional.interpolate(  # g h w
            assigned.view(1, -1, rows, columns), size=(height, width), mode="bilinear", align_corners=False
        )[0]
        projected = self.model.visual_projection(torch.cat([found[0], found.mean(dim=1)])).float()  # g+1 d
        unit = functional.normalize(projected, dim=-1)
        return Groups(maps.float(), unit[:-1], unit[-1])


def _join_stages(attentions: Sequence[Tensor]) -> Tensor:
    """Join the stages' soft assignments, each [1, groups, what it groups]: last groups x patches."""
    joined = attentions[0][0]  # g1 patches
    for stage in attentions[1:]:
        joined = stage[0] @ joined  # g2 g1 @ g1 patches
    return joined


def _load(name: str, source: str, kind: torch.dtype) -> Any:
    try:
        from transformers import AutoConfig, GroupViTModel
    except ImportError as error:
        told = f"transformers {version('transformers')} has no GroupViT"
        raise UserError(f"GroupViT {source!r}: {told}: pip install 'transformers>=5'") from error
    family = AutoConfig.from_pretrained(name).model_type
    if family != "groupvit":
        raise UserError(f"GroupViT {source!r}: {name} holds a {family} model: give one of type groupvit")
    return GroupViTModel.from_pretrained(name, dtype=kind, output_loading_info=True, ignore_mismatched_sizes=True)


def _load_tokenizer(name: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(name)
