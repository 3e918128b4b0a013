"""The lines of board.csv: which a sentence or a table is made of, who shares a letter, how a value is written."""

from __future__ import annotations

import pandas as pd

from bench.metric_name import parse
from bench.score.ranks import share_letter


def select_iou(table: pd.DataFrame, grouped: bool = False, mapping: str = "st") -> pd.DataFrame:
    """Select the lines of IoU by embeddings (st) or texts (tt), of all or of the groups of a breakdown."""
    names = [parse(str(metric)) for metric in table["metric"]]
    chosen = [name.mapping == mapping and name.metric.startswith("iou") for name in names]
    return table[pd.Series(chosen, table.index) & ((table["group"] != "") == grouped)]


def list_alike(part: pd.DataFrame) -> list[str]:
    """List the variants that share a letter with the first of a metric's lines."""
    first, *others = part.to_dict("records")
    return [str(line["variant"]) for line in others if share_letter(line["letters"], first["letters"])]


def write_value(line: pd.Series) -> str:
    """Write a value in percent, a cosine as it is."""
    scale = 1 if ".cosine" in str(line["metric"]) else 100
    return f"{scale * float(line['value']):.{1 if scale > 1 else 3}f}"
