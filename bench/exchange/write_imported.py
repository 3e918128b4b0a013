"""Section 3.4's outcome on disk: images of somebody's file as predictions of the open format, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from bench.errors import UserError
from bench.exchange.notes import Notes
from bench.exchange.records import ForeignImage
from bench.predictions.write import ImageEntry, write_entries
from bench.text.characters import has_half_character


@dataclass
class Imported:
    """What was written: names of images, segments, and the faults of images that were left out, by image."""

    names: list[str] = field(default_factory=list)
    segments: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def write_imported(
    path: Path,
    images: Iterable[ForeignImage],
    about: dict[str, str],
    notes: Notes,
    where: Path,
    skip: bool = False,
) -> Imported:
    """Write images to ``path``; nothing is there unless all were read. ``where`` they are from is for messages.

    Raises UserError with the first fault of an image and how many more it has; with ``skip`` such images are left out
    and told by name.
    """
    done = Imported()
    with tqdm(desc="import  ", unit="img", dynamic_ncols=True) as bar:
        write_entries(path, _make_entries(images, done, notes, where, skip, bar), about, None)
    if not done.names:
        notes.say(f"{where} holds no image: an empty file was written" if not done.left_out else "no image is left")
    return done


def _make_entries(
    images: Iterable[ForeignImage], done: Imported, notes: Notes, where: Path, skip: bool, bar: tqdm[NoReturn]
) -> Iterator[ImageEntry]:
    seen: set[str] = set()
    for image in images:
        bar.total = notes.expected
        bar.update()
        faults = [*image.faults, *_list_more_faults(image, seen, where)]
        if faults and not skip:
            more = f" (and {len(faults) - 1} more in this image)" * (len(faults) > 1)
            raise UserError(f"{faults[0]}{more}; mend it, or leave such images out: zgs import … faults=skip")
        if faults:
            done.left_out[image.image_id] = faults[0]
            continue
        seen.add(image.image_id)
        done.names.append(image.image_id)
        done.segments += len(image.segments)
        yield ImageEntry(json.dumps(_make_entry(image, notes)), None, None)


def _list_more_faults(image: ForeignImage, seen: set[str], where: Path) -> Iterator[str]:
    """List what no kind looks at: an image that comes twice or has no name, and names that are no text."""
    if not image.image_id.strip():
        yield f"{where}: an image without a name; each image needs one"
    if image.image_id in seen:
        yield f"{where}: image {image.image_id!r} comes twice; each image once, of one split"
    for text in (image.image_id, *(segment.text for segment in image.segments)):
        if has_half_character(text):
            yield f"{where}: image {image.image_id!r}: {text!r:.40} holds half a character"
            return


def _make_entry(image: ForeignImage, notes: Notes) -> dict[str, object]:
    scored = [segment.score is not None for segment in image.segments]
    if any(scored) and not all(scored):
        notes.count("images have scores for some segments only: theirs are left out", 1, image.image_id)
    size = list(image.size)
    segments = []
    for segment in image.segments:
        entry: dict[str, object] = {
            "text": segment.text,
            "segmentation": {"size": size, "counts": segment.counts},
        }
        if all(scored):
            entry["score"] = segment.score
        segments.append(entry)
    return {"image_id": image.image_id, "height": size[0], "width": size[1], "segments": segments}
