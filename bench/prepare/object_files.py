"""Section 4.4: objects that lie in files of their own beside the masks: joined, and what is said where some lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import UserError
from bench.prepare.choices import Choices
from bench.prepare.plan import Item
from bench.prepare.splits import WARNING


@dataclass(frozen=True)
class Joined:
    """The images of a plan with their files of objects; ``has_objects`` is False where there is none at all."""

    items: tuple[Item, ...]
    has_objects: bool
    remarks: tuple[str, ...] = ()


def join_objects(
    items: Sequence[Item], files: Mapping[str, Path], kind: str, unpack: str, choices: Choices
) -> Joined:  # fmt: skip
    """Join images and their files of objects, which are of a ``kind`` and come out of the archive ``unpack``.

    Without any the set has no objects, which is said. Where only some lack, that is half an archive: raises `UserError`
    unless ``--partial`` was given; then the things of these images are objects that nobody told apart.
    """
    lacking = [item.image_id for item in items if item.image_id not in files]
    if len(lacking) == len(items):
        cost = "so PQ counts all pixels of a thing in an image as one"
        return Joined(tuple(items), False, (f"no objects: {kind} is not there, {cost}; unpack {unpack}",))
    joined = tuple(replace(item, objects=files.get(item.image_id)) for item in items)
    if not lacking:
        return Joined(joined, True)
    fault = f"{len(lacking):,} of {len(items):,} images have no file in {kind} (the first: {lacking[0]})"
    if not choices.partial:
        raise UserError(
            f"{fault}; unpack {unpack} again and wholly, move {kind} away to prepare without objects, or add --partial"
        )
    return Joined(joined, True, (f"{WARNING}: {fault}: their things count as objects that nobody told apart",))
