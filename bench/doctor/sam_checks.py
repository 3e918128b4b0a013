"""Section 3.1 (models): what `zgs verify segment=sam` compares, ours on one side, transformers' on the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import pipeline

from bench.doctor.agreement import make_picture


def check_sam_masks(sam: Any) -> str:
    """Check the masks of a square picture, all that 4 points get, against transformers' own pipeline, bit by bit."""
    picture = make_picture(96, 96)
    ours = sam.generate_masks(picture, 2, -1000, -1, 1)
    if sam.dtype != torch.float32:  # torchvision's suppression refuses transformers' ratings there
        return f"{len(ours)} masks; transformers' own pipeline runs in float32 only: add dtype=float32 to compare"
    theirs = pipeline("mask-generation", sam.model, image_processor=sam.processor, device=sam.device)
    options = {"pred_iou_thresh": -1000, "stability_score_thresh": -1, "crops_nms_thresh": 1}
    told = theirs(Image.fromarray(picture), points_per_crop=2, **options)["masks"]
    assert len(ours) == len(told), f"{len(ours)} masks, transformers' pipeline has {len(told)}"
    wrong = sum(int((mask != np.asarray(other, bool)).sum()) for mask, other in zip(ours, told, strict=True))
    assert not wrong, f"{wrong} pixels are not those of transformers' pipeline"
    return f"{len(ours)} masks are those of transformers' pipeline"
