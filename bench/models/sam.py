"""Section 3.1 (models): SAM and SAM 2 through transformers' mask generation, from a hub name or a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from PIL import Image
from transformers import MaskGenerationPipeline

from bench.errors import UserError
from bench.models import guards, sources
from bench.system.memory import run_with_less

CLASSES = {"sam": "SamModel", "sam2": "Sam2Model", "sam2_video": "Sam2Model"}
"""By model type: published SAM 2 names itself sam2_video, and its memory for videos is not loaded."""
POINTS = 64
"""Points that are decoded at once, as transformers does by default."""


class Masks(MaskGenerationPipeline):
    """Transformers' mask generation with two mends, neither of which shows on a square image in float32."""

    def preprocess(self, *image: Any, **options: Any) -> Iterator[dict[str, Any]]:
        """Spread the points over an image that was squashed to a square, as SAM 2's is: 1 p 1 2, in its pixels.

        Transformers lays them out for an image that keeps its shape, as SAM's does, and so leaves the end of the
        shorter side of SAM 2's without points (findings/sam2_points_miss_the_end.sh).
        """
        size = self.image_processor.size
        for inputs in super().preprocess(*image, **options):
            if not size.get("longest_edge"):
                sides = inputs["full_image_size"].flip(0).float()  # width, height
                kept = torch.floor(sides * (size["height"] / sides.max()) + 0.5)
                inputs["input_points"] = inputs["input_points"] * (size["height"] / kept).to(inputs["input_points"])
            yield inputs

    def postprocess(self, outputs: Sequence[dict[str, Any]], **options: Any) -> Any:
        """Compare ratings in float32: torchvision's suppression refuses half precision beside boxes in float32."""
        return super().postprocess([each | {"iou_scores": each["iou_scores"].float()} for each in outputs], **options)


class Sam:
    """SAM or SAM 2 with its image processor from one folder or hub name.

    Raises UserError where transformers has no such model, and where weights, config or image processor are missing,
    damaged or of another model.
    """

    def __init__(self, source: str, device: str = "cpu", dtype: str = "float32") -> None:
        kind, what = sources.find_dtype(dtype), f"SAM {source!r}"
        self.source, self.device, self.dtype = source, torch.device(device), kind
        model, report = sources.load("SAM", source, lambda name: _load(name, source, kind))
        guards.check_complete(what, report)
        guards.check_precision(what, model, kind)
        self.processor: Any = sources.load("SAM's image processor", source, _load_processor)
        self.model: Any = model.to(self.device).eval().requires_grad_(False)

    @torch.inference_mode()
    def generate_masks(
        self, image: UInt8[np.ndarray, "h w 3"], points: int, pred_iou: float, stability: float, overlap: float
    ) -> Bool[np.ndarray, "n h w"]:
        """Generate the masks of an image, best predicted IoU first: bool [n, h, w], n may be 0.

        ``points`` a side prompt the model; the thresholds are those of `bench.segment.sam.SamMasks`.
        """
        pipeline = Masks(model=self.model, image_processor=self.processor, device=self.device)
        options = {"pred_iou_thresh": pred_iou, "stability_score_thresh": stability, "crops_nms_thresh": overlap}

        def generate(batch: int) -> list[np.ndarray]:
            made: Any = pipeline(Image.fromarray(image), points_per_crop=points, points_per_batch=batch, **options)
            return list(made["masks"])

        found = run_with_less(generate, POINTS)
        masks = [np.asarray(mask, bool) for mask in found]
        return np.stack(masks) if masks else np.zeros((0, *image.shape[:2]), bool)


def _load(name: str, source: str, kind: torch.dtype) -> Any:
    import transformers

    family = transformers.AutoConfig.from_pretrained(name).model_type
    if family not in CLASSES:
        raise UserError(f"SAM {source!r}: {name} holds a {family} model: give one of type {' or '.join(CLASSES)}")
    made: Any = getattr(transformers, CLASSES[family], None)
    if made is None:
        told = f"transformers {version('transformers')} has no {CLASSES[family]}"
        raise UserError(f"SAM {source!r}: {told}: pip install 'transformers>=5'")
    return made.from_pretrained(name, dtype=kind, output_loading_info=True, ignore_mismatched_sizes=True)


def _load_processor(name: str) -> Any:
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(name)
