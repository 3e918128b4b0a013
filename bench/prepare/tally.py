"""Section 4.4: what is counted of a prepared set while its rows go by, and the classes it is counted for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_CLASS, NO_SCORE

NAMELESS = {NO_CLASS: "background", NO_SCORE: "void"}
"""Ids that are no class."""


def list_names(class_list: str) -> dict[int, str]:
    """List the data set's own names by id, background and void among them."""
    return NAMELESS | {row.id: row.name for row in load_class_table(class_list).rows}


def make_histogram(class_list: str, pixels: Mapping[int, int], images: Mapping[int, int]) -> dict[str, dict[str, int]]:
    """Count pixels and images of every class, also of those that never occur; background and void first."""
    names = list_names(class_list)
    return {names[i]: {"pixels": pixels.get(i, 0), "images": images.get(i, 0)} for i in names}


@dataclass
class Tally:
    """What is counted while rows go by: pixels and images of each id, the running hash, and what had to be left out."""

    pixels: Counter[int] = field(default_factory=Counter)
    images: Counter[int] = field(default_factory=Counter)
    total: Any = field(default_factory=hashlib.sha256)
    rows: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    objects: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, image_id: str, pixels: dict[int, int], digest: bytes, objects: int = 0) -> None:
        """Add one row more, in the order of the ids."""
        self.ids.append(image_id)
        self.objects += objects
        self.pixels.update(pixels)
        self.images.update(pixels.keys())
        self.total.update(digest)
        self.rows += 1
