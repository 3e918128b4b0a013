#!/bin/sh
# transformers' processors of MobileViT and of MobileNetV2 (both DeepLabV3 for segmentation) enlarge a picture and cut a
# square out of its middle, as for classification. Their post_process_semantic_segmentation stretches the map of this square
# over the whole picture: nothing outside of the square is looked at, and all else is too large and elsewhere. The map has
# the size that was asked for. do_center_crop=False, and a size of both sides, keep pixels where they are, as Segformer,
# BEiT and DPT do by themselves.
# Guess noted before: the map lies on the picture.
# Seen with transformers 5.23.0, torch 2.15.0: IoU of a disc, whose brightness stands for the network's answer:
#                   300 x 400   200 x 600   with do_center_crop=False and a square size
#   MobileViT       0.73        0.03        1.00  1.00
#   MobileNetV2     0.48        0.00        1.00  1.00
#   Segformer       1.00        1.00
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    transformers==5.23.0 numpy==2.4.6 pillow==13.0.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
from types import SimpleNamespace

import numpy as np
import torch
from torch.nn.functional import interpolate
from transformers import MobileNetV2ImageProcessor, MobileViTImageProcessor, SegformerImageProcessor


def ask(processor, height, width):
    """IoU of the disc, where the brightness of what goes into the network is what comes out."""
    rows, columns = np.mgrid[:height, :width]
    true = np.hypot(rows - 0.6 * height, columns - 0.7 * width) < 60
    picture = np.repeat(true[..., None] * np.uint8(255), 3, axis=2)
    grey = processor(images=[picture], return_tensors="pt")["pixel_values"].float().mean(1, keepdim=True)
    middle = (grey.amin() + grey.amax()) / 2
    logits = interpolate(grey - middle, scale_factor=0.25, mode="bilinear", antialias=True)
    outputs = SimpleNamespace(logits=torch.cat([-logits, logits], 1))
    seen = processor.post_process_semantic_segmentation(outputs, target_sizes=[(height, width)])[0].numpy() == 1
    return round(float((seen & true).sum() / (seen | true).sum()), 2)


whole = {"do_center_crop": False, "size": {"height": 512, "width": 512}}
asked = {"MobileViT": MobileViTImageProcessor, "MobileNetV2": MobileNetV2ImageProcessor, "Segformer": SegformerImageProcessor}
for name, kind in asked.items():
    by_itself, uncut = ([ask(kind(**options), *shape) for shape in ((300, 400), (200, 600))] for options in ({}, whole))
    print(f"{name:12} {by_itself}, uncut {uncut}")
    assert min(uncut) > 0.95 and (min(by_itself) > 0.95 if name == "Segformer" else max(by_itself) < 0.8), name
print("as described")
PYTHON
