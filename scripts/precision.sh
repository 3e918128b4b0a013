#!/bin/sh
# What bfloat16 does to segments, texts and scores of the embedded models: results/speed/bfloat16 (sections 3 and 4).
#
#     sh scripts/precision.sh [FOLDER]
#     DEVICE=cuda DTYPES="float32 bfloat16 float16" sh scripts/precision.sh     on a GPU: results/speed/precision-cuda
#
# Predicts 40 drawn scenes in float32 and in bfloat16, scores both files by the same models in float32, and compares them
# image by image; then what becomes of segments and texts (changes.md). A metric's name says the precision, so that the
# runs themselves are never compared by mistake.
set -eu
zgs="${ZGS:-.venv/bin/zgs}"
python="${PYTHON:-.venv/bin/python}"
folder="${1:-outputs/precision}"
device="${DEVICE:-cpu}"
dtypes="${DTYPES:-float32 bfloat16}"
to="results/speed/bfloat16"
[ "$device" = cpu ] || to="results/speed/precision-$device"
metrics="score.metrics=[iou,recall,tgq,clipscore]"
for dtype in $dtypes; do
  "$zgs" run device=$device dtype=$dtype variant=$dtype data.subset=first:40 pictures=0 "store=$folder/store" "out=$folder/runs" "$metrics"
  "$zgs" score "$folder"/runs/*-$dtype-*/predictions.json device=$device data=toyscenes data.subset=first:40 variant=$dtype \
    "store=$folder/store" "out=$folder/scored" "$metrics"
done
set --
for dtype in $dtypes; do
  set -- "$@" "$folder"/scored/*-$dtype-*
done
"$zgs" compare "$@" pictures=0 "to=$folder/compared"
mkdir -p "$to"
cp "$folder"/compared/*.md "$folder"/compared/*.csv "$folder"/compared/*.png "$folder"/compared/*.svg "$to"/
set --
for dtype in $dtypes; do
  set -- "$@" "$dtype=$(echo "$folder"/runs/*-"$dtype"-*/predictions.json)"
done
"$python" scripts/precision_changes.py "$@" --to "$to"
