#!/bin/sh
# OpenCV 5 takes boolean masks, which 4 refused. Its complement of one is not: bitwise_not turns the bits of each byte, so
# that False (0) is 255 and True (1) is 254, and both are True in the boolean array that comes back. Every pixel is in it;
# as a mask for copyTo or bitwise_and it lets the whole picture through. `&` with the mask itself gives the mask, `~` of it
# nothing. Other functions keep 0 and 1 (bitwise_xor with an array of True is the complement), or refuse.
# Guess before: the complement, as ~mask says, or an error as in version 4.
# Seen with opencv-python-headless 5.0.0.93 and 4.14.0.94, NumPy 2.4.6, a mask of 12 in 72 pixels:
#   5.0   complement: bool, bytes 254 and 255, 72 pixels are True; 12 of them are in the mask; ~mask 60
#   4.14  error: the type bool is not taken
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 5.0.0.93 4.14.0.94; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" numpy==2.4.6
done
cat > "$folder/ask.py" <<'PYTHON'
import sys

import cv2
import numpy as np

mask = np.zeros((8, 9), bool)
mask[2:5, 3:7] = True
try:
    other = cv2.bitwise_not(mask)
    seen = str(other.dtype), np.unique(other.view(np.uint8)).tolist(), int(other.sum()), int((other & mask).sum())
    seen += (int((~mask).sum()), int(cv2.bitwise_xor(mask, np.ones_like(mask)).sum()))
    picture = np.ones((8, 9), np.uint8)
    seen += (int(cv2.copyTo(picture, other).sum()),)
except cv2.error as error:
    seen = ("refused",) if "bool" in str(error) else (str(error),)
print(cv2.__version__, *seen)
expected = ("bool", [254, 255], 72, 12, 60, 60, 72) if sys.argv[1] == "5" else ("refused",)
assert seen == expected, seen
PYTHON
"$folder/5.0.0.93/bin/python" "$folder/ask.py" 5
"$folder/4.14.0.94/bin/python" "$folder/ask.py" 4
echo "as described"
