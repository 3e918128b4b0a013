#!/bin/sh
# The same number to the same power is the same, wherever it stands in a tensor: so NumPy. torch on a processor makes
# whole vectors of a tensor by one function and what is left at the end by another, which rounds differently: a hundred
# copies of one number, to the power 0.9, are two numbers for two in five that were tried. So a row's value depends on how
# many rows come before it, and one segment's text on how many segments are beside it.
# Guess before: an elementwise operation gives equal numbers equal results, as exp, log, tanh and sqrt do.
# Seen with torch 2.15.0 (an x86 processor with AVX-512), NumPy 2.4.6, 200 numbers, 100 copies of each:
#   power 0.9: torch 81 of 200 have two results, NumPy none; softplus: torch 11; exp, log, tanh, sqrt: none
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import torch

torch.set_num_threads(1)
numbers = (torch.rand(200, generator=torch.Generator().manual_seed(0)) * 10).tolist()


def count(function) -> int:
    return sum(len(function(torch.full((100,), one)).unique()) > 1 for one in numbers)


power = count(lambda x: x**0.9)
of_numpy = count(lambda x: torch.from_numpy(x.numpy() ** np.float32(0.9)))
others = {f.__name__: count(f) for f in (torch.nn.functional.softplus, torch.exp, torch.log, torch.tanh, torch.sqrt)}
print(f"power 0.9: {power} of 200 numbers have two results, NumPy's {of_numpy};", others)
assert power > 20 and of_numpy == 0 and not any(others[name] for name in ("exp", "log", "tanh", "sqrt"))
print("as described")
PYTHON
