"""Table 4 and Figure 7: GroupViT, which is given the class names as text queries and labels every pixel by one of them.

Written anew after the authors' segmentation code (NVlabs/GroupViT: segmentation/evaluation/group_vit_seg.py and
configs/_base_/datasets/, and mmsegmentation's sliding windows, which these use; read at its version 1):

    image      shorter edge to ``size``, the longer to at most ``longest`` (bilinear, no antialiasing, whole levels)
    windows    ``window`` x ``window`` pixels every ``stride``, the last one moved back to the edge
    a window   each pixel belongs to the group of its largest soft assignment; a group has, for each class,
               softmax over the ``top`` classes nearest to the window, times softmax over all classes
    background of a group: 1 where none of its classes reaches the threshold, which is lowered to the best of the window
    pixels     mean over windows, brought to the image's size (bilinear), largest class; the first one of equals

``decode=logits`` takes the `segmentation_logits` of transformers in place of a window's numbers: soft groups times
cosines, no softmax, no background; with one window of the training size they are transformers' to the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from annotated_types import Interval
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.nn import functional

from bench.errors import BadSample, UserError
from bench.records import LabelMap, Prediction, Sample

if TYPE_CHECKING:
    from bench.models.groupvit import Groups, GroupVit

LISTED = 0.95
"""The authors' threshold on PASCAL VOC, whose list has a background class (their PASCAL-Context of 60 has 0.35)."""
HOTTEST = 100.0
"""Their upper end of the temperature."""
NUMBERS = 2**26
"""Numbers of one block of classes at the image's size: 256 MiB, whatever the length of the class list."""
Side = Annotated[int, Interval(ge=16, le=4096)]


class GroupVitLabels:
    """The class of every pixel. ``prompts`` are averaged; ``background`` is a threshold, auto (0.95 where the data set
    has a background class, else none) or null. Raises UserError for a prompt without ``{}``.
    """

    def __init__(
        self,
        groupvit: GroupVit,
        prompts: list[str],
        size: Side = 448,
        longest: Side = 2048,
        window: Side = 448,
        stride: Side = 224,
        top: Annotated[int, Interval(ge=1, le=100_000)] = 5,
        background: Annotated[float, Interval(ge=0, le=1)] | Literal["auto"] | None = "auto",
        decode: Literal["authors", "logits"] = "authors",
    ) -> None:
        if not prompts or not all(isinstance(prompt, str) and prompt.count("{}") == 1 for prompt in prompts):
            raise UserError(f"baseline.prompts={prompts}: write {{}} once in each, for the class name")
        self.groupvit, self.prompts, self.background, self.decode = groupvit, tuple(prompts), background, decode
        self.size, self.longest, self.window, self.stride, self.top = size, longest, window, stride, top
        self._queries: tuple[tuple[str, ...], Tensor] | None = None

    def __call__(self, sample: Sample, names: Sequence[str], has_background: bool) -> Prediction:
        """Label an image by ``names``: one segment a class that it finds, in their order, background left uncovered."""
        threshold = self.find_threshold(has_background)
        scores = self.score_pixels(sample.image, names, threshold)
        labels = choose_labels(scores, (sample.image.shape[0], sample.image.shape[1]))
        labels -= threshold is not None  # -1: background
        found = [int(c) for c in np.unique(labels) if c >= 0]
        places = np.zeros(len(names) + 1, np.int32)
        places[found] = np.arange(1, len(found) + 1)  # -1 reads the last one, which stays 0
        return LabelMap(sample.image_id, places[labels], tuple(names[c] for c in found)).unpack()

    def find_threshold(self, has_background: bool) -> float | None:
        """Find the threshold under which a group is background; None where there is no such class."""
        if self.decode == "logits":
            return None
        if self.background == "auto":
            return LISTED if has_background else None
        return None if self.background is None else float(self.background)

    def score_pixels(self, image: UInt8[np.ndarray, "h w 3"], names: Sequence[str], threshold: float | None) -> Tensor:
        """Score the pixels of the resized image: float32 [c, rows, columns], background first where it is asked for."""
        queries = self.embed_queries(names)
        picture = resize_picture(image, self.size, self.longest)
        classes = len(names) + (threshold is not None)
        total = torch.zeros(classes, *picture.shape[1:], device=queries.device)
        seen = torch.zeros(picture.shape[1:], device=queries.device)
        for rows, columns in list_windows(picture.shape[1], picture.shape[2], self.window, self.stride):
            groups = self.groupvit.group(picture[:, rows, columns])
            total[:, rows, columns] += self.score_window(groups, queries, threshold)
            seen[rows, columns] += 1
        return total / seen

    def score_window(self, groups: Groups, queries: Tensor, threshold: float | None) -> Tensor:
        """Score the pixels of one window: float32 [c, h, w]."""
        if self.decode == "logits":
            return compute_logits(groups, queries, self.groupvit.scale)
        table = compute_affinity(groups, queries, min(self.groupvit.scale, HOTTEST), self.top)  # g c
        if threshold is not None:
            best = table.amax(dim=1)  # g
            empty = best < min(threshold, float(best.max()))
            table = torch.cat([empty.float()[:, None], table], dim=1)
        return table[groups.maps.argmax(dim=0)].permute(2, 0, 1)  # c h w

    def embed_queries(self, names: Sequence[str]) -> Tensor:
        """Embed the class names, the mean over prompts: float32 [c, d], of unit length; once a run."""
        if self._queries is None or self._queries[0] != tuple(names):
            texts = [prompt.format(name) for name in names for prompt in self.prompts]
            embedded = self.groupvit.embed_texts(texts).view(len(names), len(self.prompts), -1)
            self._queries = tuple(names), functional.normalize(embedded.mean(dim=1), dim=-1)
        return self._queries[1]


def compute_affinity(groups: Groups, queries: Tensor, scale: float, top: int) -> Tensor:
    """Compute how much each group is of each class, by the authors' rule: float32 [g, c]."""
    logits = groups.embeddings @ queries.T * scale  # g c
    near = (groups.mean @ queries.T).topk(min(top, len(queries))).indices
    allowed = torch.full_like(logits, float("-inf"))
    allowed[:, near] = logits[:, near]
    return allowed.softmax(dim=-1) * logits.softmax(dim=-1)


def compute_logits(groups: Groups, queries: Tensor, scale: float) -> Tensor:
    """Compute transformers' `segmentation_logits`: float32 [c, h, w]; its temperature stands in them twice."""
    logits = queries @ groups.embeddings.T * scale  # c g
    return (logits @ groups.maps.flatten(1) * scale).view(len(queries), *groups.maps.shape[1:])


def resize_picture(image: UInt8[np.ndarray, "h w 3"], size: int, longest: int) -> Tensor:
    """Resize the shorter edge to ``size``, the longer to at most ``longest``: whole grey levels, float32 [3, h, w]."""
    height, width = image.shape[:2]
    factor = min(size / min(height, width), longest / max(height, width))
    rows, columns = (int(edge * factor + 0.5) for edge in (height, width))
    if not rows or not columns:
        raise BadSample(f"image of {height}x{width} pixels is too narrow for GroupViT: crop it")
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float()
    resized = functional.interpolate(pixels, size=(rows, columns), mode="bilinear", align_corners=False)
    return resized[0].round().clamp(0, 255)


def list_windows(height: int, width: int, window: int, stride: int) -> Iterator[tuple[slice, slice]]:
    """List the windows of an image, row by row; one that would pass an edge is moved back to it."""
    for bottom in _list_ends(height, window, stride):
        for right in _list_ends(width, window, stride):
            yield slice(max(bottom - window, 0), bottom), slice(max(right - window, 0), right)


def _list_ends(length: int, window: int, stride: int) -> list[int]:
    count = max(length - window + stride - 1, 0) // stride + 1
    return [min(at * stride + window, length) for at in range(count)]


def choose_labels(scores: Tensor, size: tuple[int, int]) -> Int64[np.ndarray, "h w"]:
    """Choose the class of every pixel at an image's size, of scores [c, a, b]; of equals the first."""
    block = max(1, NUMBERS // (size[0] * size[1]))
    labels = torch.zeros(size, dtype=torch.int64, device=scores.device)
    highest = torch.full(size, float("-inf"), device=scores.device)
    for at in range(0, len(scores), block):  # c h w of all classes may not fit
        resized = functional.interpolate(scores[None, at : at + block], size=size, mode="bilinear", align_corners=False)
        values, places = resized[0].max(dim=0)
        better = values > highest
        labels[better], highest[better] = places[better] + at, values[better]
    return labels.cpu().numpy()
