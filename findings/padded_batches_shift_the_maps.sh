#!/bin/sh
# Pictures of different shapes in one batch are padded to one size on the right and below; the network's masks are of the
# padded pictures. The post-processing of transformers' Mask2Former, MaskFormer, OneFormer and DETR, asked for the size of
# each picture (target_sizes), stretches the padded masks to it: all objects are smaller and too far up and left, by how
# much depends on the others of the batch, and a picture alone is right. Maps have the right sizes, so nothing tells. EoMT
# cuts the padding off. One picture at a time is right, or pictures of one shape.
# Guess noted before: target_sizes brings masks back to where the picture is, in a batch as well.
# Seen with transformers 5.23.0, torch 2.15.0: IoU of a disc, whose brightness stands for the network's masks, in panoptic
# maps of a picture of 300 x 400 and one of 400 x 300, alone and together:
#                                 alone          together
#   Mask2Former, MaskFormer       1.00 1.00      0.45 0.45
#   OneFormer, DETR               0.99 0.99      0.47 0.47
#   EoMT                          1.00 1.00      1.00 1.00
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    transformers==5.23.0 numpy==2.4.6 pillow==13.0.0
cd "$folder"
echo '{"0": {"name": "disc", "isthing": 1}, "1": {"name": "rest", "isthing": 0}}' > classes.json
venv/bin/python - 2>/dev/null <<'PYTHON'
from types import SimpleNamespace

import numpy as np
import torch
from torch.nn.functional import interpolate
from transformers import (
    DetrImageProcessor, EomtImageProcessor, Mask2FormerImageProcessor, MaskFormerImageProcessor, OneFormerImageProcessor
)

SHAPES = ((300, 400), (400, 300))

def draw(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.hypot(rows - 0.6 * height, columns - 0.6 * width) < 90

def ask(processor, shapes, **options):
    """IoU of the disc of each picture, where the brightness of what goes into the network is what comes out."""
    pictures = [np.repeat(draw(*shape)[..., None] * np.uint8(255), 3, axis=2) for shape in shapes]
    grey = processor(images=pictures, return_tensors="pt", **options)["pixel_values"].mean(1, keepdim=True)
    bright = (grey - grey.amin()) / (grey.amax() - grey.amin()) * 10 - 5
    logits = interpolate(bright, scale_factor=0.25, mode="bilinear", antialias=True)
    classes = torch.tensor([[10.0, -10, -10], [-10, 10, -10]]).repeat(len(shapes), 1, 1)
    masks = torch.cat([logits, -logits], 1)
    outputs = SimpleNamespace(class_queries_logits=classes, masks_queries_logits=masks, logits=classes, pred_masks=masks)
    found = processor.post_process_panoptic_segmentation(outputs, target_sizes=list(shapes))
    for one, shape in zip(found, shapes):
        (own,) = (segment["id"] for segment in one["segments_info"] if segment["label_id"] == 0)
        seen, true = one["segmentation"].numpy() == own, draw(*shape)
        yield round(float((seen & true).sum() / (seen | true).sum()), 2)

one_former = OneFormerImageProcessor(repo_path=".", class_info_file="classes.json", num_text=4)
processors = {
    "Mask2Former": (Mask2FormerImageProcessor(), {}), "MaskFormer": (MaskFormerImageProcessor(), {}),
    "OneFormer": (one_former, {"task_inputs": ["panoptic"] * 2}),
    "DETR": (DetrImageProcessor(), {}), "EoMT": (EomtImageProcessor(), {"do_pad": True, "do_split_image": False}),
}
for name, (processor, options) in processors.items():
    alone = [iou for shape in SHAPES for iou in ask(processor, [shape], **options)]
    together = list(ask(processor, SHAPES, **options))
    print(f"{name:11} alone {alone}, together {together}")
    right = name == "EoMT"
    assert min(alone) > 0.95 and (min(together) > 0.95 if right else max(together) < 0.5), name
print("as described")
PYTHON
