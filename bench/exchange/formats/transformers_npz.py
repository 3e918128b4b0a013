"""What transformers' ``post_process_semantic_segmentation`` and ``_panoptic``, ``_instance`` return, saved as npz.

One npz an image, named by it: ``segmentation`` [h, w], alone (class numbers), or with ``segments_info``, a json text.
A panoptic map holds ids; where an id is in no segment (0 or -1, by model) no segment is. Instances may also be a mask
each, ``segmentation`` [n, h, w] (``return_binary_maps=True``): in one map the less sure may lie on the surer one.
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
from bench.predictions import rle

MAP, INFO = "segmentation", "segments_info"
_OUTSIDE = (0, -1)
_FILLED = (
    "maps have a segment at every pixel: but for EoMT, transformers (5.23) gives pixels that no mask has to the "
    "strongest one"
)


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
    if INFO not in arrays.names:
        return make_image(source, read_whole(arrays, MAP), name, str(arrays.path))
    try:
        infos = msgspec.json.decode(arrays.read_text(INFO), type=list[Info])
    except msgspec.DecodeError as error:
        raise BadSample(
            f"{arrays.path}: {INFO} is no list of segments as json ({error}); save json.dumps(…)"
        ) from error
    labels = arrays.read(MAP)
    if labels.ndim == 3:
        return _make_instances(source, labels, infos, name, str(arrays.path))
    return _make_panoptic(source, check_whole(arrays, MAP, labels), infos, name, str(arrays.path))


def _make_instances(source: Source, masks: np.ndarray, infos: list[Info], name: str, where: str) -> ForeignImage:
    """Make the segments of a mask each, of which the n-th has the id n. Raises BadSample for what is none."""
    if masks.dtype.kind not in "iufb" or not masks.size or not np.isin(masks, (0, 1)).all():
        raise BadSample(f"{where}: {MAP!r} should be masks [n, h, w] of 0 and 1 but is {describe_values(masks)}")
    if [info.id for info in infos] != list(range(len(masks))):
        raise BadSample(f"{where}: {len(masks)} masks, but {INFO} lists the ids {[info.id for info in infos][:5]}")
    texts, describe = source.classes.texts, source.classes.describe_unknown
    faults = tuple(f"{where}, segment {i.id}: {describe(i.label_id)}" for i in infos if i.label_id not in texts)
    kept = [at for at, mask in enumerate(masks) if mask.any()]
    source.notes.count("segments have no pixel: left out", len(masks) - len(kept), name)
    counts = rle.encode(masks[kept] != 0)
    segments = () if faults else tuple(
        Segment(texts[infos[at].label_id], text, infos[at].score)
        for at, text in zip(kept, counts, strict=True)
    )  # fmt: skip
    return ForeignImage(name, (masks.shape[1], masks.shape[2]), segments, faults)


def describe_values(array: np.ndarray) -> str:
    """Describe an array by type, shape and the largest value that it holds, with the smallest where it is below 0."""
    if not array.size or array.dtype.kind not in "iuf":
        return f"{array.dtype} {list(array.shape)}"
    below = f"from {array.min():g} " if array.min() < 0 else ""
    return f"{array.dtype} {list(array.shape)}, {below}up to {array.max():g}"


def read_whole(arrays: Arrays, name: str) -> np.ndarray:
    """Read a map [h, w] of whole numbers, which float arrays may hold, too."""
    return check_whole(arrays, name, arrays.read(name))


def check_whole(arrays: Arrays, name: str, labels: np.ndarray) -> np.ndarray:
    """Check a map [h, w] of whole numbers; returns it as int64. Raises BadSample for any other array."""
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
    source.notes.count(_FILLED, int(bool(found) and all(number in found for number in counts)), name)
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
