#!/bin/sh
# open_clip's tokenizer of OpenAI's CLIP keeps the pieces of every word that it has ever met, and forgets none: a process
# that reads ever new words (a search over a vocabulary, captions of a large set) grows for as long as it lives.
# Guessed was a cache of a bounded size, as the fast tokenizers of transformers have one.
# Seen with open_clip 3.3.0: 100,000 words, met once each, are all remembered
#   call 1: 10,002 words, 1.2 MB, table 0.2 MB
#   call 10: 100,002 words, 12.2 MB, table 3.8 MB
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -c 'import open_clip; assert open_clip.__version__ == "3.3.0"' 2>/dev/null ||
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    open_clip_torch==3.3.0 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import sys
from itertools import product
from string import ascii_lowercase

import open_clip

tokenizer = open_clip.get_tokenizer("ViT-B-32")
words = ["".join(("house", *letters)) for letters in product(ascii_lowercase, repeat=4)][:100_000]
held = []
for call in range(10):
    for word in words[10_000 * call : 10_000 * (call + 1)]:
        tokenizer.encode(word)
    texts = sum(map(sys.getsizeof, (*tokenizer.cache, *tokenizer.cache.values())))
    held.append(len(tokenizer.cache))
    print(f"call {call + 1}: {held[-1]:,} words, {texts / 1e6:.1f} MB, table {sys.getsizeof(tokenizer.cache) / 1e6:.1f} MB")
assert held[0] > 9_999 and held[-1] > 99_999, "some are forgotten"
print("as described")
PYTHON
