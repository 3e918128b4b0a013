#!/bin/sh
# A free text mapped to the class with the most similar spelling: rapidfuzz's process.extractOne, as it comes, takes "Car"
# to "armchair" although "car" is in the list, and "CAR" to the first class with a score of 0. Since version 3 capitals are
# other letters, and the default score takes a piece of a longer name for more than a whole word with one other letter.
# thefuzz, which calls the same library, lowers the case first and says "car"; with lower case "cat" is a "cabinet" to both.
# Guess before: a capital lowers the score, and the name itself still wins.
# Seen with rapidfuzz 3.14.6, thefuzz 0.22.1, for chair, armchair, car, cabinet:
#   rapidfuzz Car armchair 72, CAR chair 0, cat cabinet 72; thefuzz Car car 100, CAR car 100, cat cabinet 72
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rapidfuzz==3.14.6 thefuzz==0.22.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import thefuzz.process
from rapidfuzz import process, utils

NAMES = ["chair", "armchair", "car", "cabinet"]
ours = {text: process.extractOne(text, NAMES)[:2] for text in ("car", "Car", "CAR", "cat")}
theirs = {text: thefuzz.process.extractOne(text, NAMES)[:2] for text in ours}
lowered = {text: process.extractOne(text, NAMES, processor=utils.default_process)[:2] for text in ours}
print("rapidfuzz", ours)
print("thefuzz  ", theirs)
assert ours == {"car": ("car", 100), "Car": ("armchair", 72), "CAR": ("chair", 0), "cat": ("cabinet", 72)}, ours
assert theirs == {"car": ("car", 100), "Car": ("car", 100), "CAR": ("car", 100), "cat": ("cabinet", 72)}, theirs
assert lowered == theirs
print("as described")
PYTHON
