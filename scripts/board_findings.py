"""What the boards say, in sentences made from their tables, whichever way they go; scripts/board.py writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import yaml
from board_grids import BOUND
from hydra.utils import get_object

from bench.csv_files import read_csv
from bench.metric_name import parse
from bench.report.tables.cells import write_title
from bench.score.ranks import find_copies, share_letter
from bench.settings.compose import list_options

METHOD = "global_subtraction"
CAVEATS = """Start layer and one knob of each variant were chosen on the tune split alone ([tuning.csv](tuning.csv)).
The test split had been looked at twice before: once with the models' start layer for global_subtraction and
projected_subtraction, then with grids that ended where their best value stood, eight variants tuned on 40 images, and
segments of equal embeddings merged.
Cosines with class names (ST) lie at other heights for other variants: their order does not say who names more right.
These are the embedded models: nothing of CLIP itself follows.
"""
BEFORE = {
    ("global_subtraction", "encode.sigma2"): "0.5",
    ("mask_tokens", "encode.start_layer"): "2",
    ("projected_subtraction", "encode.weight"): "0.25",
}
"""What tuning had chosen before the test split was looked at the last time, where that was not the published value."""
ENDS = {
    ("crop_blur", "blur", 1.0): "outside the segment are the colours of the image's border",
    ("gem", "iterations", 0.0): "q, k and v attend to themselves once and not again",
    ("projected_subtraction", "weight", 0.0): "nothing is subtracted: it is `masked`",
    ("proxyclip", "gamma", 1e6): "each patch attends to the most similar one alone, which is itself",
}
"""What a variant is where its knob stands at an end of the range."""
FAMILIES = {
    "bench.encode.masking.MaskedEncoder": "masks in attention",
    "bench.encode.dense.DenseEncoder": "patches of the last layers, averaged",
    "bench.encode.painted.PaintedEncoder": "painted pictures",
}


def write_findings(boards: Mapping[str, Path], tuning: Path, to: Path) -> None:
    """Write a section a board: each metric, the best of each family, groups, agreement and cost."""
    text = f"# What the boards say\n\n{CAVEATS}\n{describe_tuning(read_csv(tuning))}\n"
    for heading, folder in boards.items():
        table = read_csv(folder / "board.csv")
        agreement = read_csv(folder / "agreement.csv") if (folder / "agreement.csv").is_file() else None
        parts = [*describe_metrics(table), *describe_families(table), *describe_groups(table), *describe_cost(table)]
        parts += [] if agreement is None else [describe_agreement(agreement)]
        text += f"\n## {heading}\n\n" + "".join(f"- {part}\n" for part in parts)
    to.write_text(text, encoding="utf-8")


def describe_tuning(table: pd.DataFrame) -> str:
    """Describe which published values stood, and which gave way to what, by how much of the mean of the metrics."""
    kept, moved = [], []
    for line in table.to_dict("records"):
        told = f"{line['variant']} {line['key'].removeprefix('encode.')}={line['published']}"
        if line["chosen"] == line["published"]:
            kept.append(told)
        else:
            gain = 100 * (float(line["mean_chosen"]) - float(line["mean_published"]))
            moved.append(f"{told} to {float(line['chosen']):g} (+{gain:.1f} points, n={line['images']})")
    said = f"Published values that stood: {', '.join(kept) or 'none'}. That moved: {', '.join(moved) or 'none'}.\n"
    return said + describe_bounds(table) + describe_images(table) + describe_before(table)


def describe_before(table: pd.DataFrame) -> str:
    """Describe which choices are not those with which the test split was looked at before."""
    changed = []
    for line in table.to_dict("records"):
        before = BEFORE.get((str(line["variant"]), str(line["key"])), line["published"])
        if line["chosen"] != before:
            key, value = str(line["key"]).removeprefix("encode."), float(line["chosen"])
            changed.append(f"{line['variant']} {key}={value:g} (was {before})")
    return f"Choices that are not those of the last look at test: {', '.join(changed) or 'none'}.\n"


def describe_bounds(table: pd.DataFrame) -> str:
    """Describe which best values stand at an end of their range, so that no grid could be wider; empty where none."""
    ends = table[table["place"] == BOUND].to_dict("records")
    told = []
    for line in ends:
        key, value = str(line["key"]).removeprefix("encode."), float(line["best"])
        meaning = ENDS.get((str(line["variant"]), key, value))
        told.append(f"{line['variant']} {key}={value:g}" + (f" ({meaning})" if meaning else ""))
    return f"Best values at an end of their range, not inside it: {'; '.join(told)}.\n" if told else ""


def describe_images(table: pd.DataFrame) -> str:
    """Describe on how many images variants were tuned, where not all on the same; else empty."""
    counts = table.groupby("images")["variant"].nunique()
    told = ", ".join(f"{count} on {images}" for images, count in counts.items())
    return f"Variants were not tuned on the same number of images: {told}.\n" if len(counts) > 1 else ""


def describe_metrics(table: pd.DataFrame) -> Iterator[str]:
    """Describe each metric in a sentence: who leads, who is not told apart from it, where the method stands."""
    plain = table[table["group"] == ""]
    copies = find_copies(plain)
    for metric, part in plain[~plain["metric"].isin(copies)].groupby("metric", sort=False):
        alike = [str(metric), *(copy for copy, first in copies.items() if first == metric)]
        titles = " = ".join(map(write_title, alike))
        best, own = part.iloc[0], part[part["variant"] == METHOD].iloc[0]
        place = f"rank {own['rank']} ({own['rank_low']} to {own['rank_high']}) of {len(part)}"
        yield (
            f"{titles} (n={best['n']}, {best['images']} images): {best['variant']} leads with "
            f"{write_value(best)}; {describe_alike(part)}. {METHOD}: {write_value(own)}, {place}."
        )


def describe_alike(part: pd.DataFrame) -> str:
    """Describe who shares a letter with the first of a metric's lines."""
    alike = list_alike(part)
    return f"{', '.join(alike)} cannot be told apart from it" if alike else "all others differ from it"


def describe_families(table: pd.DataFrame) -> Iterator[str]:
    """Describe the best variant of each family by IoU with embeddings."""
    part = select_iou(table)
    best = [(family, own.iloc[0]) for family, own in part.groupby(part["variant"].map(find_family), sort=False)]
    told = "; ".join(f"{family}: {line['variant']} {write_value(line)}" for family, line in best)
    yield f"The best of each family by IoU with embeddings (n={part['n'].iloc[0]}): {told}."


def describe_groups(table: pd.DataFrame) -> Iterator[str]:
    """Describe who leads in each group of a breakdown by IoU with embeddings."""
    told = [
        f"{group} {part['variant'].iloc[0]} {write_value(part.iloc[0])} "
        f"(n={part['n'].iloc[0]}, {len(list_alike(part))} not told from it)"
        for group, part in select_iou(table, grouped=True).groupby("group", sort=False)
    ]
    if told:
        yield f"Leaders by IoU with embeddings, group by group: {'; '.join(told)}."


def describe_cost(table: pd.DataFrame) -> Iterator[str]:
    """Describe what the leader costs an image, the cheapest of those not told from it, and both ends."""
    part = select_iou(table).dropna(subset=["ms_image"])
    if part.empty:
        return
    first, *_ = rows = part.to_dict("records")
    alike, by_cost = {first["variant"], *list_alike(part)}, sorted(rows, key=lambda row: float(row["ms_image"]))
    lines = {
        "leads": first,
        "the cheapest not told from it": next(row for row in by_cost if row["variant"] in alike),
        "the cheapest of all": by_cost[0],
        "the dearest": by_cost[-1],
    }
    told = "; ".join(f"{line['variant']} {line['ms_image']:.0f} ms ({what})" for what, line in lines.items())
    yield f"Processor time of an image with 20 segments, ranked by IoU with embeddings: {told}."


def describe_agreement(table: pd.DataFrame) -> str:
    """Describe the pair of metrics that agrees least, and how many pairs rank all variants alike."""
    least = table.sort_values("tau", kind="stable").iloc[0]
    names = [parse(str(least[key])) for key in ("first", "second")]
    pair = " and ".join(f"{name.metric} ({name.mapping.upper()})" for name in names)
    same = int((table["tau"] > 1 - 1e-9).sum())
    return (
        f"Metrics that agree least on the order: {pair}, Kendall's tau {least['tau']:.2f} "
        f"[{least['low']:.2f}, {least['high']:.2f}] (n={least['images']} images, {least['runs']} variants); "
        f"{same} of {len(table)} pairs agree wholly."
    )


def select_iou(table: pd.DataFrame, grouped: bool = False) -> pd.DataFrame:
    """Select the lines of IoU by embeddings, of all or of the groups of a breakdown."""
    names = [parse(str(metric)) for metric in table["metric"]]
    chosen = [name.mapping == "st" and name.metric.startswith("iou") for name in names]
    return table[pd.Series(chosen, table.index) & ((table["group"] != "") == grouped)]


def list_alike(part: pd.DataFrame) -> list[str]:
    """List the variants that share a letter with the first of a metric's lines."""
    first, *others = part.to_dict("records")
    return [str(line["variant"]) for line in others if share_letter(line["letters"], first["letters"])]


def write_value(line: pd.Series) -> str:
    """Write a value in percent, a cosine as it is."""
    scale = 1 if ".cosine" in str(line["metric"]) else 100
    return f"{scale * float(line['value']):.{1 if scale > 1 else 3}f}"


@cache
def find_family(variant: str) -> str:
    """Find the family of an option of encode= by the class that it makes."""
    target = yaml.safe_load(list_options("encode")[variant].read_text(encoding="utf-8"))["_target_"]
    return next(name for base, name in FAMILIES.items() if issubclass(get_object(target), get_object(base)))
