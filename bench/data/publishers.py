"""Section 4.4: where people get each data set, on which terms, and the sizes its publisher states. No data is here.

An id set is known by a sum of hashes, so that a list is checked by id although no list travels with the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bench.data.published.ade20k import ADE20K
from bench.data.published.coco import COCO
from bench.data.published.pascal import PASCAL
from bench.data.published.streets import STREETS
from bench.data.publisher import Publisher

PUBLISHERS: dict[str, Publisher] = PASCAL | ADE20K | COCO | STREETS


def write_page(name: str) -> str:
    """Write where to get a data set and what to do then."""
    publisher = PUBLISHERS[name]
    sizes = ", ".join(f"{split} {s.published:,}" for split, s in publisher.splits.items())
    lines = [
        f"{name}: {publisher.title}",
        f"splits: {sizes} images",
        f"licence: {publisher.licence}",
        "",
        *publisher.where,
        "",
        *publisher.notes,
    ]
    return "\n".join([*lines, f"Then: zgs prepare {name} --from FOLDER"])


def write_overview() -> str:
    """Write all data sets, one a line."""
    width = max(map(len, PUBLISHERS))
    lines = [f"  {name:{width}}  {publisher.title}" for name, publisher in PUBLISHERS.items()]
    return "\n".join(
        [
            "Data sets that zgs prepare knows (nothing is downloaded; the publisher's files come from you):",
            *lines,
            "zgs prepare DATASET                 where to get it, its licence and sizes",
            "zgs prepare DATASET --from FOLDER   prepare it",
            "zgs prepare --check FOLDER          check a prepared set again",
        ]
    )


def sum_ids(ids: Iterable[str]) -> str:
    """Compute a set of ids' fingerprint, 16 hex digits: the sum of their hashes, so that one can be taken away."""
    return f"{sum(map(_hash_id, ids)) % _MODULUS:016x}"


def find_extra_id(ids: Iterable[str], known: str) -> str | None:
    """Find the one id without which the set has the fingerprint ``known``; None where there is no such id."""
    listed = list(ids)
    rest = (sum(map(_hash_id, listed)) - int(known, 16)) % _MODULUS
    return next((image_id for image_id in listed if _hash_id(image_id) == rest), None)


_MODULUS = 2**64


def _hash_id(image_id: str) -> int:
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8], "big")
