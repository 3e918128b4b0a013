"""Appendix E, what was tuned on: images of a test set that a tuning set, or another data set, holds too.

Whoever tunes on one of two sets that share images has seen a part of the other. Known facts stand in a table; with
both prepared sets beside each other the ids themselves are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.base import Dataset
from bench.data.files import is_hidden
from bench.data.prepared import ABOUT, open_arrow, read_about
from bench.data.subsets import read_ids
from bench.errors import UserError
from bench.store.sealed import RECORD, check_intact

CONTEXT = ("pascal_context_59", "pascal_context_459", "pascal_part", "pascal_part_whole")
FAMILIES = (CONTEXT, ("cocostuff", "cocostuff_182", "coco_panoptic"), ("ade20k", "ade20k_full"),
            ("mapillary_v12", "mapillary_v20"))  # fmt: skip
"""Data sets of the same photographs under other labels: that they share images says nothing."""


@dataclass(frozen=True)
class Fact:
    """Two splits, each of any data set in a family, and how many images they share."""

    first: tuple[tuple[str, ...], str]
    second: tuple[tuple[str, ...], str]
    images: int


# Counted over the id lists of VOC 2012 (1,449 and 1,464) and of Context val as its converters have it (5,104 of 5,105).
FACTS = (
    Fact((CONTEXT, "val"), (("voc",), "val"), 925),
    Fact((CONTEXT, "val"), (("voc",), "train"), 0),
)


def list_facts(name: str, split: str, but: Iterable[str] = ()) -> list[str]:
    """List what is known of a split, a line each; without what it shares with ``but`` (as ``voc:val``)."""
    lines, known = [], set(but)
    for fact in FACTS:
        for (names, its_split), (others, other) in ((fact.first, fact.second), (fact.second, fact.first)):
            if name in names and split == its_split and fact.images and not known & {f"{o}:{other}" for o in others}:
                lines.append(f"{name}:{split} shares {fact.images} images with {others[0]}:{other}: {_WHY}")
    return lines


_WHY = "what was tuned on one has seen these of the other"


def count_neighbours(root: Path, name: str, split: str, ids: Iterable[str]) -> dict[str, int]:
    """Count how many ids each prepared set beside ``root`` holds too, by ``name:split``; the same images aside.

    Label sets of the same images (`FAMILIES`) share all of them, which says nothing.
    """
    known, shared = set(ids), {}
    for path in sorted(root.resolve().parent.glob(f"*/{ABOUT}")):
        if is_hidden(path.parent.name):
            continue
        try:
            about = read_about(path.parent)
            if about["split"] == split and _are_kin(about["name"], name):
                continue
            others = open_arrow(path.parent, about["images"])["image_id"]
        except UserError:
            continue  # a neighbour that is not whole is the business of whoever reads it
        shared[f"{about['name']}:{about['split']}"] = len(known.intersection(others))
    return shared


def _are_kin(one: str, other: str) -> bool:
    return one == other or any({one, other} <= set(family) for family in FAMILIES)


def list_shared_remarks(dataset: Dataset, root: str | Path | None) -> list[str]:
    """Write one line for each set that is known or found to share images with this one."""
    ids = dataset.list_ids()
    counted = count_neighbours(Path(root).expanduser(), dataset.name, dataset.split, ids) if root else {}
    lines = [
        f"{count} of these {len(ids)} images of {dataset.name}:{dataset.split} are in {other} too: {_WHY}"
        for other, count in counted.items()
        if count
    ]
    return lines + list_facts(dataset.name, dataset.split, counted)


def find_tuned(source: str | Path | None, ids: Iterable[str]) -> dict[str, Any] | None:
    """Find which ids were tuned on: ``source`` is a file of ids or the folder of a finished run. None without one.

    Raises `UserError` where the source cannot be read.
    """
    if not source:
        return None
    path = Path(source).expanduser()
    if path.is_dir():
        path = check_intact(path, "ids.txt") if (path / RECORD).exists() else path / "ids.txt"
    known = read_ids(path, "tuned_on:")
    return {"source": str(source), "ids": len(set(known)), "shared": sorted(set(known).intersection(ids))}
