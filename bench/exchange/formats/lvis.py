"""LVIS's results: COCO's, whose images are named by ``coco_url`` and of which its own scores read 300 an image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.errors import UsageError
from bench.exchange.annotations import read_annotation_list
from bench.exchange.formats import coco_results
from bench.exchange.grouping import group_by_image
from bench.exchange.json_files import describe_first, starts_list
from bench.exchange.polygons import check_fill
from bench.exchange.records import ForeignImage, Kind, Source

LIMIT = 300
"""Results of an image that lvis 0.5.3 reads, the surest; of equal ones those that come first."""


def tell(path: Path) -> str | None:
    """Tell annotations by LVIS's own keys; its results look like COCO's, so that they have to be named."""
    first = describe_first(path)
    images = first.get("images") if first and not starts_list(path) else None
    own = isinstance(images, list) and images and isinstance(images[0], dict) and "neg_category_ids" in images[0]
    return "images with neg_category_ids" if own else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read results or annotations image by image, with ``limit=`` no more of an image than that, the surest."""
    check_fill(source.options["fill"])
    limit = source.options["limit"]
    if limit and not (limit.isdigit() and int(limit) > 0):
        raise UsageError(f"limit={limit}: needs a whole number above 0, as 300 of LVIS's own scores")
    if starts_list(source.path):
        groups = group_by_image(source.path, coco_results.CocoResult, source.notes)
    else:
        source, groups = read_annotation_list(source, coco_results.CocoResult)  # type: ignore[assignment]
    source.require_classes()
    for image_id, results in groups:
        kept = results
        if limit and len(results) > int(limit):
            order = sorted(results, key=lambda pair: -(pair[1].score or 0.0))[: int(limit)]
            kept = sorted(order, key=lambda pair: pair[0])
        source.notes.count(f"segments lie beyond limit={limit} of an image: left out", len(results) - len(kept))
        if not limit and len(results) > LIMIT:
            source.notes.count(
                f"images have more than {LIMIT} results, which LVIS's own scores leave out (limit={LIMIT})"
            )
        yield coco_results.make_image(source, image_id, kept)


KIND = Kind(
    "LVIS results (.json, with images=lvis_v1_val.json) or annotations",
    tell,
    read,
    options={"fill": "coco", "limit": ""},
)
