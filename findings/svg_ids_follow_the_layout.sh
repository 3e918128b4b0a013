#!/bin/sh
# A figure of matplotlib saved as SVG with svg.hashsalt set and no date, the documented way to the same bytes each time.
# Under a layout that matplotlib computes (constrained, tight) the bytes also depend on what was saved before: the ids
# of clip paths are hashes of positions to the last bit, and each saving computes the layout anew from the last one.
# The drawing is the same, every printed number of it too.
# Guess before: one figure gives the same bytes however often, and after whatever else, it is saved.
# Seen with matplotlib 3.11.2:
#   layout       twice as SVG   as SVG, after a PNG of it
#   constrained  the same       4 ids differ
#   tight        4 ids differ   4 ids differ from the first, none from the second
#   none         the same       the same
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check matplotlib==3.11.2 numpy==2.4.6
cd "$folder"
MPLBACKEND=agg venv/bin/python - <<'PYTHON'
import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure


def make(layout):
    figure = Figure(figsize=(9, 4), layout=layout)
    panels = figure.subplots(1, 2)
    for axes in panels:
        axes.plot([0, 1], [0, 1000])
        axes.set_title("a title\nof two lines")
        axes.set_ylabel("a label\nof two lines")
    figure.suptitle("title of all")
    figure.legend(handles=panels[0].lines, labels=["a line"], loc="lower center", title="a title\nof two lines")
    return figure


def save(figure, kind):
    stream = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "salt"}):
        figure.savefig(stream, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else None)
    return stream.getvalue().decode("latin-1")


def count_changed(first, other):
    """Lines that differ, all of them by ids alone."""
    pairs = [pair for pair in zip(first.splitlines(), other.splitlines(), strict=True) if pair[0] != pair[1]]
    for one, two in pairs:
        assert re.sub(r"p[0-9a-f]{10}", "", one) == re.sub(r"p[0-9a-f]{10}", "", two)
    return len(pairs)


found = {}
for layout in ("constrained", "tight", "none"):
    figure, other = make(layout), make(layout)
    first, second = save(figure, "svg"), save(figure, "svg")
    save(other, "png")
    found[layout] = count_changed(first, second), count_changed(first, save(other, "svg"))
    print(f"{layout:12} twice as SVG: {found[layout][0]} ids differ; after a PNG: {found[layout][1]}")
assert found["none"] == (0, 0)
assert found["constrained"][0] == 0 and found["constrained"][1] > 0
assert found["tight"][0] > 0 and found["tight"][1] > 0
print("as described")
PYTHON
