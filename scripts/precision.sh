#!/bin/sh
# What bfloat16 does to segments, texts and scores of the embedded models: results/speed/bfloat16 (sections 3 and 4).
#
#     sh scripts/precision.sh [FOLDER]
#
# Predicts 40 drawn scenes in float32 and in bfloat16, scores both files by the same models in float32, and compares them
# image by image. A metric's name says the precision, so that the runs themselves are never compared by mistake.
set -eu
zgs="${ZGS:-.venv/bin/zgs}"
folder="${1:-outputs/precision}"
metrics="score.metrics=[iou,recall,tgq,clipscore]"
for dtype in float32 bfloat16; do
  "$zgs" run dtype=$dtype variant=$dtype data.subset=first:40 pictures=0 "store=$folder/store" "out=$folder/runs" "$metrics"
  "$zgs" score "$folder"/runs/*-$dtype-*/predictions.json data=toyscenes data.subset=first:40 variant=$dtype \
    "store=$folder/store" "out=$folder/scored" "$metrics"
done
"$zgs" compare "$folder"/scored/*-float32-* "$folder"/scored/*-bfloat16-* pictures=0 "to=$folder/compared"
mkdir -p results/speed/bfloat16
cp "$folder"/compared/*.md "$folder"/compared/*.csv "$folder"/compared/*.png "$folder"/compared/*.svg results/speed/bfloat16/
