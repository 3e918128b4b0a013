#!/bin/sh
# The settings of the embedded models, chosen on the tune split by sweeps; results/tuning/ holds what they printed and
# scripts/tuned.py says by which rule. tau_SBERT, tau_CLIP and tau_IoU belong to the evaluation and are never tuned.
#   sh scripts/tune.sh [FOLDER [SWEEP …]]     all sweeps, or those named: segment start_layer sigma2 caption merge
# Each sweep rests on the one before it: write what it has found into conf/ before the next one is run.
set -eu
zgs=${ZGS:-zgs}
python=${PYTHON:-python}
to=${1:-results/tuning}
[ $# -eq 0 ] || shift
only=${*:-segment start_layer sigma2 caption merge}
out=outputs/tune
mkdir -p "$out"

# Where texts are not what is chosen for, the nearest class name stands for them: it takes no time.
words=$out/words.txt
"$python" -c 'from bench.toyworld.classes import NAMES; print(*NAMES, sep="\n")' > "$words"

sweep() {   # its name, images, pairs to compare with the paper's value besides the first (by position), settings
  name=$1
  images=$2
  pairs=$3
  shift 3
  case " $only " in *" $name "*) ;; *) return 0 ;; esac
  rm -rf "${out:?}/$name-$images"   # runs of other weights; the store keeps what can be used again
  "$zgs" run -m data.split=tune "data.subset=first:$images" pictures=0 "out=$out/$name-$images" "$@"
  "$zgs" report "$out/$name-$images" "to=$to/$name" pictures=0 "pairs=$pairs"
  rm -f "$to/$name"/*.svg "$to/$name"/breakdown.* "$to/$name"/curves_*   # kept: the tables, sweep.png over the swept number(s), curves and differences
  "$python" scripts/tuned.py "$to/$name"
}

sweep segment "${IMAGES:-60}" "" 'controls=[true_classes]' merge=none caption=retrieval "caption.words=$words" \
  segment.n=20,30,40 segment.prune_threshold=0.9,0.95,0.98
sweep start_layer "${IMAGES:-100}" 2-3,4-3,5-3,6-3 'controls=[]' encode=masked caption=retrieval "caption.words=$words" \
  encode.start_layer=1,2,3,4,5,6
sweep sigma2 "${IMAGES:-100}" 2-5,3-5,4-5 'controls=[]' caption=retrieval "caption.words=$words" encode.sigma2=0.1,0.25,0.5,1,2.5
# True segments alone: whole images as the only prediction cost next to nothing.
sweep caption "${IMAGES:-40}" "" 'controls=[]' segment=whole caption.beams=3,5,16 caption.iterations=0,1,3
sweep merge "${IMAGES:-40}" 2-4,3-4,5-4 'controls=[]' merge.threshold=0.5,0.6,0.7,0.8,0.9
