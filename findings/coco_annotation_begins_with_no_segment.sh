#!/bin/sh
# transformers' post-processing of instances offers `return_coco_annotation=True`. Where pixels are of no segment, the
# list of masks begins with theirs, so that it has one entry more than `segments_info`: by place every segment has the
# mask of the one before it, the first that of the background. The entries are no run lengths of COCO either: they are
# pairs of a start, from 1 on, and a length along the rows.
# Guess before: as many masks as segments, in their order. (That the pairs are not COCO's could be known.)
# Seen with transformers 5.23.0, torch 2.15.0, for two segments of 4 and 6 pixels in 8 x 10:
#   segments_info 2 segments, segmentation 3 masks of 70, 4 and 6 pixels
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.23.0 torch==2.15.0 torchvision==0.29.2 \
  numpy==2.4.6 pillow==13.0.0 scipy==1.17.1
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import torch
from transformers import Mask2FormerImageProcessor
from transformers.models.mask2former.modeling_mask2former import Mask2FormerForUniversalSegmentationOutput

masks = torch.full((1, 2, 8, 10), -9.0)
masks[0, 0, 1:3, 2:5] = 9.0
masks[0, 1, 5:7, 6:9] = 9.0
scores = torch.zeros(1, 2, 4)  # the last column is for none
scores[0, 0, 1] = scores[0, 1, 2] = 20.0
outputs = Mask2FormerForUniversalSegmentationOutput(class_queries_logits=scores, masks_queries_logits=masks)
processor = Mask2FormerImageProcessor()
coco = processor.post_process_instance_segmentation(outputs, target_sizes=[(8, 10)], return_coco_annotation=True)[0]
plain = processor.post_process_instance_segmentation(outputs, target_sizes=[(8, 10)])[0]
areas = [sum(pairs[1::2]) for pairs in coco["segmentation"]]
true = [int((plain["segmentation"] == one["id"]).sum()) for one in plain["segments_info"]]
outside = int((plain["segmentation"] == -1).sum())
print(f"segments_info {len(coco['segments_info'])} segments of {true} pixels, segmentation {len(areas)} masks of {areas}")
assert len(coco["segments_info"]) == 2 and areas == [outside, *true]
flat = plain["segmentation"].flatten()
for pairs, one in zip(coco["segmentation"][1:], coco["segments_info"]):
    for start, length in zip(pairs[::2], pairs[1::2]):
        assert (flat[start - 1 : start - 1 + length] == one["id"]).all()
print("as described")
PYTHON
