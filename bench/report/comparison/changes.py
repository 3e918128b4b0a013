"""Figure 5's question, image by image: on which images did a variant gain or lose most against another?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bench.report.tables.comparisons import Pair, select_pairs
from bench.report.tables.paper_metrics import select_iou_metrics
from bench.score.score_table import describe_name

COLUMNS = ("image_id", "metric", "variant", "against", "value_variant", "value_against", "value", "change")
"""``value`` is the difference of one metric in one image, ``change`` the image's mean over all its metrics here."""
COUNT = 3
"""Images shown each way."""


def choose_metrics(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Choose by which metrics an image has changed: IoU under TT and ST, else the first that all tables have."""
    names = [str(name) for name in tables[0] if all(name in table for table in tables)]
    shared = [name for name in names if not describe_name(name).group]
    return select_iou_metrics(shared) or shared[:1]


def compute_changes(tables: Mapping[str, pd.DataFrame], pairs: Sequence[Pair]) -> pd.DataFrame:
    """Compute `COLUMNS` from the per_image.parquet of each variant, a row an image id.

    Images and metrics without a number in either are left out. Sorted by pair, then by change from the largest gain
    to the largest loss, ties by image_id.
    """
    parts = []
    for variant, against in select_pairs(pairs, tables):
        own, other = tables[variant], tables[against]
        metrics, common = choose_metrics([own, other]), own.index.intersection(other.index)
        both = [table.loc[common, metrics].reset_index().melt("image_id", var_name="metric") for table in (own, other)]
        joined = both[0].merge(both[1], on=["image_id", "metric"], suffixes=("_variant", "_against"))
        joined["value"] = joined["value_variant"] - joined["value_against"]
        joined = joined.dropna(subset="value").assign(variant=variant, against=against)
        joined["change"] = joined.groupby("image_id")["value"].transform("mean")
        parts.append(joined.sort_values(["change", "image_id"], ascending=[False, True], kind="stable"))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def select_images(changes: pd.DataFrame, pair: Pair, count: int = COUNT) -> tuple[list[str], list[str]]:
    """Select the images on which the first of a pair gained most and lost most, ``count`` each, the largest first."""
    part = changes[(changes["variant"] == pair[0]) & (changes["against"] == pair[1])].drop_duplicates("image_id")
    back = part.sort_values(["change", "image_id"], kind="stable")
    gains, losses = part[part["change"] > 0], back[back["change"] < 0]
    return list(gains["image_id"].head(count)), list(losses["image_id"].head(count))
