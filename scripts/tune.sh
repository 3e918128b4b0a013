#!/bin/sh
# The settings of the embedded models, chosen on the tune split by sweeps; results/tuning/ holds what they printed.
# tau_SBERT, tau_CLIP and tau_IoU belong to the evaluation and are never tuned.
set -eu
zgs=${ZGS:-zgs}
to=${1:-results/tuning}
images=${IMAGES:-first:60}

sweep() {
  name=$1
  shift
  "$zgs" run -m data.split=tune "data.subset=$images" pictures=0 "out=outputs/tune/$name" "$@"
  "$zgs" report outputs/tune/"$name"/* "to=$to/$name" pictures=0
}

sweep start_layer "encode=masked" encode.start_layer=1,2,3,4,5
sweep sigma2 encode.sigma2=0.1,0.25,0.5,1,2.5
sweep segment experiment=no_merge segment.prune_threshold=0.5,0.6,0.7,0.8,0.9
sweep merge merge.threshold=0.5,0.6,0.7,0.8,0.9
