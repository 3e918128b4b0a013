#!/bin/sh
# Panoptic maps by transformers: each pixel goes to the query with the largest product of score and mask. Where all masks
# say no, the authors of Mask2Former and MaskFormer leave a pixel without a segment (mask >= 0.5 is asked for as well);
# transformers asks for that in EoMT alone. In its maps of Mask2Former, MaskFormer, OneFormer and DETR, and in instance maps
# of the last two, every pixel has a segment as soon as one was found: one sure cat fills the picture, whatever
# mask_threshold is, though the documentation speaks of pixels without a mask. PQ and IoU of things on open ground fall.
# Guess noted before: a segment is where its mask is, and the rest has none.
# Seen with transformers 5.23.0, torch 2.15.0, 64 x 64 pixels, sure masks of 128 pixels (one) or of 128 and 256 (two):
#   MaskFormer, OneFormer, DETR                one: 4096       two: 3840 and 256
#   Mask2Former                                one: 4096       two: 3772 and 324 (its masks pass through 384 x 384)
#   EoMT                                       one: 128        two: 128 and 256
#   instances: OneFormer and DETR as above, Mask2Former, MaskFormer and EoMT the masks, to a pixel
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    transformers==5.23.0 numpy==2.4.6 pillow==13.0.0
cd "$folder"
cat > classes.json <<'JSON'
{"0": {"name": "sky", "isthing": 0}, "1": {"name": "cat", "isthing": 1}, "2": {"name": "dog", "isthing": 1}}
JSON
venv/bin/python - 2>/dev/null <<'PYTHON'
from types import SimpleNamespace

import torch
from transformers import (
    DetrImageProcessor, EomtImageProcessor, Mask2FormerImageProcessor, MaskFormerImageProcessor, OneFormerImageProcessor
)

SIDE, QUERIES, CLASSES = 64, 5, 3
BOXES = ((slice(8, 16), slice(8, 24)), (slice(32, 48), slice(32, 48)))

def ask(processor, task, objects, **options):
    """Pixels of each segment, sorted, where the first queries are sure of a class and a mask and the others of nothing."""
    classes, masks = torch.full((1, QUERIES, CLASSES + 1), -10.0), torch.full((1, QUERIES, SIDE, SIDE), -5.0)
    classes[..., CLASSES] = 10.0
    for query, (rows, columns) in enumerate(BOXES[:objects]):
        classes[0, query, 1 + query], classes[0, query, CLASSES] = 10.0, -10.0
        masks[0, query, rows, columns] = 5.0
    outputs = SimpleNamespace(class_queries_logits=classes, masks_queries_logits=masks, logits=classes, pred_masks=masks)
    result = getattr(processor, f"post_process_{task}_segmentation")(
        outputs, target_sizes=[(SIDE, SIDE)], **options)[0]
    return [int((result["segmentation"] == segment["id"]).sum()) for segment in result["segments_info"]]

processors = {
    "Mask2Former": Mask2FormerImageProcessor(), "MaskFormer": MaskFormerImageProcessor(), "DETR": DetrImageProcessor(),
    "OneFormer": OneFormerImageProcessor(repo_path=".", class_info_file="classes.json", num_text=4),
    "EoMT": EomtImageProcessor(size={"shortest_edge": SIDE, "longest_edge": SIDE}),
}
seen = {(name, task): (ask(processor, task, 1), ask(processor, task, 2))
        for task in ("panoptic", "instance") for name, processor in processors.items()}
for (name, task), (one, two) in seen.items():
    print(f"{task:8} {name:11} one object {one}, two {two}")
whole, masks = [SIDE * SIDE], [128]
for name, processor in processors.items():
    one, two = seen[name, "panoptic"]
    assert one == (masks if name == "EoMT" else whole) and sum(two) == (384 if name == "EoMT" else SIDE * SIDE), name
    assert ask(processor, "panoptic", 1, mask_threshold=0.9) == one, name
    one, two = seen[name, "instance"]
    filled = name in ("OneFormer", "DETR")
    assert (one == whole and sum(two) == SIDE * SIDE) if filled else (abs(one[0] - 128) < 2 and sum(two) < 386), name
print("as described")
PYTHON
