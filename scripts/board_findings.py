"""What the boards say, in sentences made from their tables, whichever way they go; scripts/board.py writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import yaml
from board_grids import BOUND, KNOBS, OUTSIDE, explain_end, find_bounds, find_place
from board_lines import describe_tuned_on, list_alike, select_iou, write_value
from board_looks import describe_look
from hydra.utils import get_object

from bench.csv_files import read_csv
from bench.metric_name import parse
from bench.report.tables.cells import write_title
from bench.score.ranks import find_copies
from bench.settings.compose import list_options

METHOD = "global_subtraction"
CAVEATS = """Start layer and one knob of each variant were chosen on the tune split alone ([tuning.csv](tuning.csv)).
Where a line says that variants cannot be told apart, their paired difference over the images is within chance at 5 %
after Holm's adjustment for all pairs of that metric. That does not say that they are equal. A rank's 95 % interval is
that of a bootstrap over images; it is of one variant alone, with no adjustment, so it may say 1 to 1 where pairs cannot
be told apart. A = B are metrics with the same numbers for every variant.
Cosines with class names (ST) lie at other heights for other variants: their order does not say who names more right.
These are the embedded models: nothing of CLIP itself follows.
"""
FAMILIES = {
    "bench.encode.masking.MaskedEncoder": "masks in attention",
    "bench.encode.dense.DenseEncoder": "patches of the last layers, averaged",
    "bench.encode.painted.PaintedEncoder": "painted pictures",
}


def write_findings(boards: Mapping[str, Path], tuning: Path, to: Path) -> None:
    """Write a section a board: each metric, the best of each family, groups, agreement and cost."""
    text = f"# What the boards say\n\n{compare_boards(boards)}\n{CAVEATS}\n{describe_tuning(read_csv(tuning))}\n"
    for heading, folder in boards.items():
        table = read_csv(folder / "board.csv")
        agreement = read_csv(folder / "agreement.csv") if (folder / "agreement.csv").is_file() else None
        parts = [
            describe_look(table),
            describe_tuned_on(folder.name),
            *describe_metrics(table),
            *describe_families(table),
        ]
        parts += [*describe_groups(table), *describe_cost(table)]
        parts += [] if agreement is None else [describe_agreement(agreement, list_copies(table))]
        text += f"\n## {heading}\n\n" + "".join(f"- {part}\n" for part in parts)
    to.write_text(text, encoding="utf-8")


def compare_boards(boards: Mapping[str, Path]) -> str:
    """Compare the boards by IoU with texts in a table of Markdown: who leads each, and where the method stands."""
    lines = [f"| IoU with texts (TT) | n | leads | not told from it | {METHOD} |", "|---|---:|---|---|---|"]
    for heading, folder in boards.items():
        part = select_iou(read_csv(folder / "board.csv"), mapping="tt")
        best, own = part.iloc[0], part[part["variant"] == METHOD].iloc[0]
        alike = ", ".join(list_alike(part)) or "none: all others differ"
        ends = f"[{100 * own['low']:.1f}, {100 * own['high']:.1f}]"
        place = (
            f"{write_value(own)} {ends}, rank {own['rank']} ({own['rank_low']} to {own['rank_high']}) of {len(part)}"
        )
        lines.append(f"| {heading} | {best['n']} | {best['variant']} {write_value(best)} | {alike} | {place} |")
    return "\n".join(lines) + "\n"


def describe_tuning(table: pd.DataFrame) -> str:
    """Describe which published values stood, and which gave way to what, by how much of the mean of the metrics."""
    kept, moved = [], []
    for line in table.to_dict("records"):
        told = f"{line['variant']} {line['key'].removeprefix('encode.')}={line['published']}"
        if line["chosen"] == line["published"]:
            kept.append(told)
        else:
            gain = 100 * (float(line["mean_chosen"]) - float(line["mean_published"]))
            moved.append(f"{told} to {float(line['chosen']):g} (+{gain:.1f}, n={line['images']})")
    said = f"Values of the options that stood: {', '.join(kept) or 'none'}. That moved: {', '.join(moved) or 'none'}.\n"
    return describe_rule(table) + said + describe_bounds(table) + describe_images(table)


def describe_rule(table: pd.DataFrame) -> str:
    """Describe by what values were chosen; empty where the table does not say by which metrics."""
    metrics = {str(names) for names in table.get("metrics", ())}
    told = " / ".join(", ".join(names.split()) for names in sorted(metrics))
    return told and (
        f"The value of the option, the published one where there is one, stands unless the best by the mean of {told} "
        "(by embedding) is better in one of them by its paired 95 % interval; what it gains, in points of that mean, "
        "is measured on the images that chose it, so it is no estimate of the gain elsewhere.\n"
    )


def describe_bounds(table: pd.DataFrame) -> str:
    """Describe which best values stand at an end of their range, or by an earlier rule outside; empty where none."""
    told: dict[str, list[str]] = {BOUND: [], OUTSIDE: []}
    for line in table.to_dict("records"):
        variant, key, value = str(line["variant"]), str(line["key"]).removeprefix("encode."), float(line["best"])
        if (place := find_place(str(value), find_known_bounds(variant, key))) in told:
            meaning = explain_end(variant, key, value) or "the tower has no other"
            told[place].append(f"{variant} {key}={value:g} ({meaning})")
    heads = {
        BOUND: "Best values at the end of their range, beyond which the variant would be another one or the same",
        OUTSIDE: "Tuned by an earlier rule to a value at which the variant is another one, "
        "so that its line says nothing of the method (`python scripts/board.py tune` chooses anew)",
    }
    return "".join(f"{heads[place]}: {'; '.join(lines)}.\n" for place, lines in told.items() if lines)


def find_known_bounds(variant: str, key: str) -> tuple[float, float]:
    """Find the range of a knob of the board; none has an end where the board has no such knob."""
    known = (knob for knob in KNOBS.get(variant, ()) if knob[0] == key)
    return next((find_bounds(variant, knob) for knob in known), (float("-inf"), float("inf")))


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
        height = " No order of quality: see above." if is_height(str(metric)) else ""
        yield (
            f"{titles} (n={best['n']}, {best['images']} images): {best['variant']} leads with "
            f"{write_value(best)}; {describe_alike(part)}. {METHOD}: {write_value(own)}, {place}.{height}"
        )


def is_height(metric: str) -> bool:
    """Whether a metric is a cosine with class names, which lie at other heights for other variants."""
    return parse(metric).mapping == "st" and ".cosine" in metric


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
        f"{group} {describe_leader(part)}"
        for group, part in select_iou(table, grouped=True).groupby("group", sort=False)
        if part["n"].iloc[0] > 0
    ]
    if told:
        yield f"Leaders by IoU with embeddings, group by group: {'; '.join(told)}."


def describe_leader(part: pd.DataFrame) -> str:
    """Describe the first line of a group, and how many are not told from it; none leads where all have one value."""
    n = f"n={part['n'].iloc[0]} images"
    if part["value"].nunique() == 1:
        return f"none, all {write_value(part.iloc[0])} ({n})"
    alike = f"{len(list_alike(part))} of {len(part) - 1} not told from it"
    return f"{part['variant'].iloc[0]} {write_value(part.iloc[0])} ({n}, {alike})"


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
    where = "an image with 20 segments, a trunk stored where there is one"
    yield f"Processor time of {where}, ranked by IoU with embeddings: {told}."


def list_copies(table: pd.DataFrame) -> set[str]:
    """List the metrics that have the numbers of another one for every variant."""
    return set(find_copies(table[table["group"] == ""]))


def describe_agreement(table: pd.DataFrame, copies: Collection[str] = ()) -> str:
    """Describe the pair of metrics that agrees least, and how many pairs rank all variants alike.

    ``copies`` have the numbers of another metric, so that their pairs say nothing more.
    """
    table = table[~table["first"].isin(copies) & ~table["second"].isin(copies)]
    if table.empty:
        return "All metrics have the same numbers for every variant."
    least = table.sort_values("tau", kind="stable").iloc[0]
    names = [parse(str(least[key])) for key in ("first", "second")]
    pair = " and ".join(f"{name.metric} ({name.mapping.upper()})" for name in names)
    same = int((table["tau"] > 1 - 1e-9).sum())
    return (
        f"Metrics that agree least on the order: {pair}, Kendall's tau {least['tau']:.2f} "
        f"[{least['low']:.2f}, {least['high']:.2f}] (n={least['images']} images, {least['runs']} variants); "
        f"{same} of {len(table)} pairs of metrics with numbers of their own agree wholly."
    )


@cache
def find_family(variant: str) -> str:
    """Find the family of an option of encode= by the class that it makes."""
    target = yaml.safe_load(list_options("encode")[variant].read_text(encoding="utf-8"))["_target_"]
    return next(name for base, name in FAMILIES.items() if issubclass(get_object(target), get_object(base)))
