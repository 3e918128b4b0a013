#!/bin/sh
# Label maps of tiles are joined by numbering the objects of each on from the last of the one before: `start` of
# fastremap.renumber. It keeps the type of the map, whatever the new numbers are: beyond 255 of 8 bits or 65535 of 16 they
# begin at 0 again, so that an object is background and others have the numbers of the first tile; signed ones become
# negative. Nothing is said, and the table that it returns says the same wrong numbers. Without `start` it chooses the
# smallest type that holds them, and scikit-image's relabel_sequential widens by itself.
# Guess before: a wider type, for fitting the type to the numbers is what the function is for.
# Seen with fastremap 1.21.0, scikit-image 0.26.0, NumPy 2.4.6, objects 1 2 3 4 after 65533 others:
#   fastremap uint16 [65534, 65535, 0, 1], its table {1: 65534, 2: 65535, 3: 0, 4: 1}
#   scikit-image uint32 [65534, 65535, 65536, 65537]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastremap==1.21.0 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import fastremap
import numpy as np
from skimage.segmentation import relabel_sequential

tile = np.array([[1, 2], [3, 4]], np.uint16)
renumbered, table = fastremap.renumber(tile, start=65534)
widened = relabel_sequential(tile, offset=65534)[0]
fitted = fastremap.renumber(tile.astype(np.uint32) * 70000)[0]
ours = {int(old): int(new) for old, new in sorted(table.items()) if old}
print("fastremap   ", renumbered.dtype, renumbered.ravel().tolist(), ours)
print("scikit-image", widened.dtype, widened.ravel().tolist())
print("without start fastremap fits the type:", fitted.dtype)
assert renumbered.dtype == np.uint16 and renumbered.ravel().tolist() == [65534, 65535, 0, 1]
assert ours == {1: 65534, 2: 65535, 3: 0, 4: 1}
assert widened.dtype == np.uint32 and widened.ravel().tolist() == [65534, 65535, 65536, 65537]
assert fitted.dtype == np.uint8
print("as described")
PYTHON
