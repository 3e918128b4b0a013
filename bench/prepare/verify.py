"""Section 4.4: what a prepared set holds, counted again from its own bytes, against what its marker says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.data.images import read_image, read_labels
from bench.data.prepared import ABOUT, ARROW, OBJECTS, make_repair_command, open_arrow, read_about
from bench.data.whole import check_files, hash_row
from bench.errors import BadSample, UserError
from bench.prepare.convert import count, count_objects
from bench.prepare.plan import Labels
from bench.prepare.tally import NAMELESS, Tally, list_names, make_histogram

RAREST = 5


def report(about: Mapping[str, Any]) -> str:
    """Report what a person should know of a prepared set, a few lines."""
    counts = f"{about['images']:,} images ({about['published']:,} published), each as large as its labels"
    lines = [
        f"{about['name']} {about['split']}: {counts}",
        *about["source"].get("remarks", ()),
        *_describe_classes(about),
        *([f"objects: {about['objects']:,}, which PQ and recall.objects count"] if "objects" in about else []),
    ]
    if about["missing"]:
        first = about["missing"][0]
        reason = about["source"].get("left_out", {}).get(first, "no image or no mask")
        lines.append(f"left out: {len(about['missing']):,} ids of the list, the first {first} ({reason}); see {ABOUT}")
    return "\n  ".join([*lines, f"fingerprint: {about['fingerprint'][:16]}"])


def _describe_classes(about: Mapping[str, Any]) -> list[str]:
    counts = about["histogram"]
    names = [name for name in counts if name not in NAMELESS.values()]
    seen = [name for name in names if counts[name]["images"]]
    rarest = sorted(seen, key=lambda name: (counts[name]["images"], counts[name]["pixels"], name))[:RAREST]
    never = [name for name in names if name not in seen]
    total = max(1, sum(n["pixels"] for n in counts.values()))
    lines = [
        f"classes: {len(seen)} of {len(names)} occur, in the fewest images "
        + ", ".join(f"{name} ({counts[name]['images']})" for name in rarest),
        "pixels: " + ", ".join(f"{name} {counts[name]['pixels'] / total:.1%}" for name in NAMELESS.values()),
    ]
    more = f" and {len(never) - RAREST} more" if len(never) > RAREST else ""
    return [*lines, f"never: {', '.join(never[:RAREST])}{more}"] if never else lines


def check(folder: Path, name: str | None = None) -> dict[str, Any]:
    """Read a prepared set from first to last byte. Returns its marker; raises `UserError` where anything disagrees.

    With ``name``, another data set's folder is refused too.
    """
    about = read_about(folder, name)
    try:
        ids = list_names(about["class_list"])
        tally = _count_rows(folder, about, ids)
        known = (about["images"], about["fingerprint"], about["histogram"], about.get("objects", 0))
    except KeyError as error:
        raise UserError(f"{folder / ABOUT}: has no {error}; {make_repair_command(str(about['name']))}") from error
    histogram = make_histogram(about["class_list"], tally.pixels, tally.images)
    counted = (tally.rows, tally.total.hexdigest(), histogram, tally.objects)
    what_is_counted = ("number of images", "fingerprint", "class histogram", "number of objects")
    for what, stated, is_ in zip(what_is_counted, known, counted, strict=True):
        if stated != is_:
            raise UserError(f"{folder}: the {what} is not what {ABOUT} says; the set was changed: prepare it again")
    check_files(folder / ARROW, about, make_repair_command(str(about["name"])))
    return about


def _count_rows(folder: Path, about: Mapping[str, Any], ids: Mapping[int, str]) -> Tally:
    tally, before, repair = Tally(), "", make_repair_command(str(about["name"]))
    for row in tqdm(open_arrow(folder, about["images"]), desc="check", unit=" images"):
        image_id = row["image_id"]
        if image_id <= before:
            raise UserError(f"{folder}: id {image_id} stands twice or out of order; {repair}")
        try:
            labels = _read_row(row, folder / image_id, ids)
        except BadSample as error:
            raise UserError(f"{error}; {repair}") from error
        digest = hash_row(image_id, row["image"]["bytes"], labels.classes, labels.objects)
        tally.add(image_id, count(labels.classes), digest, count_objects(labels))
        before = image_id
    return tally


def _read_row(row: Mapping[str, Any], where: Path, ids: Mapping[int, str]) -> Labels:
    """Read the labels of a row. Raises `BadSample` where image, labels and objects do not fit together."""
    size = read_image(where, orient=False, data=row["image"]["bytes"]).shape[:2]
    maps = [read_labels(where, data=row[key]).astype(np.uint16) for key in ("label", OBJECTS) if key in row]
    for what, labels in zip(("labels", "objects"), maps, strict=False):
        if labels.shape != size:
            raise BadSample(f"{where}: image is {size}, {what} are {labels.shape}")
    if wrong := set(count(maps[0])) - ids.keys():
        raise BadSample(f"{where}: id {max(wrong)} is no class")
    return Labels(*maps)
