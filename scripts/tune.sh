#!/bin/sh
# The settings of the embedded models, chosen on the tune split by sweeps; results/tuning/ holds what they printed.
# tau_SBERT, tau_CLIP and tau_IoU belong to the evaluation and are never tuned.
#   sh scripts/tune.sh [FOLDER [SWEEP …]]     all sweeps, or those named: start_layer sigma2 segment merge
set -eu
zgs=${ZGS:-zgs}
python=${PYTHON:-python}
to=${1:-results/tuning}
[ $# -eq 0 ] || shift
only=${*:-start_layer sigma2 segment merge}
out=outputs/tune
mkdir -p "$out"

# Where texts are not what is chosen for, the nearest class name stands for them: it takes no time.
words=$out/words.txt
"$python" -c 'from bench.data.toyworld.classes import NAMES; print(*NAMES, sep="\n")' > "$words"

sweep() {
  name=$1
  images=$2
  shift 2
  case " $only " in *" $name "*) ;; *) return 0 ;; esac
  "$zgs" run -m data.split=tune "data.subset=first:$images" pictures=0 controls='[true_classes]' "out=$out/$name-$images" "$@"
  "$zgs" report "$out/$name-$images" "to=$to/$name" pictures=0
}

# Write what a sweep has found into conf/models/embedded.yaml before the next one is run: it rests on it.
sweep start_layer "${IMAGES:-100}" encode=masked caption=retrieval "caption.words=$words" \
  encode.start_layer=1,2,3,4,5,6
sweep sigma2 "${IMAGES:-60}" caption=retrieval "caption.words=$words" encode.sigma2=0.1,0.25,0.5,1,2.5
sweep segment "${IMAGES:-60}" merge=none caption=retrieval "caption.words=$words" \
  segment.n=20,30,40 segment.prune_threshold=0.95,0.98,0.99
sweep merge "${IMAGES:-40}" merge.threshold=0.5,0.6,0.7,0.8,0.9
