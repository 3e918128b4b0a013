#!/bin/sh
# Automatic masks come from a grid of points over the whole image. SAM keeps an image's shape and pads it, SAM 2 squashes
# it to a square; transformers lays the points out for SAM in both. On an image of 100 x 400 pixels SAM 2 so gets all its
# points in the upper quarter, and no mask is asked for below it, without a word.
# Met while reading the source, no guess was noted; expected is that points of either family cover the whole image.
# Seen with transformers 5.23.0, torch 2.15.0, a grid of 4 x 4 points; no weights are needed:
#   SamImageProcessor  100x400 points lie in 12.5 % to 87.5 % of the image's height
#   Sam2ImageProcessor 100x400 points lie in 3.1 % to 21.9 % of the image's height
#   Sam2ImageProcessor 400x400 points lie in 12.5 % to 87.5 % of the image's height
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    transformers==5.23.0 numpy==2.4.6 pillow==13.0.0
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import numpy as np
from transformers import Sam2ImageProcessor, SamImageProcessor


def measure(kind, height, width):
    processor, image = kind(), np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    _, points, crops, _ = processor.generate_crop_boxes(image, 1024, points_per_crop=4)
    given = processor(images=crops, return_tensors="pt")
    rows = given["pixel_values"].shape[-2]  # of the square; the image fills these, or less where it was padded
    if "reshaped_input_sizes" in given:
        rows = int(given["reshaped_input_sizes"][0, 0])
    least, most = (100 * float(value) / rows for value in (points[..., 1].min(), points[..., 1].max()))
    print(f"{kind.__name__:18} {height}x{width} points lie in {least:.1f} % to {most:.1f} % of the image's height")
    return round(most, 1)


assert measure(SamImageProcessor, 100, 400) == 87.5
assert measure(Sam2ImageProcessor, 100, 400) == 21.9
assert measure(Sam2ImageProcessor, 400, 400) == 87.5
print("as described")
PYTHON
