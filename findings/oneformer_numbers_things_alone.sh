#!/bin/sh
# Instances by transformers' OneFormer for ADE20K: as a demonstration (is_demo=True, the default) label_id is the class,
# which model.config.id2label names. With is_demo=False, which keeps all queries as an evaluation needs them, label_id is the
# place of the class among the hundred things, for the evaluation of its authors counts things alone; id2label takes it all
# the same: class 7, bed, is 0, wall, and no bed is ever found. Other class lists, and task_type="panoptic", keep classes.
# The documentation says of is_demo that it asks for a threshold.
# Guess noted before: label_id is one thing in both modes.
# Seen with transformers 5.23.0, torch 2.15.0, three sure things of twelve classes, 7 8 10:
#   is_demo=True  label_ids 7 8 10;  is_demo=False  0 1 2, named c0 c1 c2;  the same list as coco_panoptic.json  7 8 10
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    transformers==5.23.0 numpy==2.4.6 pillow==13.0.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import json
from pathlib import Path
from types import SimpleNamespace

import torch
from transformers import OneFormerImageProcessor

THINGS, CLASSES = (7, 8, 10), 12
names = json.dumps({str(n): {"name": f"c{n}", "isthing": int(n in THINGS)} for n in range(CLASSES)})
classes, masks = torch.full((1, 3, CLASSES + 1), -10.0), torch.full((1, 3, 9, 9), -5.0)
for query, thing in enumerate(THINGS):
    classes[0, query, thing], masks[0, query, 3 * query : 3 * query + 3] = 10.0, 5.0


def ask(list_of_classes, **options):
    """The label_ids of the three objects, from the top of the picture to its bottom."""
    Path(list_of_classes).write_text(names)
    processor = OneFormerImageProcessor(repo_path=".", class_info_file=list_of_classes, num_text=4)
    outputs = SimpleNamespace(class_queries_logits=classes.clone(), masks_queries_logits=masks.clone())
    found = processor.post_process_instance_segmentation(outputs, **options)[0]
    labels = {segment["id"]: segment["label_id"] for segment in found["segments_info"]}
    return [labels[int(found["segmentation"][row, 4])] for row in (1, 4, 7)]


ade, coco = "ade20k_panoptic.json", "coco_panoptic.json"
seen = {
    "is_demo=True": ask(ade),
    "is_demo=False": ask(ade, is_demo=False),
    "is_demo=False, panoptic": ask(ade, is_demo=False, task_type="panoptic"),
    "is_demo=False, COCO's list": ask(coco, is_demo=False),
}
for name, labels in seen.items():
    print(f"{name:27} {labels}")
assert list(seen.values()) == [[7, 8, 10], [0, 1, 2], [7, 8, 10], [7, 8, 10]]
print("as described")
PYTHON
