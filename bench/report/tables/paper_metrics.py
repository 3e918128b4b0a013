"""The metrics of tables 1 to 4: what a figure shows of many runs, in the order of its panels."""

from __future__ import annotations

from collections.abc import Sequence

from bench.metric_name import MetricName, parse

PANELS = (
    ("IoU, text to text (TT)", "iou", "tt"),
    ("IoU, segment to text (ST)", "iou", "st"),
    ("recall, TT", "recall", "tt"),
    ("recall, ST", "recall", "st"),
    ("TGQ of true segments, TT", "tgq", "tt"),
    ("top-1 of true segments, ST", "top1", "st"),
)
"""Title, kind of metric and mapping: the metrics of tables 1 to 4, and what the embeddings alone are worth."""


def select_paper_metrics(metrics: Sequence[str]) -> dict[str, str]:
    """Select for each title of `PANELS` the first metric of that kind; titles without any are left out."""
    found: dict[str, str] = {}
    for title, kind, mapping in PANELS:
        of_kind = [m for m in metrics if _find_kind(name := parse(m)) == kind and name.mapping == mapping]
        found |= {title: of_kind[0]} if of_kind else {}
    return found


def select_iou_metrics(metrics: Sequence[str]) -> list[str]:
    """Select those of `select_paper_metrics` whose kind is IoU: under TT, then under ST."""
    chosen = select_paper_metrics(metrics)
    return [chosen[title] for title, kind, _ in PANELS if kind == "iou" and title in chosen]


def _find_kind(name: MetricName) -> str:
    family, *rest = name.metric.split(".")
    return "top1" if "top1" in rest else "cosine" if "cosine" in rest else family
