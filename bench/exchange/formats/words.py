"""Words for each image, as vocabulary-free pipelines publish them: a json, and label maps that number the words.

``{"ID": ["dog", "grass"]}``, or a list of ``{"image_id": "ID", "words": […]}``; a word may be an object with ``score``.
``maps=`` is the folder of the maps ID.png: the value of a pixel is the place of its word, from ``first=`` (0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.data.label_files import ARRAY, read_label_file
from bench.errors import BadSample, UserError
from bench.exchange.choices import read_number
from bench.exchange.class_numbers import ClassNumbers, set_outside
from bench.exchange.image_names import cut_ending
from bench.exchange.json_files import describe_first, read_json
from bench.exchange.label_pictures import ENDINGS
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import encode_labels

KEYS = ("words", "labels", "classes", "vocabulary", "names")
_COCO = {"images", "annotations", "categories", "licenses"}
IDS = ("image_id", "id", "image", "file_name")


def tell(path: Path) -> str | None:
    """Tell by a list of words under the first name, or by the keys of the first object."""
    first = describe_first(path)
    if first is None:
        return None
    if _find(first, KEYS) and _find(first, IDS):
        return "objects with an image and its words"
    words = all(isinstance(value, list) and all(map(_is_word, value)) for value in first.values())
    return "words under the names of images" if words and any(first.values()) and not _COCO & first.keys() else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read image by image."""
    folder = Path(source.options["maps"]).expanduser() if source.options["maps"] else None
    if folder is None or not folder.is_dir():
        raise UserError(
            f"{source.path}: holds words without masks; name the folder of label maps that number them: maps=FOLDER"
            + (f" (maps={folder}: no such folder)" if folder else "")
        )
    content = read_json(source.path)
    if not isinstance(content, dict | list):
        raise UserError(f'{source.path}: should be {{"IMAGE": ["WORD", …]}}, or a list of objects with image and words')
    pairs = list(content.items()) if isinstance(content, dict) else [_split(source.path, one) for one in content]
    source.notes.expected = len(pairs)
    for image, words in pairs:
        where = f"{source.path}: image {image!r:.60}"
        listed = [_read_word(word) for word in words] if isinstance(words, list) else [None]
        name = source.names.find_name(image)
        if any(word is None for word in listed):
            yield ForeignImage(
                name, (1, 1), (), (f"{where}: should be a list of words, or of objects with word and score",)
            )
            continue
        yield _make_image(source, folder, str(image), name, [word for word in listed if word], where)


def _make_image(
    source: Source, folder: Path, image: str, name: str, words: list[tuple[str, float | None]], where: str
) -> ForeignImage:
    """Make the segments that a map gives to the words; a word without a pixel is counted."""
    picture = _find_picture(folder, (image, name, cut_ending(image)))
    if picture is None:
        return ForeignImage(name, (1, 1), (), (f"{where}: {folder / image}.png is missing",))
    begin = read_number(source.options, "first") or 0
    classes = set_outside(
        ClassNumbers({begin + i: word for i, (word, _) in enumerate(words)}, f"its {len(words)} words"), None, None
    )
    try:
        labels = read_label_file(picture)
    except BadSample as error:
        return ForeignImage(name, (1, 1), (), (f"{where}: {error}",))
    segments, faults, found = [], [], encode_labels(labels)
    for number, counts in found.items():
        if number in classes.texts:
            segments.append(Segment(classes.texts[number], counts, words[number - begin][1]))
        elif number not in classes.background | classes.void:
            faults.append(f"{where}: {picture} holds {number}, but it has {len(words)} words, from {begin} on")
    source.notes.count("words have no pixel: left out", len(words) - len(segments), name)
    return ForeignImage(name, (labels.shape[0], labels.shape[1]), tuple(segments), tuple(faults))


def _find_picture(folder: Path, stems: Sequence[str]) -> Path | None:
    """Find the map of an image; a name that leads out of the folder is never looked for."""
    inside = [stem for stem in stems if ".." not in Path(stem).parts and not Path(stem).is_absolute()]
    places = (folder / f"{stem}{ending}" for stem in inside for ending in (*ENDINGS, ARRAY))
    return next((place for place in places if place.is_file()), None)


def _find(entry: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if key in entry), None)


def _split(path: Path, entry: Any) -> tuple[Any, Any]:
    keys = (_find(entry, IDS), _find(entry, KEYS)) if isinstance(entry, dict) else (None, None)
    if None in keys:
        raise UserError(f"{path}: {str(entry):.60}: needs an image ({', '.join(IDS)}) and words ({', '.join(KEYS)})")
    image, words = entry[keys[0]], entry[keys[1]]
    if not isinstance(image, str) and type(image) is not int:
        raise UserError(f"{path}: {keys[0]} is {str(image):.60}; needs the name of an image or its number")
    return image, words


def _is_word(entry: Any) -> bool:
    return (
        isinstance(entry, str)
        or isinstance(entry, dict)
        and isinstance(entry.get("word", entry.get("label", entry.get("name"))), str)
    )


def _read_word(entry: Any) -> tuple[str, float | None] | None:
    if isinstance(entry, str):
        return entry, None
    if not _is_word(entry):
        return None
    score = entry.get("score")
    return entry.get("word", entry.get("label", entry.get("name"))), float(score) if isinstance(
        score, int | float
    ) else None


KIND = Kind(
    "words for each image (.json) and label maps that number them", tell, read, needs_classes=False,
    options={"maps": "", "first": "0"},
)  # fmt: skip
