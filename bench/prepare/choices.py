"""Section 4.4: what the user chose, and which images and masks of a list are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UserError
from bench.prepare.plan import Item
from bench.prepare.tree import Tree


@dataclass(frozen=True)
class Choices:
    """The options of `zgs prepare` that say what to take; None: to be found out."""

    name: str
    split: str = "val"
    voc: Path | None = None
    order: str | None = None
    first: int | None = None
    masks: Path | None = None
    id_list: Path | None = None
    partial: bool = False
    objects: bool = False


def list_items(
    ids: Sequence[str], images: Mapping[str, Path], masks: Mapping[str, Path], choices: Choices, tree: Tree
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """List the images that can be prepared, and the ids that cannot. Raises `UserError` for these unless partial."""
    items = tuple(Item(i, images[i], masks[i]) for i in ids if i in images and i in masks)
    missing = tuple(i for i in ids if i not in images or i not in masks)
    for what, files in (("image", images), ("mask", masks)):
        absent = [i for i in ids if i not in files]
        if absent and not (choices.partial and items):
            raise UserError(
                f"{tree.option} {tree.root}: {len(absent):,} of {len(ids):,} ids of {choices.split} have no {what} "
                f"(the first: {absent[0]}); unpack the archive again and wholly, or add --partial to prepare what is "
                f"there{tree.unpack_hint()}"
            )
    return items, missing
