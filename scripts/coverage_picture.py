"""What the simulation of interval_coverage.py found, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from coverage_methods import PRODUCT
from coverage_metrics import CLASSES
from coverage_near import BEFORE
from coverage_rule import RIGHT


def draw(cells: pd.DataFrame, to: Path) -> Path:
    """Draw coverage over the size of the set, of the product beside percentiles, for each kind of number."""
    from matplotlib.figure import Figure

    value, near = cells[cells["kind"] == "value"], cells[cells["kind"] == "near"]
    value = value[value["metric"].isin(value.loc[value["method"] == "percentile", "metric"])]
    of_classes = value["metric"].isin(CLASSES)
    panels = [
        ("Over images and segments", value[~of_classes], "seen", "percentile"),
        ("Next to 0 and 100 %", near.assign(world=near["metric"] + near["world"]), "seen", BEFORE),
        ("Averages over classes: sets of this size", value[of_classes], "expected", "percentile"),
        ("Averages over classes: infinitely many images", value[of_classes], "seen", "percentile"),
    ]
    figure = Figure(figsize=(10.5, 8.2), dpi=110, layout="constrained")
    for axes, (title, part, truth, other) in zip(figure.subplots(2, 2, sharey=True).flat, panels, strict=True):
        axes.axhspan(100 * RIGHT, 100, color="#e3ece3", zorder=0)
        axes.axhline(95, color="#555555", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        for method, color in ((other, "#c8553d"), (PRODUCT, "#1f5f8b")):
            _draw_method(axes, part[part["method"] == method], truth, method, color)
        axes.set_xscale("log")
        axes.set_xticks(sorted(part["n"].unique()), [f"{n:,}" for n in sorted(part["n"].unique())])
        axes.minorticks_off()
        axes.set_title(title, fontsize=11, loc="left")
        axes.legend(loc="lower right", frameon=False, fontsize=9.5)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylim(0, 101)
    figure.supylabel("intervals that hold the truth, %", fontsize=10.5)
    figure.supxlabel("images in the set · line: all sets · band: from the worst to the best world", fontsize=10.5)
    figure.savefig(to, metadata={"Software": None})
    return to


def _draw_method(axes: Any, part: pd.DataFrame, truth: str, method: str, color: str) -> None:
    """Draw a line through all sets of a size, and a band over worlds."""
    held = part.assign(held=part[truth] * part["sets"])
    each = held.groupby(["n", "world"])[["held", "sets"]].sum()
    share = 100 * (each["held"] / each["sets"]).groupby("n").agg(["min", "max"])
    total = held.groupby("n")[["held", "sets"]].sum()
    axes.fill_between(share.index, share["min"], share["max"], color=color, alpha=0.18, linewidth=0)
    axes.plot(total.index, 100 * total["held"] / total["sets"], color=color, marker="o", markersize=5, label=method)
