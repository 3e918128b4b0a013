#!/bin/sh
# torch.histc counts in the type of its values. Segmentation libraries hand it labels as float32, where 2^24 + 1 is 2^24:
# above 16.8 megapixels of one class in one map (an aerial tile, a slide) counting stops, in each thread by itself, and
# the IoU of such a class depends on the number of threads.
# Guess before: exact, or off by one part in a million.
# Seen with mmsegmentation 1.2.2 (IoUMetric) and segmentation-models-pytorch 0.6.0 (get_stats), torch 2.15.0, on two maps
# of 8000 x 8000 pixels that agree on half of them, so that the IoU is 0.5:
#   mmsegmentation: 1.0 with 1 thread, 1.7456 with 2   segmentation-models-pytorch: 1.0 with 1 thread
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6 matplotlib pillow pyyaml regex
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps mmsegmentation==1.2.2 mmengine==0.10.7 \
  mmcv-lite==2.1.0 addict==2.4.0 yapf==0.43.0 termcolor==3.3.0 prettytable==3.18.0 platformdirs rich==15.0.0 ftfy==6.3.1 \
  wcwidth==0.9.4 opencv-python-headless==5.0.0.93
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check segmentation-models-pytorch==0.6.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import torch
from mmseg.evaluation.metrics.iou_metric import IoUMetric
from segmentation_models_pytorch.metrics import get_stats, iou_score

truth = torch.ones((8000, 8000), dtype=torch.uint8)
truth[0] = 0
said = truth.clone()
said[:4000] = 0
exact = ((truth == 1) & (said == 1)).sum().item() / (truth == 1).sum().item()
for threads in (1, 2):
    torch.set_num_threads(threads)
    areas = IoUMetric.intersect_and_union(said, truth, 2, 255)
    mmseg = IoUMetric.total_area_to_metrics(*areas)["IoU"][1].item()
    stats = get_stats(said[None].long(), truth[None].long(), mode="multiclass", num_classes=2)
    smp = iou_score(*stats)[0, 1].item()
    print(f"{threads} threads: exact {exact:.4f}, mmsegmentation {mmseg:.4f}, segmentation-models-pytorch {smp:.4f}")
    assert abs(mmseg - {1: 1.0, 2: 1.7456}[threads]) < 0.01
    assert threads == 2 or abs(smp - 1) < 0.01
print("as described")
PYTHON
