"""A small table over made-up runs: no model, no picture, milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.paper.cells import PaperTable, make_table
from bench.paper.definition import Item
from bench.paper.plan import Need, Plan, make_plan
from bench.paper.reading import read_definition
from bench.paper.sources import Sources
from tests.unit.report.fabricated import fabricate

YAML = """
title: Table A
kind: table
shows: crops beside the full method
caption: "Crops & 100 % of the method_x"
against: ours
runs:
  other: [encode=crop]
  third: [encode=masked]
  ours: [experiment=full]
columns:
  IoU: {metric: iou.image.union, mapping: st}
  TGQ: {metric: tgq.micro>0.5, mapping: tt}
sets:
  Toy: [data=toy]
"""
MODELS = {"name": "paper", "clip": {"source": "a"}}


def read_item(folder: Path, text: str = YAML, published: str = "") -> Item:
    folder.mkdir(parents=True, exist_ok=True)
    if published:
        (folder / "numbers.csv").write_text(published)
        text += "published: numbers.csv\n"
    (folder / "a.yaml").write_text(text)
    return read_definition(folder / "a.yaml")


def plan_rows(item: Item, models: Mapping[str, Any] = MODELS, typed: Sequence[str] = ("data=toy",)) -> Plan:
    """A plan whose runs are keyed by the words of their row."""
    return make_plan([item], list(typed), lambda words: Need(words, {"models": models}, words[-1]))


def make(
    tmp: Path, text: str = YAML, published: str = "", models: Mapping[str, Any] = MODELS, **more: Any
) -> PaperTable:  # fmt: skip
    """The table over one made-up run a row; ``more`` are fields of `Sources`."""
    item = read_item(tmp / "yaml", text, published)
    plan = plan_rows(item, models)
    folders = fabricate(tmp / "runs", list(plan.distinct))
    sources = {"folders": dict(zip(plan.distinct, folders, strict=True)), "verified": {}, "reasons": {}}
    return make_table(item, plan, Sources(**{**sources, "paper_models": MODELS, **more}))
