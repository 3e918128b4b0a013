#!/bin/sh
# A linear layer in bfloat16 on a processor, run over texts or pictures of many lengths, keeps something of each length:
# one layer of 384 x 384 numbers (0.3 MB) makes the process some 700 MB larger by a thousand lengths, and nothing is
# freed. The same layer in float32 grows by 5 MB. Lengths that were met before cost nothing more.
# Guess before: a layer holds its weights and a call its result; batches of all lengths cost time, not memory.
# Seen with torch 2.15.0 on a processor with avx512_bf16 (AMD Zen 5): 724 MB and 5 MB; it is what oneDNN and torch remember
# of each shape of a product. (Needs a processor with avx512f: others may not take oneDNN's products. Downloads torch,
# unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
grep -q avx512f /proc/cpuinfo || { echo "this processor has no avx512f"; exit 1; }
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -c 'import torch; assert torch.__version__.startswith("2.15.0")' 2>/dev/null ||
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
cat > "$folder/lengths.py" <<'PYTHON'
from pathlib import Path

import torch


def read_megabytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def grow(layer):
    before = read_megabytes()
    for length in range(1, 1001):
        layer(torch.zeros(length, 384, dtype=layer.weight.dtype))
    return round(read_megabytes() - before)


torch.set_num_threads(1)
with torch.inference_mode():
    for kind in (torch.float32, torch.bfloat16):
        layer = torch.nn.Linear(384, 384, dtype=kind)
        first, again = grow(layer), grow(layer)
        print(f"{kind}: {first} MB by 1,000 lengths, {again} by the same ones again")
        assert again < 50 and (first < 50 if kind == torch.float32 else first > 200)
PYTHON
"$folder/venv/bin/python" "$folder/lengths.py"
echo "as described"
