#!/bin/sh
# A vision transformer at another size than its own: the position embeddings are stretched bicubically, in every package.
# open_clip and timm do so with antialias=True, transformers without for CLIP, ViT, DINO and DINOv2 (and with for DINOv2
# with registers). In torch this is another cubic (a = -0.5 for -0.75) even where a grid grows, where nothing can alias, and
# where it shrinks many more neighbours are averaged. So the dense features of one checkpoint are others by package at each
# size but its own.
# Guess noted before: three packages say bicubic and agree to 1e-6.
# Seen with torch 2.15.0, open_clip_torch 3.3.0, timm 1.0.31, transformers 5.23.0; share of the embeddings' norm by which
# timm and transformers differ from open_clip, of smooth waves and of noise (trained ones lie between):
#   14x14 to 24x24   timm 0 and 0    transformers 0.027 and 0.084
#   14x14 to 28x28   timm 0 and 0    transformers 0.037 and 0.089
#   24x24 to 14x14   timm 0 and 0    transformers 0.022 and 1.091
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    open_clip_torch==3.3.0 timm==1.0.31 transformers==5.23.0 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
from types import SimpleNamespace

import torch
from open_clip.model import resize_pos_embed
from timm.layers import resample_abs_pos_embed
from transformers import CLIPVisionConfig
from transformers.models.clip.modeling_clip import CLIPVisionEmbeddings

def make_waves(side):
    """Products of cosines over a square, a wave a channel: [side, side, 24]."""
    cosines = torch.cos(torch.pi * torch.arange(5) * (torch.arange(side)[:, None] + 0.5) / side)
    return torch.einsum("ya,xb->yxab", cosines, cosines).flatten(2)[:, :, 1:]

@torch.no_grad()
def compare(square, new):
    """By how much timm and transformers differ from open_clip, as shares of the norm."""
    old, width = square.shape[0], square.shape[2]
    stored = torch.cat([torch.zeros(1, width), square.flatten(0, 1)])
    weights = {"visual.positional_embedding": stored.clone()}
    resize_pos_embed(weights, SimpleNamespace(visual=SimpleNamespace(grid_size=(new, new))))
    clip = CLIPVisionEmbeddings(CLIPVisionConfig(hidden_size=width, image_size=16 * old, patch_size=16, num_attention_heads=1))
    clip.position_embedding.weight.copy_(stored)
    others = (
        resample_abs_pos_embed(stored[None], (new, new))[0],
        clip.interpolate_pos_encoding(torch.zeros(1, 1 + new * new, width), 16 * new, 16 * new)[0],
    )
    expected = weights["visual.positional_embedding"]
    return [round(float((other - expected).norm() / expected.norm()), 3) for other in others]

torch.manual_seed(0)
seen = []
for old, new in ((14, 24), (14, 28), (24, 14)):
    waves, noise = compare(make_waves(old), new), compare(torch.randn(old, old, 24), new)
    print(f"{old}x{old} to {new}x{new}: timm {waves[0]} and {noise[0]}, transformers {waves[1]} and {noise[1]}")
    assert waves[0] == noise[0] == 0
    seen += [waves[1], noise[1]]
assert all(abs(value - told) < 0.004 for value, told in zip(seen[::2], (0.027, 0.037, 0.022))), seen
assert all(abs(value - told) < 0.03 for value, told in zip(seen[1::2], (0.084, 0.089, 1.091))), seen
print("as described")
PYTHON
