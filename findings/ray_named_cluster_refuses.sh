#!/bin/sh
# Ray: the first ray.init() of a user leaves a token in ~/.ray, and every later `ray start` asks for it. From then on
# ray.init(address="auto") joins such a cluster, and ray.init(address="HOST:PORT") of the very same is refused.
# Guess before: "auto" finds the address, and an address that is written out is the same.
# Seen with ray 2.60.0: named, ConnectionError after some twenty attempts; found, connected at once.
set -eu
folder=$(mktemp -d)
export HOME="$folder" RAY_TMPDIR="$folder/r" RAY_USAGE_STATS_ENABLED=0 RAY_gcs_server_port_wait_time_s=1
unset RAY_ADDRESS RAY_AUTH_MODE RAY_AUTH_TOKEN RAY_AUTH_TOKEN_PATH 2>/dev/null || true
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
ray="$folder/venv/bin/ray"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
mkdir "$RAY_TMPDIR" && cd "$folder"

join() {
    venv/bin/python - "$1" <<'PYTHON'
import sys

import ray

try:
    ray.init(address=sys.argv[1], logging_level="CRITICAL")
    print("joined")
except ConnectionError as error:
    print("refused" if "AuthToken" in str(error.__cause__) else repr(error))
PYTHON
}

venv/bin/python -c 'import ray; ray.init(num_cpus=1, include_dashboard=False, logging_level="CRITICAL")'
[ -s "$HOME/.ray/auth_token" ] || { echo "no token was left: changed" >&2; exit 1; }
"$ray" start --head --port="$port" --num-cpus=1 --include-dashboard=false >start.log 2>&1
trap 'pids=$(pgrep -f "$folder" || true); [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true; rm -rf "$folder"' EXIT
address=$(cat "$RAY_TMPDIR/ray/ray_current_cluster" 2>/dev/null || cat "$RAY_TMPDIR/ray_current_cluster")
named=$(join "$address" | tail -1)
found=$(join auto | tail -1)
echo "named by HOST:PORT: $named; found by auto: $found"
[ "$named" = refused ] && [ "$found" = joined ]
