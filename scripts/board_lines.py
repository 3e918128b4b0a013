"""The lines of board.csv: which a sentence or a table is made of, who shares a letter, how a value is written."""

from __future__ import annotations

import pandas as pd
import yaml

from bench.metric_name import parse
from bench.score.ranks import share_letter
from bench.settings.compose import list_options

TUNED_ON = (
    "The settings that a board ranks were chosen on true segments of tune that are not merged, with the nearest class "
    "name for a caption"
)


def describe_tuned_on(segments: str) -> str:
    """Describe on what kind of segments and texts the settings of a board were chosen, and how this one differs."""
    if segments == "texts":
        return f"{TUNED_ON}; here the captions are ZeroCap's, with which another choice might be better."
    if segments != "predicted":
        return f"{TUNED_ON}, as here."
    models = yaml.safe_load(list_options("models")["embedded"].read_text(encoding="utf-8"))
    return (
        f"{TUNED_ON}; here segments are predicted and merged, for which another choice may be better, so that these "
        "ranks compare variants as tuned for true segments. For global_subtraction the same rule on predicted segments "
        f"chose start_layer={models['start_layer']} and sigma2={models['sigma2']} (results/tuning), which is not what "
        "stands here."
    )


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
