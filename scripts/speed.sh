#!/bin/sh
# Everything in results/speed but bfloat16 (scripts/precision.sh), and results/speed.csv: an hour on an idle machine.
#
#     sh scripts/speed.sh WEIGHTS [STEP …]     all steps, or those named: embedded paper image growth memory meta before whole aims
#
# WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes, with GPT-2's vocabulary (it says how). What
# shares the machine's caches and memory meanwhile makes every stage slower; the seconds are the processor's.
set -eu
zgs="${ZGS:-.venv/bin/zgs}"
python="${PYTHON:-.venv/bin/python}"
weights="${1:?usage: sh scripts/speed.sh WEIGHTS [STEP …]}"
shift
to="${TO:-results}"

take() {
  case "$1" in
    embedded) "$zgs" speed scale=embedded "to=$to/speed" ;;
    paper) "$zgs" speed scale=paper "weights=$weights" "to=$to/speed" ;;
    image) "$python" scripts/whole_image.py "$weights" "to=$to/speed/image.csv" ;;
    growth) "$zgs" speed growth=yes "to=$to/speed" ;;
    memory) "$python" scripts/caption_memory.py "$weights" "to=$to/speed/memory.csv" ;;
    meta) "$zgs" speed device=meta scale=paper "to=$to/speed" ;;
    before) "$python" scripts/compare_stages.py "$weights" --to "$to/speed/before.csv" ;;
    whole)
      "$python" scripts/compare_speed.py --only score --only help --to "$to/speed.csv"
      "$python" scripts/compare_speed.py --times 1 --only demo --only sweep --only again --to "$to/speed.csv" ;;
    aims) "$python" scripts/speed_aims.py "$to" ;;
  esac
}

steps="embedded paper image growth memory meta before whole aims"
[ $# -gt 0 ] || set -- $steps
for step in "$@"; do # before anything is measured
  case "$step" in
    embedded | paper | image | growth | memory | meta | before | whole | aims) ;;
    *) echo "speed.sh: $step: no such step; there are $steps" >&2; exit 2 ;;
  esac
done
for step in "$@"; do
  take "$step"
done
