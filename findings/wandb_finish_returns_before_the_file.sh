#!/bin/sh
# wandb offline: `run.finish()` returns while the run's file may still hold its header only. A script that then copies
# the folder, or whose process is killed (a cluster's worker), has a run without a number; nothing is said.
# Guess before: finish() waits until everything is written, as its documentation says for online runs.
# Seen with wandb 0.31.0: of 40 files read right after finish() about 15 have 7 bytes; a second later none has.
# After wandb.teardown() all 40 were whole.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0
cd "$folder"
HOME=$folder venv/bin/python - <<'PYTHON'
import time
from pathlib import Path

import wandb


def log(number: int) -> Path:
    folder = Path(f"run-{number}")
    folder.mkdir()
    settings = wandb.Settings(silent=True, console="off")
    run = wandb.init(project="x", mode="offline", dir=str(folder), settings=settings, reinit="create_new")
    run.log({"score": number})
    run.finish()
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    return file


at_once, files = [], []
for number in range(40):
    files.append(log(number))
    at_once.append(files[-1].stat().st_size)
time.sleep(2)
later = [file.stat().st_size for file in files]
early = sum(now < then for now, then in zip(at_once, later))
print(f"shorter right after finish() than 2 s later: {early} of {len(files)}; the shortest: {min(at_once)} bytes")

torn = []
for number in range(40, 60):
    file = log(number)
    wandb.teardown()
    torn.append((file, file.stat().st_size))
time.sleep(2)
lost = sum(size < file.stat().st_size for file, size in torn)
print(f"shorter right after teardown(): {lost} of {len(torn)}")
assert early > 0 and min(later) > 500 and lost == 0
print("as described")
PYTHON
