"""Masks without words: what mask generation of SAM and of transformers' pipeline returns; each text is empty.

One file an image, named by it: npz with ``masks`` [n, h, w] and perhaps ``scores`` [n], or json: a list with
``segmentation`` (run lengths) and ``predicted_iou``, as segment-anything saves it, or ``rle_mask`` and ``scores``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.files import is_hidden
from bench.errors import BadSample, UserError
from bench.exchange.arrays import list_archives, name_arrays, open_arrays
from bench.exchange.json_files import describe_first, read_json
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import compress, describe_fault
from bench.predictions import rle

_SCORES = ("scores", "iou_scores")
_OF_SEGMENT = ("predicted_iou", "score", "stability_score")


def tell(path: Path) -> str | None:
    """Tell by the names of arrays, or by the keys of a json."""
    if "masks" in name_arrays(path):
        return "npz files with masks"
    files = list_jsons(path)
    first = describe_first(files[0]) if files else None
    if first is None or {"image_id", "category_id", "file_name"} & first.keys():
        return None
    if isinstance(first.get("segmentation"), dict):
        return "lists of segmentation and predicted_iou"
    return "json with rle_mask" if isinstance(first.get("rle_mask"), list) else None


def list_jsons(path: Path) -> list[Path]:
    """List the json files of a place: the file itself, or all below a folder."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".json" else []
    return sorted(file for file in path.rglob("*.json") if not is_hidden(file.relative_to(path)))


def read(source: Source) -> Iterator[ForeignImage]:
    """Read file by file."""
    files = list_archives(source.path) or list_jsons(source.path)
    if not files:
        raise UserError(f"{source.path}: holds no npz and no json of masks")
    source.notes.expected = len(files)
    source.notes.say(
        "masks have no words: every text is empty, so that only masks can be scored (score.mapping=[maxoverlap])"
    )
    for file in files:
        name = source.names.find_file(file.name if file == source.path else file.relative_to(source.path).as_posix())
        try:
            yield _read_arrays(file, name) if file.suffix.lower() == ".npz" else _read_json(file, name)
        except BadSample as error:
            yield ForeignImage(name, (1, 1), (), (str(error),))


def _read_arrays(file: Path, name: str) -> ForeignImage:
    with open_arrays(file) as arrays:
        masks = arrays.read("masks") if "masks" in arrays.names else np.zeros(())
        key = next((key for key in _SCORES if key in arrays.names), None)
        scores = arrays.read(key).reshape(-1) if key else None
    masks = masks[:, 0] if masks.ndim == 4 and masks.shape[1] == 1 else masks
    if masks.ndim != 3 or masks.dtype.kind not in "biu":
        raise BadSample(f"{file}: 'masks' should be masks [n, h, w] but is {masks.dtype} {list(masks.shape)}")
    if scores is not None and (scores.dtype.kind not in "iuf" or not np.isfinite(scores).all()):
        raise BadSample(f"{file}: {key!r} should be finite numbers but is {scores.dtype} {scores[:3].tolist()}")
    if scores is not None and len(scores) != len(masks):
        raise BadSample(f"{file}: {len(scores)} scores for {len(masks)} masks")
    counts = rle.encode(masks != 0)
    numbers = [None] * len(masks) if scores is None else [float(score) for score in scores]
    segments = tuple(Segment("", text, score) for text, score in zip(counts, numbers, strict=True))
    return ForeignImage(name, (masks.shape[1], masks.shape[2]), segments)


def _read_json(file: Path, name: str) -> ForeignImage:
    content = read_json(file)
    if isinstance(content, dict):
        content = _pair_scores(file, content.get("rle_mask"), content.get("scores"))
    if not isinstance(content, list) or not content:
        raise BadSample(f"{file}: should be a list of masks, or rle_mask with scores")
    segments, faults, size = [], [], None
    for place, entry in enumerate(content):
        fault, counts, found = _read_mask(entry, size)
        fault = fault or _describe_score(entry)
        if fault:
            faults.append(f"{file}: segment {place}: {fault}")
            continue
        size = size or found
        score = _find_score(entry)
        segments.append(Segment("", counts, None if score is None else float(score)))
    return ForeignImage(name, size or (1, 1), tuple(segments), tuple(faults))


def _pair_scores(file: Path, masks: Any, scores: Any) -> list[dict[str, Any]]:
    """Pair masks and scores, which may be left out. Raises BadSample where there are not as many of both."""
    listed = masks if isinstance(masks, list) else []
    given = [None] * len(listed) if scores is None else scores
    if not isinstance(given, list) or len(given) != len(listed):
        many = len(given) if isinstance(given, list) else f"{given!r:.20} as"
        raise BadSample(f"{file}: {many} scores for {len(listed)} masks")
    return [{"segmentation": mask, "score": score} for mask, score in zip(listed, given, strict=True)]


def _read_mask(entry: Any, size: tuple[int, int] | None) -> tuple[str | None, str, tuple[int, int]]:
    coded = entry.get("segmentation") if isinstance(entry, dict) else None
    if not isinstance(coded, dict) or not isinstance(coded.get("counts"), str | list):
        return "has no run lengths (output_mode=coco_rle writes them)", "", (1, 1)
    said = coded.get("size")
    if not (isinstance(said, list) and len(said) == 2 and all(type(n) is int and n > 0 for n in said)):
        return f"mask of size {json.dumps(said):.40}, which is none", "", (1, 1)
    own = (said[0], said[1])
    if size and own != size:
        return f"mask of size {list(own)} in an image of {list(size)} (height, width)", "", own
    fault = describe_fault(coded["counts"], own)
    counts = coded["counts"]
    return fault, "" if fault else counts if isinstance(counts, str) else compress(counts, own), own


def _find_score(entry: dict[str, Any]) -> Any:
    """Find what a mask's score is said to be; None where nothing is said."""
    return next((entry[key] for key in _OF_SEGMENT if entry.get(key) is not None), None)


def _describe_score(entry: dict[str, Any]) -> str | None:
    score = _find_score(entry)
    return None if score is None or type(score) in (int, float) else f"score {score!r:.40} is no number"


KIND = Kind("masks of SAM or transformers' mask generation (.npz or .json an image)", tell, read, needs_classes=False)
