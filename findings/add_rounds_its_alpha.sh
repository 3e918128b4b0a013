#!/bin/sh
# x + alpha y of tensors in bfloat16 or float16 on a processor: torch.add, x.add_ and torch.sub round alpha to the
# tensors' type before they multiply, so that a whole sum moves one way, by up to 0.4 percent of what is added; a step
# with a learning rate, a mean of weights or a residual by a factor. torch.addcmul (its value), torch.baddbmm (its alpha)
# and y * alpha take the number as it is and round what comes out.
# Guess before: alpha is a number of Python, and is multiplied in float32 as by addcmul; results are rounded once.
# Seen with torch 2.15.0, of -256 + 1.003 * 256 = 0.768 (bfloat16 has 1 and 1.0078125 beside 1.003):
#   bfloat16  add 0.0   sub 0.0   addcmul 0.76953125      float16  add 0.75  sub 0.75  addcmul 0.76806640625
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -c 'import torch; assert torch.__version__.startswith("2.15.0")' 2>/dev/null ||
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import torch

ALPHA, seen = 1.003, {}
for dtype in (torch.bfloat16, torch.float16):
    x, y = torch.full((40,), -256.0, dtype=dtype), torch.full((40,), 256.0, dtype=dtype)
    made = {
        "add": torch.add(x, y, alpha=ALPHA),
        "add_": x.clone().add_(y, alpha=ALPHA),
        "sub": torch.sub(x, -y, alpha=ALPHA),
        "addcmul": torch.addcmul(x, y, torch.ones_like(x), value=ALPHA),
        "baddbmm": torch.baddbmm(x.view(-1, 1, 1), y.view(-1, 1, 1), torch.ones_like(x).view(-1, 1, 1), alpha=ALPHA),
    }
    seen[dtype] = {name: tensor.flatten()[0].item() for name, tensor in made.items()}
    print(dtype, seen[dtype])
rounded = {"add": 0.0, "add_": 0.0, "sub": 0.0, "addcmul": 0.76953125, "baddbmm": 0.76953125}
assert seen[torch.bfloat16] == rounded, seen
rounded = {"add": 0.75, "add_": 0.75, "sub": 0.75, "addcmul": 0.76806640625, "baddbmm": 0.76806640625}
assert seen[torch.float16] == rounded, seen
print("as described")
PYTHON
