"""detectron2's ``sem_seg_predictions.json``: run lengths for each class of an image, which is named by its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.exchange.formats.coco_results import CocoResult, Runs, make_image
from bench.exchange.grouping import group_by_image
from bench.exchange.image_names import Id
from bench.exchange.json_files import describe_first, starts_list
from bench.exchange.records import ForeignImage, Kind, Source


class SemSegResult(msgspec.Struct, rename={"image_id": "file_name"}):
    """One class of one image."""

    image_id: Id
    category_id: int
    segmentation: Runs


def tell(path: Path) -> str | None:
    """Tell by the first object of a list."""
    first = describe_first(path) if starts_list(path) else None
    told = (
        first is not None and {"file_name", "category_id", "segmentation"} <= first.keys() and "image_id" not in first
    )
    return "a list of results with file_name and category_id" if told else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read a file image by image."""
    source.require_classes()
    for file_name, results in group_by_image(source.path, SemSegResult, source.notes, "file_name"):
        as_coco = [(at, CocoResult(file_name, one.category_id, one.segmentation)) for at, one in results]
        yield make_image(source, file_name, as_coco, source.names.find_file(str(file_name)))


KIND = Kind("detectron2's sem_seg_predictions.json", tell, read)
