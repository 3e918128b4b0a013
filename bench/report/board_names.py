"""What the board calls its runs: without the part of their names that tells nothing; no part of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

JOINT = "-"
"""Between the parts of a variant's name (`bench.settings.naming`); settings follow after a blank."""


def drop_shared(names: Mapping[Path, str]) -> dict[Path, str]:
    """Drop the last parts that all names have in common, which say the same of each and take the room of the rest.

    The first part of each name stays, and so does what follows after a blank.
    """
    heads = [name.partition(" ")[0].split(JOINT) for name in names.values()]
    fewest, shared = min((len(parts) for parts in heads), default=1) - 1, 0
    while shared < fewest and len({parts[-shared - 1] for parts in heads}) == 1:
        shared += 1
    if not shared:
        return dict(names)
    return {
        folder: "".join([JOINT.join(parts[:-shared]), *name.partition(" ")[1:]])
        for (folder, name), parts in zip(names.items(), heads, strict=True)
    }


def describe_shared(whole: Mapping[Path, str], names: Mapping[Path, str]) -> Iterator[str]:
    """Describe what `drop_shared` has left out; nothing where that is nothing."""
    folder = next(iter(whole))
    full, brief = (each[folder].partition(" ")[0] for each in (whole, names))
    if full != brief:
        yield f"All names end in {full[len(brief) :]}, which is left out here; board.csv has them whole."
