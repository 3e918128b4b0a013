#!/bin/sh
# A metric that adds up over updates says the same however the images are split into batches: torchmetrics' Dice and mean
# IoU do. Its generalised Dice does not: a class that an image lacks has an infinite weight, which is replaced by the
# largest one of the batch, and of more than one image by that of another class, for the two are laid out differently
# (classes by images, images by classes). A smaller last batch, or another number of GPUs, is another score.
# Guess before: one update of four images and four of one are the same, as for the other segmentation metrics.
# Seen with torchmetrics 1.9.0, torch 2.15.0, on four maps of 8 x 8 pixels with three labels, one of which the truth lacks:
#   GeneralizedDiceScore  one batch 0.3450  four batches 0.3872   DiceScore, MeanIoU the same in both
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6 torchmetrics==1.9.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import torch
from torchmetrics.segmentation import DiceScore, GeneralizedDiceScore, MeanIoU

draw = torch.Generator().manual_seed(0)
said = torch.randint(0, 3, (4, 8, 8), generator=draw)
truth = torch.randint(0, 2, (4, 8, 8), generator=draw)
for kind in (DiceScore, MeanIoU, GeneralizedDiceScore):
    whole, split = kind(num_classes=3, input_format="index"), kind(num_classes=3, input_format="index")
    whole.update(said, truth)
    for one, other in zip(said, truth):
        split.update(one[None], other[None])
    values = float(whole.compute()), float(split.compute())
    print(f"{kind.__name__:20} one batch {values[0]:.4f}  four batches {values[1]:.4f}")
    apart = abs(values[0] - values[1])
    assert apart > 0.03 if kind is GeneralizedDiceScore else apart < 1e-6
print("as described")
PYTHON
