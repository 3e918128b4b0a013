#!/bin/sh
# The patch size of GroupViT's configuration may be a pair, and features and class scores follow it. The segmentation of
# the same model guesses rows and columns of patches from their number and the image's proportions, as if patches were
# squares: with 14 rows of 56 patches it reads 28 rows of 28, without a word, and every pixel gets another's group.
# Guess before: a configuration that loads and scores an image also segments it by its own patches.
# Seen with transformers 5.23.0, torch 2.15.0, random weights, patches of 16 x 16 and of 16 x 4 pixels in 224 x 224:
#   patch [16, 16] pixels whose scores are another place's: 0 of 50176
#   patch [16, 4]  pixels whose scores are another place's: 49100 of 50176
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 transformers==5.23.0 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import torch
from torch.nn.functional import interpolate, normalize
from transformers import GroupViTConfig, GroupViTModel

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
GROUPS = {"depths": [2, 1, 1], "num_hidden_layers": 4, "num_group_tokens": [8, 4, 0], "num_output_groups": [8, 4, 4]}


def compare(patch):
    torch.manual_seed(0)
    text = {**SMALL, "num_hidden_layers": 2, "vocab_size": 100, "bos_token_id": 98, "eos_token_id": 99}
    parts = {"text_config": text, "vision_config": {**SMALL, **GROUPS, "patch_size": patch}}
    model = GroupViTModel(GroupViTConfig(**parts, projection_dim=16, projection_intermediate_dim=64)).eval()
    for name, weights in model.named_parameters():
        if name.endswith(("position_embeddings", "assign.q_proj.weight", "assign.k_proj.weight")):
            torch.nn.init.normal_(weights)
    pixels = torch.randn(1, 3, 14, 14).repeat_interleave(16, 2).repeat_interleave(16, 3)
    with torch.no_grad():
        told = model(torch.tensor([[98, 5, 99], [98, 7, 99], [98, 9, 99]]), pixels, output_segmentation=True)
        vision = model.vision_model(pixels, output_attentions=True)
        assigned = vision.attentions[1][0] @ vision.attentions[0][0]  # groups x patches, row by row
        rows, columns = 224 // patch[0], 224 // patch[1]
        maps = interpolate(assigned.view(1, -1, rows, columns), (224, 224), mode="bilinear")[0]
        groups = normalize(model.visual_projection(vision.last_hidden_state[0]), dim=1)
        expected = torch.einsum("cd,gd,ghw->chw", told.text_embeds, groups, maps) * model.logit_scale.exp() ** 2
    seen, span = told.segmentation_logits[0], float(expected.max() - expected.min())
    other = int(((seen - expected).abs().amax(0) > 0.01 * span).sum())
    print(f"patch {patch!s:9} pixels whose scores are another place's: {other} of {224 * 224}")
    return other


assert compare([16, 16]) == 0
assert compare([16, 4]) > 224 * 224 // 2
print("as described")
PYTHON
