#!/bin/sh
# Label maps of 8 bits are widened with a number for void: np.where(labels > 0, labels, 65535), np.select, np.pad with
# constant_values. Since NumPy 2 a Python integer takes the array's type, and one that does not fit is an OverflowError,
# as adding, assigning, np.full_like, np.maximum, np.putmask and np.insert say. np.where, np.select and np.pad say nothing:
# 65535 and -1 become 255, which is another class, or another tool's void. In 1.26 np.where and np.select gave 65535 and
# -1, in a wider type: code that was right then is wrong now, silently. np.pad has always wrapped.
# Guess noted before: np.where widens as ever, or raises as everything else does.
# Seen with NumPy 2.4.6: where [255 7], select [255 7], pad [255 0 7 255], six others OverflowError; 1.26.4: where
# [65535 7], select [65535 7].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.26.4 2.4.6; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "numpy==$version"
done
cd "$folder"
cat > ask.py <<'PYTHON'
import numpy as np

labels = np.array([0, 7], np.uint8)


def assign():
    changed = labels.copy()
    changed[changed == 0] = 65535
    return changed


ways = {
    "where": lambda: np.where(labels > 0, labels, 65535),
    "where -1": lambda: np.where(labels > 0, labels, -1),
    "select": lambda: np.select([labels > 0], [labels], 65535),
    "pad": lambda: np.pad(labels, 1, constant_values=65535),
    "add": lambda: labels + 65535,
    "assign": assign,
    "full_like": lambda: np.full_like(labels, 65535),
    "maximum": lambda: np.maximum(labels, 65535),
    "putmask": lambda: np.putmask(labels.copy(), labels == 0, 65535),
    "insert": lambda: np.insert(labels, 0, 65535),
}
said = {}
for name, way in ways.items():
    try:
        said[name] = way().tolist()
    except OverflowError:
        said[name] = "OverflowError"
    except AttributeError:
        said[name] = "done"  # putmask gives nothing back
print(np.__version__, said)
silent = [said["where"], said["where -1"], said["select"], said["pad"]]
if np.__version__.startswith("2."):
    assert silent == [[255, 7], [255, 7], [255, 7], [255, 0, 7, 255]]
    assert all(said[name] == "OverflowError" for name in ("add", "assign", "full_like", "maximum", "putmask", "insert"))
else:
    assert silent[:3] == [[65535, 7], [-1, 7], [65535, 7]]
PYTHON
1.26.4/bin/python -W ignore ask.py
2.4.6/bin/python ask.py
echo "as described"
