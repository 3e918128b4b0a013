#!/bin/sh
# transformers' panoptic post-processing of Mask2Former may fuse the segments of a class (stuff) into one. After it has,
# it goes on counting from the fused segment's id: the next segment gets an id that is taken, and two segments of two
# classes cannot be told apart in the map. A fused class is also listed once for each of its parts.
# Guess before: an id of segments_info stands for one segment of one class; a fused class is listed once.
# Seen with transformers 5.23.0, torch 2.15.0, on four quarters of a picture of the classes 1, 2, 1, 0:
#   nothing fused    ids [1, 2, 3, 4]
#   class 1 fused    ids [1, 2, 1, 2]: 2 is a segment of class 2 and one of class 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.23.0 torch==2.15.0 torchvision==0.29.2 \
  numpy==2.4.6 pillow==13.0.0 scipy==1.17.1
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import torch
from transformers import Mask2FormerImageProcessorPil
from transformers.models.mask2former.modeling_mask2former import Mask2FormerForUniversalSegmentationOutput

classes = [1, 2, 1, 0]
masks = torch.full((1, 4, 8, 8), -20.0)
scores = torch.full((1, 4, 4), -20.0)  # the last column is for none
for place, label in enumerate(classes):
    top, left = 4 * (place // 2), 4 * (place % 2)
    masks[0, place, top : top + 4, left : left + 4] = 20.0
    scores[0, place, label] = 20.0
outputs = Mask2FormerForUniversalSegmentationOutput(class_queries_logits=scores, masks_queries_logits=masks)
seen = {}
for name, fused in (("nothing", set()), ("class 1", {1})):
    (found,) = Mask2FormerImageProcessorPil().post_process_panoptic_segmentation(
        outputs, label_ids_to_fuse=fused, target_sizes=[(8, 8)]
    )
    seen[name] = [(one["id"], one["label_id"]) for one in found["segments_info"]]
    print(f"{name} fused: (id, class) {seen[name]}, map {found['segmentation'][::4, ::4].tolist()}")
assert seen["nothing"] == [(1, 1), (2, 2), (3, 1), (4, 0)]
assert seen["class 1"] == [(1, 1), (2, 2), (1, 1), (2, 0)]
print("as described")
PYTHON
