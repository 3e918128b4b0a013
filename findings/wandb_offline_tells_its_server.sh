#!/bin/sh
# wandb.init(mode="offline") sends how it is used (versions of wandb and Python, durations) to W&B's server, or the one
# that WANDB_BASE_URL names. Only the variable WANDB_MODE=offline keeps it quiet: the part that sends looks at the
# settings of the process, not at those of the run.
# Guess before: offline sends nothing.
# Seen with wandb 0.31.0: two requests to /sdk/otel/v1/metrics by an argument, none by the variable.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0
cd "$folder"
cat > log.py <<'PYTHON'
import wandb

settings = wandb.Settings(silent=True, console="off")
run = wandb.init(project="x", mode="offline", settings=settings)
run.log({"score": 1})
run.finish()
PYTHON
env -u WANDB_MODE HOME="$folder" venv/bin/python - <<'PYTHON'
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = []


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append((self.path, self.rfile.read(int(self.headers.get("content-length") or 0))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
counts = {}
for how, more in {"by an argument": {}, "by the variable": {"WANDB_MODE": "offline"}}.items():
    env = {**os.environ, "WANDB_BASE_URL": f"http://127.0.0.1:{server.server_port}", **more}
    subprocess.run([sys.executable, "log.py"], env=env, check=True)
    counts[how] = [path for path, _ in asked]
    print("offline", how, counts[how], sum(len(body) for _, body in asked), "bytes")
    asked.clear()
assert counts["by an argument"] and not counts["by the variable"]
print("as described")
PYTHON
