"""A csv of masks and words: a line for each segment: image, file of its mask, word, and perhaps a score."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.data.images import read_narrow_labels
from bench.errors import BadSample, UserError
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import encode_mask
from bench.predictions.beside import find_beside

COLUMNS = {"image": ("image", "image_id", "file_name", "id"), "mask": ("mask", "mask_file", "path"),
           "word": ("word", "text", "label", "class", "name"), "score": ("score", "confidence")}  # fmt: skip
"""Each column by the names that it may have."""


def tell(path: Path) -> str | None:
    """Tell by the header."""
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream, delimiter=_choose_mark(path)), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    columns = _find_columns(header)
    return f"columns {', '.join(columns.values())}" if {"image", "mask", "word"} <= columns.keys() else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read the lines image by image, in the order in which images come first."""
    groups: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, cells in _read_lines(source.path):
        groups.setdefault(cells["image"], []).append((line, cells))
    source.notes.expected = len(groups)
    for image, lines in groups.items():
        yield _make_image(source, source.names.find_file(image), lines)


def _choose_mark(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _find_columns(header: list[str]) -> dict[str, str]:
    plain = {cell.strip().casefold(): cell for cell in header}
    found = {kind: next((plain[name] for name in names if name in plain), "") for kind, names in COLUMNS.items()}
    return {kind: column for kind, column in found.items() if column}


def _read_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter=_choose_mark(path))
            columns = _find_columns(list(reader.fieldnames or ()))
            if lacking := {"image", "mask", "word"} - columns.keys():
                raise UserError(
                    f"{path}: has no column {sorted(lacking)[0]}; it needs image, mask, word and perhaps score"
                )
            for cells in reader:
                yield reader.line_num, {kind: (cells[column] or "") for kind, column in columns.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a table ({error})") from error


def _make_image(source: Source, name: str, lines: list[tuple[int, dict[str, str]]]) -> ForeignImage:
    segments, faults, size = [], [], None
    for line, cells in lines:
        where = f"{source.path}, line {line} ({name})"
        try:
            mask = read_narrow_labels(find_beside(source.path.parent, cells["mask"]))
            score = _read_score(cells.get("score", ""))
        except (BadSample, ValueError) as error:
            faults.append(f"{where}: {error}")
            continue
        size = size or (mask.shape[0], mask.shape[1])
        if mask.shape != size:
            faults.append(f"{where}: mask of size {list(mask.shape)} in an image of {list(size)} (height, width)")
            continue
        several = len(np.unique(mask[mask != 0])) > 1
        source.notes.count(
            "masks hold several numbers: every pixel that is not 0 is the segment's", int(several), where
        )
        segments.append(Segment(cells["word"], encode_mask(mask != 0), score))
    return ForeignImage(name, size or (1, 1), tuple(segments), tuple(faults))


def _read_score(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise ValueError(f"score {text[:40]!r} is no number")
    return score


KIND = Kind("a csv of masks and words: image, mask, word, perhaps score", tell, read, needs_classes=False)
