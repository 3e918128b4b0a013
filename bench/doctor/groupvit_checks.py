"""Table 4 (models): what `zgs verify experiment=groupvit` compares, ours on one side, transformers' on the other."""

from __future__ import annotations

from typing import Any

import torch

from bench.baselines.groupvit import compute_logits
from bench.doctor.agreement import check_near, check_strings, make_picture


def check_groupvit_tokenizer(groupvit: Any, published: dict[str, list[int]]) -> str:
    """Check CLIP's vocabulary, which GroupViT shares, on known strings."""
    size = groupvit.model.config.text_config.vocab_size
    return check_strings(lambda text: groupvit.tokenize([text])[0], published, size == 49408)


@torch.inference_mode()
def check_groupvit_logits(groupvit: Any) -> str:
    """Check our groups and texts against transformers' own `segmentation_logits`, on noise of the training size."""
    texts, side = ["a photo of a cat", "sky", "a red car on a road"], groupvit.model.config.vision_config.image_size
    picture = torch.from_numpy(make_picture(side, side)).permute(2, 0, 1).float()
    ours = compute_logits(groupvit.group(picture), groupvit.embed_texts(texts), groupvit.scale)
    told = groupvit.tokenizer(texts, padding=True, return_tensors="pt").to(groupvit.device)
    theirs = groupvit.model(**told, pixel_values=groupvit.normalise(picture)[None], output_segmentation=True)
    return check_near("transformers' segmentation_logits", ours, theirs.segmentation_logits[0], groupvit.dtype)
