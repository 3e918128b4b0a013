"""What transformers' ``post_process_semantic_segmentation`` and ``_panoptic``, ``_instance`` return, saved as npz.

One npz an image, named by it: ``segmentation`` [h, w], alone (class numbers), or with ``segments_info``, a json text.
A panoptic map holds ids; where an id is in no segment (0 or -1, by model) no segment is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from bench.errors import BadSample, UserError
from bench.exchange.arrays import Arrays, list_archives, name_arrays, open_arrays
from bench.exchange.image_names import cut_ending
from bench.exchange.label_pictures import make_image
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import encode_labels

MAP, INFO = "segmentation", "segments_info"
_OUTSIDE = (0, -1)


class Info(msgspec.Struct):
    """One segment as transformers describes it."""

    id: int
    label_id: int
    score: float | None = None


def tell(path: Path) -> str | None:
    """Tell by the names of the arrays."""
    names = name_arrays(path)
    return f"npz files with {MAP}" + f" and {INFO}" * (INFO in names) if MAP in names else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read file by file."""
    files = list_archives(source.path)
    if not files:
        raise UserError(f"{source.path}: holds no npz; write one an image: np.savez('ID.npz', {MAP}=map)")
    source.require_classes()
    source.notes.expected = len(files)
    for file in files:
        name = source.names.find_file(file.name if file == source.path else file.relative_to(source.path).as_posix())
        try:
            with open_arrays(file) as arrays:
                yield _read_image(source, arrays, name)
        except BadSample as error:
            yield ForeignImage(name or cut_ending(file.name), (1, 1), (), (str(error),))


def _read_image(source: Source, arrays: Arrays, name: str) -> ForeignImage:
    if MAP not in arrays.names:
        raise BadSample(f"{arrays.path}: holds {', '.join(arrays.names[:5])}, but no {MAP!r}")
    labels = read_whole(arrays, MAP)
    if INFO not in arrays.names:
        return make_image(source, labels, name, str(arrays.path))
    try:
        infos = msgspec.json.decode(arrays.read_text(INFO), type=list[Info])
    except msgspec.DecodeError as error:
        raise BadSample(
            f"{arrays.path}: {INFO} is no list of segments as json ({error}); save json.dumps(…)"
        ) from error
    return _make_panoptic(source, labels, infos, name, str(arrays.path))


def read_whole(arrays: Arrays, name: str) -> np.ndarray:
    """Read a map [h, w] of whole numbers, which float arrays may hold, too."""
    labels = arrays.read(name)
    if labels.ndim != 2 or labels.dtype.kind not in "iuf" or not labels.size:
        raise BadSample(
            f"{arrays.path}: {name!r} should be whole numbers [h, w] but is {labels.dtype} {list(labels.shape)}"
        )
    whole = labels.astype(np.int64)
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (whole == labels).all()):
        raise BadSample(f"{arrays.path}: {name!r} holds numbers that are not whole")
    return whole


def _make_panoptic(source: Source, labels: np.ndarray, infos: list[Info], name: str, where: str) -> ForeignImage:
    """Make the segments of a map of ids. One that is listed twice for one class was fused, and is one segment."""
    counts, faults = encode_labels(labels), []
    found: dict[int, Info] = {}
    for info in infos:
        before = found.setdefault(info.id, info)
        place = f"{where}, segment {info.id}"
        if before.label_id != info.label_id:
            names = " and ".join(repr(source.classes.texts.get(one.label_id, one.label_id)) for one in (before, info))
            faults.append(
                f"{place}: is both {names}, so that its pixels cannot be told apart (label_ids_to_fuse=set())"
            )
        elif before is not info:
            source.notes.count(
                "segments are listed again where transformers fused them: one, with the highest score", 1, name
            )
            best = max((one.score for one in (before, info) if one.score is not None), default=None)
            found[info.id] = Info(info.id, info.label_id, best)
        if info.label_id not in source.classes.texts:
            faults.append(f"{place}: {source.classes.describe_unknown(info.label_id)}")
    empty = [number for number in found if number not in counts]
    source.notes.count("segments have no pixel: left out", len(empty), name)
    strays = [number for number in counts if number not in found and number not in _OUTSIDE]
    faults += [f"{where}: the map holds the segment {strays[0]}, which is not in {INFO}"] if strays else []
    segments = () if faults else tuple(
        Segment(source.classes.texts[info.label_id], counts[number], info.score)
        for number, info in found.items()
        if number in counts
    )  # fmt: skip
    return ForeignImage(name, (labels.shape[0], labels.shape[1]), segments, tuple(faults))


KIND = Kind("npz files of transformers' post_process_semantic, _instance and _panoptic_segmentation", tell, read)
