"""Section 5 and table 1, "the first 1,000" and "1,000 random" images: a subset is an explicit list of ids.

Forms: ``all``; ``first:k``, the first k ids sorted as text; ``random:k:seed``; ``file:PATH``, ids one a line.
A shard, ``k/n``, is every n-th id of a subset: n machines work on one shard each and share a store.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from bench.data.base import suggest_nearest
from bench.data.files import compose
from bench.errors import UsageError, UserError

FORMS = "all, first:k, random:k:seed or file:PATH"


def select(spec: str | None, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Select the ids that ``spec`` names, sorted as text. None means ``all``.

    Raises `UsageError` for a form that is none of the four, `UserError` for more ids than there are and for
    unknown ids in a file.
    """
    ordered = tuple(sorted(ids))
    kind, _, rest = ((spec or "").strip() or "all").partition(":")
    if kind == "all" and not rest:
        return ordered
    if kind == "first":
        return ordered[: _count(spec, rest, len(ordered))]
    if kind == "random":
        count, _, seed = rest.partition(":")
        if not seed:
            raise UsageError(f"subset {spec!r}: a random subset needs a seed, e.g. random:100:0")
        size = _count(spec, count, len(ordered))
        return tuple(sorted(sorted(ordered, key=lambda image_id: _draw(seed, image_id))[:size]))
    if kind == "file" and rest:
        return _read_from_file(Path(rest).expanduser(), ordered)
    raise UsageError(
        f"subset {spec!r} is not a subset{suggest_nearest(kind, ('all', 'first', 'random', 'file'))}; use {FORMS}"
    )


def take_shard(spec: str | None, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Take, of ids sorted as text, those of shard k of n (``k/n``, k from 1); None means all.

    Raises `UsageError` for anything else, `UserError` where the shard would be empty.
    """
    if not spec:
        return ids
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", spec, re.ASCII)
    if not match or int(match[1]) > int(match[2]):
        raise UsageError(f"data.shard={spec}: needs k/n with k from 1 to n, e.g. data.shard=1/4")
    if int(match[1]) > len(ids):
        raise UserError(f"data.shard={spec}: there are only {len(ids)} images; use fewer shards")
    return ids[int(match[1]) - 1 :: int(match[2])]


def choose_ids(subset: str | None, part: str | None, ids: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Choose the ids of a shard of a subset, and both as they stand in a metric's name; see `select`, `take_shard`,
    `write_label`."""
    whole = select(subset, ids)
    words = [word for word in (write_label(subset, whole), f"shard:{part}" if part else None) if word]
    return take_shard(part, whole), ",".join(words) or None


def describe_partial(part: str | None, usable: tuple[str, ...], published: int) -> str | None:
    """Describe ``part`` of a split, as ``8of1449@1b2c3d4e`` where fewer images are here than were published.

    The hash of the ids says which they are: two such parts are not the same data.
    """
    lacking = f"{len(usable)}of{published}@{_hash(tuple(sorted(usable)))}" if len(usable) < published else None
    return ",".join(filter(None, (lacking, part))) or None


def write_label(spec: str | None, ids: tuple[str, ...]) -> str | None:
    """Write ``spec`` as it stands in a metric's name; None for all.

    A file goes by its name and a hash of its ids: a folder says nothing, and the ids of a file may change.
    """
    text = (spec or "all").strip() or "all"
    if not text.startswith("file:"):
        return None if text == "all" else text
    stem = re.sub(r"[^\w.+-]", "_", Path(text[len("file:") :]).stem)
    return f"file:{stem}@{_hash(ids)}"


def _hash(ids: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(ids).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _count(spec: str | None, text: str, available: int) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UsageError(f"subset {spec!r}: {text!r} is not a number of images above 0; use {FORMS}")
    if int(text) > available:
        # Silently taking fewer would put a wrong subset into the name of every number.
        raise UserError(f"subset {spec!r} asks for {text} images but there are {available}; use data.subset=all")
    return int(text)


def _draw(seed: str, image_id: str) -> bytes:
    # A hash for each id, not a generator's state: the same ids come whatever the library version and the order.
    return hashlib.sha256(f"{seed}:{image_id}".encode("utf-8", "surrogateescape")).digest()


def read_ids(path: Path, what: str = "subset file") -> tuple[str, ...]:
    """Read the ids of a file, one a line, in its order and composed; empty lines and those with # are left out.

    Raises `UserError` where the file cannot be read or holds no id.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{what} {path}: cannot be read ({error}); it should hold one id a line") from error
    ids = tuple(compose(line.strip()) for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not ids:
        raise UserError(f"{what} {path}: holds no id; write one id a line")
    return ids


def _read_from_file(path: Path, ids: tuple[str, ...]) -> tuple[str, ...]:
    listed = read_ids(path)
    known = set(ids)
    for image_id in listed:
        if image_id not in known:
            raise UserError(f"subset file {path}: unknown id {image_id!r}{suggest_nearest(image_id, ids)}")
    return tuple(sorted(set(listed)))
