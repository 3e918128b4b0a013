#!/bin/sh
# A sweep over a threshold, as people write it: range(0.0,0.9,0.3) and range(0.0,0.35,0.05). Hydra's grammar has an
# exclusive end, and steps summed from decimals of floats make the end fall in or out by the last bit of the step.
# Guess before: the end is left out of both, or, by rounding, taken into both.
# Seen with hydra-core 1.3.8:
#   range(0.0,0.9,0.3)   0.0 0.3 0.6 0.8999999999999999   (the end, by another name)
#   range(0.0,0.35,0.05) 0.0 … 0.30000000000000004        (the end is missing)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hydra-core==1.3.8
cd "$folder"
venv/bin/python - <<'PYTHON'
from hydra.core.override_parser.overrides_parser import OverridesParser


def swept(text):
    (override,) = OverridesParser.create().parse_overrides([f"x={text}"])
    return [float(value) for value in override.sweep_string_iterator()]


with_end, without = swept("range(0.0,0.9,0.3)"), swept("range(0.0,0.35,0.05)")
print("range(0.0,0.9,0.3)  ", *with_end)
print("range(0.0,0.35,0.05)", *without)
assert len(with_end) == 4 and abs(with_end[-1] - 0.9) < 1e-12
assert len(without) == 7 and without[-1] < 0.31
print("as described")
PYTHON
