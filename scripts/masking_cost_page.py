"""What `scripts/masking_cost.py` has measured, in sentences and as a page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.text.escape import join_cells

GOAL = 1.6
"""All attention maskings of an image may cost so many times the dearest one alone."""


def compare_together(table: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Compare all attention maskings together with the dearest alone, from the image on.

    Returns ms and gflop of all one by one with the trunks stored, of all together, and of the dearest.
    """
    spent = {kind: table[table["kind"] == kind][["ms", "gflop"]].sum() for kind in set(table["kind"])}
    return spent["trunk"] + spent["attention"], spent["together"], spent["dearest"]


def describe_together(table: pd.DataFrame) -> str:
    """Describe in a sentence how often the dearest attention masking goes into all of them, and in operations."""
    one_by_one, together, dearest = compare_together(table)
    count, ratio, work = int((table["kind"] == "attention").sum()), *(together / dearest)
    return (
        f"{count} attention maskings of one image together: {together['ms']:.0f} ms of one processor over plain "
        f"layers that all share ({one_by_one['ms']:.0f} ms one by one, trunks stored), the dearest of them alone "
        f"{dearest['ms']:.0f} ms: {ratio:.2f} times as much, and {work:.2f} times the operations. The goal of "
        f"{GOAL} is {'met' if ratio <= GOAL else 'missed'}."
    )


def describe_parts(table: pd.DataFrame) -> str:
    """Describe in a sentence where the time of all together goes, the most first; empty where none was measured."""
    parts = table[table["kind"] == "part"].sort_values("ms", ascending=False)
    told = ", ".join(f"{name} {ms:.1f}" for name, ms in zip(parts["variant"], parts["ms"], strict=True))
    return f"Of them, in ms, each after those that start before it: {told}." if told else ""


def describe_rest(table: pd.DataFrame) -> str:
    """Describe where the goal is missed what the rest is: the work beyond the dearest masking's, and how slow it is.

    ms and operations of all together less those of the dearest alone, with the rates of both in GFLOP a second. Empty
    where the goal is met.
    """
    _, together, dearest = compare_together(table)
    rest = together - dearest
    if together["ms"] <= GOAL * dearest["ms"] or not (rest > 0).all():
        return ""
    slow, fast = (1000 * part["gflop"] / part["ms"] for part in (rest, dearest))
    at_its_rate = together["gflop"] / dearest["gflop"]
    cause = (
        f"at the dearest's rate they would take {1000 * rest['gflop'] / fast:.0f} ms, {at_its_rate:.2f} times in all: "
        + ("the time is lost in small products and what is none, not in work done twice" if at_its_rate <= GOAL
           else "even so the work alone is beyond the goal")
    )  # fmt: skip
    return (
        f"Beyond the goal are {together['ms'] - GOAL * dearest['ms']:.0f} ms. The rest beside the dearest is "
        f"{rest['ms']:.0f} ms and {rest['gflop']:.2f} GFLOP, {slow:.0f} GFLOP a second where the dearest reaches "
        f"{fast:.0f}; {cause}.{_describe_slow(table, fast)}"
    )


def _describe_slow(table: pd.DataFrame, fast: float) -> str:
    """Describe the parts that lose most against a rate in GFLOP a second: ms beyond what their operations take."""
    parts = table[(table["kind"] == "part") & table["gflop"].notna()]
    lost = (parts["ms"] - 1000 * parts["gflop"] / fast).set_axis(parts["variant"]).nlargest(4)
    told = ", ".join(f"{name} {ms:.1f}" for name, ms in lost.items() if ms > 0)
    return f" Lost so, in ms, most of all: {told}." if told else ""


def write_page(table: pd.DataFrame, what: str, together: str) -> str:
    """Write the table as a page; ``what`` says which models were measured, on how many segments."""
    heads = {"variant": "variant", "kind": "kind", "ms": "ms an image", "gflop": "GFLOP", "share": "share of a product"}
    lines = [join_cells(heads.values()), "|---|---|---:|---:|---:|"]
    for row in table[table["kind"] != "part"].to_dict("records"):
        share = "" if np.isnan(row["share"]) else f"{100 * row['share']:.0f} %"
        gflop = "" if np.isnan(row["gflop"]) else f"{row['gflop']:.2f}"
        lines.append(join_cells([row["variant"], row["kind"], f"{row['ms']:.1f}", gflop, share]))
    told = (
        "Share: of the rate that one float32 product of 1024 x 1024 matrices reaches on the same thread, by torch's "
        "library or by oneDNN, whichever is faster. It is low where each segment takes products of a few rows of its "
        "own: the smaller the model, the more of a layer is something else. A segment's products stay its own, so that "
        "an embedding is the same whatever its neighbours."
    )
    shared = (
        "Together the maskings share the plain layers (queries, keys, values, attention and the whole image's "
        "embedding, each computed once whoever asks first), and those that differ in what they read of the last layer "
        "alone (masked, projected_subtraction) the masked layers too, to the same bits as alone."
    )
    rest = [told for told in (describe_rest(table),) if told] if together else []
    return "\n\n".join([f"# What maskings cost\n\n{what}", together, shared, *rest, "\n".join(lines), told]) + "\n"
