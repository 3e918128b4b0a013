#!/bin/sh
# Pillow's GaussianBlur with a large radius is not the mean of a picture: outside the picture its outermost pixels go on,
# so the wider the blur the more they count. A white square with a black border of one pixel, blurred by its side, is
# dark grey (60 of 255); of a radius of 1000 nothing of the white is left. SciPy's filter mirrors the picture by default:
# every blur has the mean of the picture. The result also depends on which way the picture lies, by one grey level.
# Guess noted before: a blur much wider than the picture is its mean, constant; a transposed picture blurs alike.
# Seen with Pillow 13.0.0, SciPy 1.17.1, NumPy 2.4.6, 64 x 64 pixels, mean 239.3:
#   radius  8: Pillow 210.3, SciPy 239.3;  32: 117.9, 239.3;  64: 60.0, 239.3;  1000: 0.0, 239.3
#   noise of 90 x 140 pixels, radius 4.3: of its transpose 17 % of the numbers differ by 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter


def blur(picture, radius):
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


square = np.full((64, 64), 255, np.uint8)
square[[0, -1]] = square[:, [0, -1]] = 0
print(f"mean of the picture: {square.mean():.1f}")
means = {}
for radius in (8, 32, 64, 1000):
    means[radius] = blur(square, radius).mean(), gaussian_filter(square.astype(float), radius).mean()
    print(f"radius {radius:4}: mean {means[radius][0]:.1f} by Pillow, {means[radius][1]:.1f} by SciPy")
assert means[64][0] < 80 and means[1000][0] == 0
assert all(abs(other - square.mean()) < 0.5 for _, other in means.values())
noise = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
turned = blur(np.ascontiguousarray(noise.transpose(1, 0, 2)), 4.3).transpose(1, 0, 2).astype(int)
apart = np.abs(turned - blur(noise, 4.3))
print(f"transposed: {100 * (apart > 0).mean():.0f} % of the numbers differ, by {apart.max()}")
assert apart.max() == 1 and (apart > 0).mean() > 0.1
print("as described")
PYTHON
