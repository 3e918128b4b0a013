"""What is planned of a small folder, and what is refused of it, for the tests of all sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bench.data.class_tables import load_class_table
from bench.data.publishers import PUBLISHERS
from bench.errors import BadSample, UserError
from bench.prepare.choices import Choices
from bench.prepare.plan import Plan
from bench.prepare.tree import open_tree
from tests.unit.prepare import scenes

PANOPTIC = [{"id": row.id, "name": row.name, "isthing": int(row.thing)} for row in load_class_table("coco133").rows]
WRITE: dict[str, Callable[[Path], object]] = {
    "ade20k": scenes.ade20k,
    "cityscapes": scenes.cityscapes,
    "cocostuff": lambda root: (scenes.cocostuff(root), None),
    "cocostuff_182": lambda root: (scenes.cocostuff(root), None),
    "coco_panoptic": lambda root: scenes.coco_panoptic(root, PANOPTIC),
}


def plan(name: str, root: Path, **options: object) -> Plan:
    choices = Choices(name, **{"partial": True} | options)  # type: ignore[arg-type]
    planned: Plan = import_module(f"bench.prepare.{PUBLISHERS[name].source}").plan(open_tree(root), choices)
    return planned


def refused(name: str, root: Path, **options: object) -> str:
    with pytest.raises(UserError) as told:
        plan(name, root, **options)
    assert "\n" not in str(told.value)
    return str(told.value)


def first_fault(name: str, root: Path) -> str:
    made = plan(name, root)
    with pytest.raises(BadSample) as told:
        for item in made.items:
            made.reader.read_item(item)
    return str(told.value)


def group(objects: np.ndarray, classes: np.ndarray) -> set[tuple[int, frozenset[int]]]:
    """Objects as sets of pixels, whatever their numbers."""
    pairs = np.unique(np.stack([classes, objects], axis=-1).reshape(-1, 2), axis=0)
    return {
        (int(c), frozenset(np.flatnonzero((classes == c) & (objects == o)).tolist()))
        for c, o in pairs.tolist()
        if o > 0
    }


def change(path: Path, edit: Callable[[dict], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
