#!/bin/sh
# wandb offline: pictures in a wandb.Table are not in the run's folder (`dir=`) but in the home folder, under
# ~/.local/share/wandb/artifacts/staging. A run's folder that is moved to a machine with a network, to be uploaded
# there by `wandb sync`, has tables whose pictures are gone; and the copies stay in the home folder for ever.
# Guess before: an offline run is whole in its folder, as it is for a picture that is logged by itself.
# Seen with wandb 0.31.0, pillow 13.0.0, numpy 2.4.6: the picture logged alone lies in dir, the one in a table does not;
# the manifest names its place in the home folder. WANDB_DATA_DIR moves it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0 pillow==13.0.0 numpy==2.4.6
cd "$folder"
mkdir home run
env -u WANDB_DATA_DIR -u XDG_DATA_HOME HOME="$folder/home" venv/bin/python - <<'PYTHON'
from pathlib import Path

import numpy as np
import wandb

settings = wandb.Settings(silent=True, console="off")
run = wandb.init(project="x", mode="offline", dir="run", settings=settings)
alone, inside = (np.full((8, 8, 3), value, np.uint8) for value in (10, 200))
table = wandb.Table(columns=["picture"], data=[[wandb.Image(inside)]])
run.log({"alone": wandb.Image(alone), "table": table})
run.finish()
wandb.teardown()

own = [path.name for path in Path("run").rglob("*.png")]
staged = [path for path in Path("home").rglob("staging/*") if path.read_bytes()[:4] == b"\x89PNG"]
print("pictures in dir:", len(own), "pictures in the home folder:", len(staged))
assert len(own) == 1 and own[0].startswith("alone") and len(staged) == 1
print("as described")
PYTHON
