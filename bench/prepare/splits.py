"""Section 4.4: split lists of the publisher's: found, read, and checked against the published sizes and by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.data.publisher import Split
from bench.data.publishers import PUBLISHERS, find_extra_id, sum_ids
from bench.errors import UserError
from bench.prepare.tree import Tree

WARNING = "WARNING"
"""How a remark begins that also goes to the error stream."""


def split_of(name: str, split: str) -> Split:
    """Find what is known of a split. Raises `UserError` for one the data set does not have."""
    splits = PUBLISHERS[name].splits
    if split not in splits:
        raise UserError(f"--split {split}: {name} has {', '.join(splits)}")
    return splits[split]


def read_ids(path: Path) -> tuple[str, ...]:
    """Read the ids of a list, one a line (the first word of it), sorted as text. Raises `UserError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it should hold one image id a line") from error
    ids = {line.split()[0] for line in lines if line.strip()}
    if not ids:
        raise UserError(f"{path}: holds no id; it should hold one image id a line")
    return tuple(sorted(ids))


def choose_list(lists: Sequence[Path], name: str, split: str) -> Path:
    """Choose the first list with a published size, else the first."""
    sizes = {split_of(name, split).published, split_of(name, split).converters}
    return next((path for path in lists if len(read_ids(path)) in sizes), lists[0])


def find_context_lists(tree: Tree, split: str) -> list[Path]:
    """Find the lists of a Context split; those come first that say most surely what they are."""
    below = [folder / file for folder, names in tree.folders.items() for file in names if file.endswith(".txt")]
    kinds = (
        lambda p: p.parts[-4:] == ("VOC2010", "ImageSets", "Main", f"{split}.txt"),
        lambda p: p.parts[-3:] == ("ImageSets", "SegmentationContext", f"{split}.txt"),
        lambda p: p.name == f"pascalcontext_{split}.txt",
        lambda p: p.name in (f"{split}_ids.txt", f"{split}.txt") and "ImageSets" not in p.parts,
        lambda p: p.parts[-3:] == ("ImageSets", "Main", f"{split}.txt"),
    )
    return list(dict.fromkeys(path for kind in kinds for path in below if kind(path)))


def check_count(ids: Sequence[str], path: Path, name: str, split: str, partial: bool) -> tuple[str, ...]:
    """Check a list's size and remark on it. Raises `UserError` for one nobody published unless ``partial``."""
    facts, n = split_of(name, split), len(ids)
    known, warnings = _check_by_id(ids, path, facts)
    if n == facts.published:
        return (f"{n:,} ids, as published{known}", *warnings)
    if n == facts.converters:
        remark = f"{n:,} ids, {facts.published - n} fewer than the published {facts.published:,}"
        return (f"{remark}: the list of the common converters; say so beside numbers{known}", *warnings)
    listed = not path.is_dir()
    other = " (VOC 2012's or another year's list?)" if listed and n > facts.published // 2 else ""
    remedy = "give the publisher's list with --list" if listed else "unpack the archive again and wholly"
    if not partial:
        raise UserError(
            f"{path}: {n:,} {'ids' if listed else 'images'}, but {name} {split} has {_describe_sizes(facts)}{other}; "
            f"{remedy}, or add --partial to prepare what is there"
        )
    return (f"{n:,} ids where {facts.published:,} are published{other}: a part of the split",)


def warn_if_told(order: str, how: str) -> str:
    """Remark on how the numbers' meaning was told, as a warning where only the user told it."""
    remark = f"label order: {order}; {how}"
    if not how.startswith("as told by"):
        return remark
    return f"{WARNING}: {remark}; a wrong order gives near-zero scores and no other sign: look at the contact sheet"


def _describe_sizes(facts: Split) -> str:
    return f"{facts.published:,}" + (f" ({facts.converters:,} through converters)" if facts.converters else "")


def _check_by_id(ids: Sequence[str], path: Path, facts: Split) -> tuple[str, tuple[str, ...]]:
    """Check what the ids say, to end the remark on their number; with a warning of its own where they are wrong."""
    if facts.known is None:
        return "; only the count could be checked", ()
    size, known = facts.known
    extra = None if len(ids) == size else find_extra_id(ids, known)
    if sum_ids(ids) == known:
        return "; the same ids as in the list known here", ()
    if extra:
        return f"; the list known here and {extra}", ()
    what = "other ids than" if len(ids) == size else "not one id more than"
    return "", (f"{WARNING}: {path} has {what} the list known here: another split's or year's? look before you use it",)
