#!/bin/sh
# scikit-image's resize with order=0 is nearest neighbour, and holds only labels that were there. So it is for whole
# numbers; the same labels as floats, as nibabel's get_fdata and many networks give them, are blurred before they are made
# smaller: `anti_aliasing` is on by default for floats whatever the order is. Rounded, pixels are classes that nobody drew.
# Made larger, turned, or with anti_aliasing=False they stay. SciPy's zoom does not look at the type.
# Guess noted before: order=0 makes no new number, whatever the type.
# Seen with scikit-image 0.26.0, SciPy 1.17.1, NumPy 2.4.6, labels 0 3 7 200 in squares of 5 x 5, 60 to 25 pixels a side:
#   uint8 no new number; float64 some 446 in 625 pixels; rounded, 421 are another number than of uint8, 417 no label at all
#   anti_aliasing=False and SciPy: no new number
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from scipy.ndimage import zoom
from skimage.transform import resize

labels = np.kron(np.random.default_rng(0).choice([0, 3, 7, 200], (12, 12)), np.ones((5, 5), np.uint8)).astype(np.uint8)
floats = labels.astype(np.float64)
settings = {"order": 0, "preserve_range": True}
whole = resize(labels, (25, 25), **settings)
blurred = resize(floats, (25, 25), **settings)
sharp = resize(floats, (25, 25), anti_aliasing=False, **settings)
zoomed = zoom(floats, 25 / 60, order=0)
new = {name: len(np.setdiff1d(made, labels)) for name, made in (
    ("uint8", whole), ("float64", blurred), ("not anti-aliased", sharp), ("SciPy", zoomed))}
rounded = blurred.round().astype(int)
other, none = int((rounded != whole).sum()), int((~np.isin(rounded, labels)).sum())
print("new numbers", new, "rounded: another label", other, "none of the labels", none, "of", rounded.size)
assert np.array_equal(sharp, whole) and zoomed.shape == whole.shape
assert new.pop("float64") > 400 and not any(new.values()) and (other, none) == (421, 417)
print("as described")
PYTHON
