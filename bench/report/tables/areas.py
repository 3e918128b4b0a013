"""Appendix C in numbers: the area under each curve, a row for each variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.report.tables.cells import MISSING, describe_metric, list_doubts, write_mark
from bench.score.score_table import split_measure
from bench.text.escape import escape_markdown, join_cells

_OVER = {("tau", "tt"): "τ TT", ("tau", "st"): "τ ST", ("iou", "tt"): "IoU, TT", ("iou", "st"): "IoU, ST"}


def write_markdown_areas(areas: pd.DataFrame) -> str:
    """Write a row a variant, a column a curve of the paper's kind: the area under it over the width of its axis.

    Those of precision and of the reference's recall are in the csv.
    """
    areas = areas[[_is_of_paper(metric) for metric in areas["metric"]]]
    keys = ["axis", "mapping", "metric"]
    columns = list(dict.fromkeys(areas[keys].itertuples(index=False, name=None)))
    heads = [
        " ".join(filter(None, (*describe_metric(m), f"over {_OVER[axis, mapping]}"))) for axis, mapping, m in columns
    ]
    lines = [join_cells(["area under the curve", *heads]), "|---|" + "---:|" * len(columns)]
    for variant, part in areas.groupby("variant", sort=False):
        places = part[keys].itertuples(index=False, name=None)
        found = dict(zip(places, part.to_dict("records"), strict=True))
        cells = [_write_area(found.get(column)) for column in columns]
        lines.append(join_cells([escape_markdown(str(variant)), *cells]))
    ranges = areas[["axis", "mapping", "start", "stop"]].drop_duplicates().itertuples(index=False, name=None)
    told = "; ".join(f"{_OVER[axis, mapping]} from {start:g} to {stop:g}" for axis, mapping, start, stop in ranges)
    note = f"- Mean height of a curve in percent with 95 % intervals: {told}. n as in the curves' csv."
    return "\n".join(lines) + "\n\n" + "\n".join([note, *(f"- {text}" for text in list_doubts(areas))]) + "\n"


def _is_of_paper(measure: str) -> bool:
    family, *rest = split_measure(measure)[0]
    return family != "precision" and not (family == "recall" and {"reference", "allseg"} & set(rest[:1]))


def _write_area(line: Mapping[Any, Any] | None) -> str:
    if line is None or pd.isna(line["area"]):
        return MISSING
    ends = "" if pd.isna(line["low"]) else f" [{100 * line['low']:.1f}, {100 * line['high']:.1f}]{write_mark(line)}"
    return f"{100 * line['area']:.1f}{ends}"
