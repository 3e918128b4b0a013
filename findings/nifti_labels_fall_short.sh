#!/bin/sh
# A label map that was computed in floating point, saved by nibabel with the header of the picture it belongs to, as
# nearly every example does, so that place and size of voxels are kept. The header's type is the picture's, 16-bit whole
# numbers, so nibabel spreads the labels over all of them and writes a factor: 3.0 comes back as 2.9999999993. Compared
# with == three quarters of the voxels are no label at all, and cut to whole numbers each is the class before it: IoU 0 for
# a perfect map. Labels of whole numbers, or a header whose type is set, come back as they were.
# Guess before: small whole numbers come back exactly, whatever the type of the file.
# Seen with nibabel 5.4.2, numpy 2.4.6, for labels 0 1 2 3:
#   read [0.0, 0.99999999977, 1.9999999995, 2.9999999993], equal 0.25, cut to whole numbers [0, 1, 2]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import nibabel
import numpy as np

picture = np.random.default_rng(0).integers(-1000, 1000, (4, 4, 4)).astype(np.int16)
nibabel.save(nibabel.Nifti1Image(picture, np.eye(4)), "picture.nii.gz")
picture = nibabel.load("picture.nii.gz")
labels = np.resize(np.arange(4), (4, 4, 4))


def write_and_read(values, header):
    nibabel.save(nibabel.Nifti1Image(values, picture.affine, header), "labels.nii.gz")
    return nibabel.load("labels.nii.gz").get_fdata()


seen = write_and_read(labels.astype(np.float64), picture.header)
equal, cut = float((seen == labels).mean()), seen.astype(int)
print("float labels, the picture's header:", np.unique(seen).tolist(), "equal", equal, "cut", np.unique(cut).tolist())
assert equal == 0.25 and np.abs(seen - labels).max() < 1e-8
assert all(not (cut == each)[labels == each].any() for each in (1, 2, 3))
whole = write_and_read(labels.astype(np.int16), picture.header)
own = picture.header.copy()
own.set_data_dtype(np.uint8)
typed = write_and_read(labels.astype(np.uint8), own)
print("whole numbers:", np.unique(whole).tolist(), "a header with its type set:", np.unique(typed).tolist())
assert (whole == labels).all() and (typed == labels).all()
print("as described")
PYTHON
