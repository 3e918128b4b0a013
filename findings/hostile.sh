#!/bin/sh
# hydra.utils.instantiate makes a call that a *string* of a plain dict asks for: "${oc.create:{_target_: …}}" is resolved
# late, becomes a node with a _target_, and is instantiated. A check of all _target_ keys of a loaded yaml does not see
# it (and oc.decode with the same text does not call). Exits with 1 if that changes.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hydra-core==1.3.8 omegaconf==2.3.1
"$folder/venv/bin/python" - <<'PY'
import hydra
import omegaconf
from hydra.utils import instantiate

print("hydra", hydra.__version__, "omegaconf", omegaconf.__version__)
text = "{_target_: builtins.len, _args_: [[1, 2, 3]]}"
plain = {"_target_": "builtins.dict", "x": "${oc.create:%s}" % text, "y": "${oc.decode:'%s'}" % text}
found = instantiate(plain, _convert_="all")
print(plain, "becomes", found)
assert found["x"] == 3, "oc.create no longer becomes a call"
assert found["y"] != 3, "oc.decode has become a call"
PY
