"""COCO's results: a list of segments with category, run lengths or polygons and score, instances or stuff alike.

A file of annotations (images, annotations, categories) is read in the same way; it brings its own names and sizes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from jaxtyping import Int32

from bench.data.images import MAX_PIXELS
from bench.errors import writing
from bench.exchange.annotations import count_other_size, describe_image, list_categories, read_annotation_list
from bench.exchange.grouping import group_by_image
from bench.exchange.image_names import Id
from bench.exchange.json_files import describe_first, starts_list
from bench.exchange.polygons import check_fill, describe_polygons, fill_polygons
from bench.exchange.records import ForeignImage, Kind, Segment, Source, Target
from bench.exchange.runs import Size, compress, read_many_runs, read_plain_runs

_NO_MASK = "has no 'segmentation' (a file of boxes?); write the results of iouType segm"
CROWD = "segments are marked as crowd"


class Runs(msgspec.Struct):
    """Run lengths, compressed or plain, of a mask of ``size`` (height, width)."""

    size: list[int]
    counts: str | list[int]


class CocoResult(msgspec.Struct):
    """One result; boxes, areas and keys of other tools are not read."""

    image_id: Id
    category_id: int
    segmentation: Runs | list[list[float]] | None = None
    score: float | None = None
    iscrowd: int = 0


def tell(path: Path) -> str | None:
    """Tell by the first object of a list, or by the keys of annotations."""
    first = describe_first(path)
    if first is None:
        return None
    if starts_list(path):
        needed = {"image_id", "category_id"} <= first.keys()
        return "a list of results with image_id and category_id" if needed else None
    segments, images = first.get("annotations"), first.get("images")
    is_annotation = (
        isinstance(segments, list)
        and bool(segments)
        and isinstance(segments[0], dict)
        and "segmentation" in segments[0]
    )
    if isinstance(images, list) and images and isinstance(images[0], dict) and "neg_category_ids" in images[0]:
        return None  # LVIS's
    return "annotations with segmentation" if is_annotation else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read a file image by image; images of the list ``images=`` without a result come last, empty."""
    check_fill(source.options["fill"])
    groups: Iterable[tuple[Id, list[tuple[int, CocoResult]]]]
    if starts_list(source.path):
        groups = group_by_image(source.path, CocoResult, source.notes)
    else:
        source, groups = read_annotation_list(source, CocoResult)
    source.require_classes()
    seen = set()
    for image_id, results in groups:
        seen.add(image_id)
        yield make_image(source, image_id, results)
    for image_id, size in source.names.sizes.items():
        if image_id not in seen:
            source.notes.count("images have no result: written as empty predictions")
            yield ForeignImage(source.names.find_name(image_id), size, ())


def make_image(
    source: Source, image_id: Id, results: Sequence[tuple[int, CocoResult]], name: str | None = None
) -> ForeignImage:
    """Make the image ``name`` (else as its id is called) of its results, with every fault by image and result."""
    stray = source.names.describe_stray(image_id) if name is None else None
    name = source.names.find_name(image_id) if name is None else name
    if stray:
        return ForeignImage(name, (1, 1), (), (f"{source.path}: image {image_id!r} {stray}",))
    faults: list[str] = []
    size = _find_size(source, image_id, results)
    kept = [pair for pair in results if not _is_left_out(source, pair[1], name)]
    if size is None or min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        said = _describe_size(size, kept[0][1] if kept else None)
        return ForeignImage(name, (1, 1), (), (f"{source.path}: image {image_id!r}: {said}",))
    count_other_size(source, image_id, size, name)
    where = [f"{source.path}: image {image_id!r}, segment {at}" for at, _ in kept]
    counts = _read_masks(source, [result for _, result in kept], size, where, faults)
    segments = []
    for place, (_, result), (text, runs) in zip(where, kept, counts, strict=True):
        if result.category_id not in source.classes.texts:
            faults.append(f"{place}: {source.classes.describe_unknown(result.category_id)}")
            continue
        segments.append(Segment(source.classes.texts[result.category_id], text, result.score, runs))
    return ForeignImage(name, size, tuple(segments), tuple(faults))


def _describe_size(size: Size | None, first: CocoResult | None) -> str:
    """Describe what is wrong with the size of an image's masks."""
    if size is not None:
        return f"masks of size {list(size)!r:.60} are no picture's"
    if first is not None and first.segmentation is None:
        return _NO_MASK
    return "its segments state no size; name the list of images with their sizes: images=FILE"


def _is_left_out(source: Source, result: CocoResult, name: str) -> bool:
    """Whether a result marked as crowd is left out; pycocotools takes it for any other, for a result has no crowd."""
    if not result.iscrowd:
        return False
    dropped = source.options.get("crowd") == "drop"
    source.notes.count(
        CROWD + (": left out" if dropped else ": read as any other (crowd=drop leaves them out)"), 1, name
    )
    return dropped


def _find_size(source: Source, image_id: Id, results: Sequence[tuple[int, CocoResult]]) -> Size | None:
    """Find the size of the masks: as run lengths say, else as the list of images says."""
    for _, result in results:
        if isinstance(result.segmentation, Runs) and len(result.segmentation.size) == 2:
            return result.segmentation.size[0], result.segmentation.size[1]
    return source.names.sizes.get(image_id)


def _read_masks(
    source: Source, results: list[CocoResult], size: Size, where: list[str], faults: list[str]
) -> list[tuple[str, Int32[np.ndarray, " r"] | None]]:
    """Read the masks of n results of one image: compressed counts, empty where there is a fault, and runs if known."""
    read = [_read_mask(source, result, size, place, faults) for result, place in zip(results, where, strict=True)]
    texts, runs = [text for text, _ in read], [found for _, found in read]
    coded = [place for place, (text, found) in enumerate(read) if text and found is None]
    for place, found in zip(coded, read_many_runs([texts[place] for place in coded], size), strict=True):
        if isinstance(found, str):
            faults.append(f"{where[place]}: {found}")
        else:
            runs[place] = found
    return list(zip(texts, runs, strict=True))


def _read_mask(
    source: Source, result: CocoResult, size: Size, where: str, faults: list[str]
) -> tuple[str, Int32[np.ndarray, " r"] | None]:
    """Read one mask: counts, and runs if known; compressed counts are as they stand, to be checked with all others."""
    mask, fault, text, runs = result.segmentation, None, "", None
    if mask is None:
        fault = _NO_MASK
    elif isinstance(mask, Runs) and tuple(mask.size) != size:
        fault = f"mask of size {mask.size} in an image of {list(size)} (height, width)"
    elif isinstance(mask, Runs) and isinstance(mask.counts, str):
        text = mask.counts
        fault = None if text else "mask cannot be read (counts are empty)"
    elif isinstance(mask, Runs):
        assert isinstance(mask.counts, list), "a text was taken above"
        found = read_plain_runs(mask.counts, size)
        fault, runs = (found, None) if isinstance(found, str) else (None, found)
        text = "" if runs is None else compress(runs, size)
    elif (fault := describe_polygons(mask)) is None:
        text = fill_polygons(mask, size, source.options["fill"])
        source.notes.count(f"segments are polygons, filled as fill={source.options['fill']} does")
    if fault:
        faults.append(f"{where}: {fault}")
    return text, runs


def write(images: Iterable[ForeignImage], target: Target) -> None:
    """Write results with compressed run lengths, one a line, and what numbers and names mean beside them."""
    beside = target.path.with_suffix(".images.json")
    listed, done = [], 0
    with writing(target.path, "to=FILE"):
        target.path.parent.mkdir(parents=True, exist_ok=True)
    with writing(target.path, "to=FILE"), target.path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for image in images:
            listed.append(describe_image(image, target))
            for result in _list_results(image, listed[-1]["id"], target):
                stream.write(",\n" * bool(done) + json.dumps(result))
                done += 1
        stream.write("]\n")
    with writing(beside, "to=FILE"):
        content = {"images": listed, "categories": list_categories(target.classes), "annotations": []}
        beside.write_text(json.dumps(content) + "\n", "utf-8")


def find_beside(path: Path) -> dict[str, str]:
    """Find the list of images and categories that `write` leaves beside results."""
    lists = path.with_suffix(".images.json")
    return {"images": str(lists)} if lists.is_file() and starts_list(path) else {}


def _list_results(image: ForeignImage, number: Id, target: Target) -> Iterator[dict[str, Any]]:
    for segment in image.segments:
        category = target.classes.find_number(segment.text)
        if category is None:
            target.notes.count("segments have a text that is no class: left out", 1, repr(segment.text))
            continue
        if segment.score is None:
            target.notes.count("segments have no score: written as 1, for a result needs one")
        mask = {"size": list(image.size), "counts": segment.counts}
        score = 1.0 if segment.score is None else segment.score
        yield {"image_id": number, "category_id": category, "segmentation": mask, "score": score}


KIND = Kind(
    "COCO results or annotations (.json): instances or stuff, run lengths or polygons",
    tell, read, write, options={"fill": "coco", "crowd": "keep"}, beside=find_beside,
)  # fmt: skip
