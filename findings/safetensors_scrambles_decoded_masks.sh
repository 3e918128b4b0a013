#!/bin/sh
# pycocotools decodes masks in the order of columns (Fortran's). safetensors.numpy saves such an array by its bytes as
# they lie in memory and states its shape: what is loaded has the same shape, the same number of pixels and the pixels
# elsewhere, without a word. np.ascontiguousarray before saving, or np.savez, keeps them.
# Guess before: the array comes back as it was, or is refused as torch's non-contiguous tensors are.
# Seen with safetensors 0.8.0, pycocotools 2.0.11, for an object of 3 x 2 pixels in 4 x 6:
#   saved   area 6 at rows 0-2, columns 0-1
#   loaded  area 6, intersection over union with what was saved 0.33
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 pycocotools==2.0.11 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from pycocotools import mask as coco
from safetensors.numpy import load_file, save_file

pixels = np.zeros((4, 6), np.uint8)
pixels[:3, :2] = 1
mask = coco.decode(coco.encode(np.asfortranarray(pixels)))
assert np.array_equal(mask, pixels)
save_file({"mask": mask}, "masks.safetensors")
loaded = load_file("masks.safetensors")["mask"]
iou = (loaded & mask).sum() / (loaded | mask).sum()
print("saved ", mask.tolist(), "\nloaded", loaded.tolist(), f"\nIoU {iou:.2f}")
assert loaded.shape == mask.shape and loaded.sum() == mask.sum() == 6
assert not np.array_equal(loaded, mask) and iou < 0.5
save_file({"mask": np.ascontiguousarray(mask)}, "masks.safetensors")
assert np.array_equal(load_file("masks.safetensors")["mask"], mask)
np.savez("masks.npz", mask=mask)
assert np.array_equal(np.load("masks.npz")["mask"], mask)
print("as described")
PYTHON
