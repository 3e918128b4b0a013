"""COCO's lists of images and categories: names, sizes and numbers that results leave to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from bench.errors import UserError
from bench.exchange.class_numbers import ClassNumbers, number_categories
from bench.exchange.grouping import Result
from bench.exchange.image_names import Id, ImageNames
from bench.exchange.json_files import BOM, describe_damage
from bench.exchange.records import ForeignImage, Source, Target

R = TypeVar("R", bound=Result)
OURS = "zgs_image_id"
"""A key of an image in what we write: its name, whatever a file of it would be called."""


class Listed(msgspec.Struct):
    """One image of a list."""

    id: Id
    file_name: str = ""
    height: int | None = None
    width: int | None = None
    zgs_image_id: str | None = None
    coco_url: str | None = None


class Category(msgspec.Struct):
    """One category of a list; LVIS calls things by ``name`` too, and lists synonyms that are not read."""

    id: int
    name: str


class _OfImage(msgspec.Struct):
    image_id: Id


class _Lists(msgspec.Struct):
    images: list[Listed] = []
    categories: list[Category] = []
    annotations: list[msgspec.Raw] | None = None


def read_lists(path: Path, names: ImageNames) -> tuple[ImageNames, ClassNumbers]:
    """Read the images and the categories of a COCO json (annotations, or their lists alone) beside what is known."""
    lists = _decode(path)
    classes = number_categories(((one.id, one.name) for one in lists.categories), str(path))
    return _add_images(path, lists.images, names), classes


class Annotations(Generic[R]):
    """The annotations of a file by image, in the order in which images come first; each decoded at its image's turn.

    They are kept as they stand in the file: a polygon of Python's numbers takes ten times as much memory.
    """

    def __init__(self, path: Path, raws: Sequence[msgspec.Raw], kind: type[R]) -> None:
        self._path, self._raws = path, raws
        self._decoder: msgspec.json.Decoder[R] = msgspec.json.Decoder(kind)
        self._places: dict[Id, list[int]] = defaultdict(list)
        of = msgspec.json.Decoder(_OfImage)
        for place, raw in enumerate(raws):
            with self._name_place(place):
                self._places[of.decode(raw).image_id].append(place)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[Id, list[tuple[int, R]]]]:
        for image_id, places in self._places.items():
            yield image_id, [(place, self._decode(place)) for place in places]

    def _decode(self, place: int) -> R:
        with self._name_place(place):
            return self._decoder.decode(self._raws[place])

    @contextmanager
    def _name_place(self, place: int) -> Iterator[None]:
        """Raise UserError that names the annotation in place of what the decoder says."""
        try:
            yield
        except msgspec.DecodeError as error:
            raise UserError(f"{self._path}: annotation {place}: {error}; write it as COCO has it") from error


def read_annotation_list(source: Source, kind: type[R]) -> tuple[Source, Annotations[R]]:
    """Read a file of annotations: the source with its images and its categories, and the segments by image."""
    lists = _decode(source.path)
    if lists.annotations is None:
        raise UserError(f"{source.path}: holds no 'annotations', nor is it a list of results: [{{…}}, …]")
    classes, names = source.classes, _add_images(source.path, lists.images, source.names)
    if lists.categories and (not classes or classes.assumed):
        classes = number_categories(((one.id, one.name) for one in lists.categories), str(source.path))
    found = Annotations(source.path, lists.annotations, kind)
    source.notes.expected = len(found)
    return replace(source, classes=classes, names=names), found


def count_other_size(source: Source, image_id: Id, size: tuple[int, int], name: str) -> None:
    """Count an image whose masks have another size than the list of images says, which is no fault."""
    source.notes.count(
        "images have masks of another size than their list says: scoring resizes them, or refuses other proportions",
        int(source.names.sizes.get(image_id, size) != size), name,
    )  # fmt: skip


def describe_image(image: ForeignImage, target: Target) -> dict[str, Any]:
    """Describe an image as COCO lists it."""
    height, width = image.size
    number, name = target.numbers[image.image_id], f"{image.image_id}.jpg"
    return {"id": number, "file_name": name, "height": height, "width": width, OURS: image.image_id}


def list_categories(classes: ClassNumbers) -> list[dict[str, Any]]:
    """List classes as COCO does, by number."""
    return [{"id": number, "name": text} for number, text in sorted(classes.texts.items())]


def _decode(path: Path) -> _Lists:
    try:
        return msgspec.json.decode(path.read_bytes().removeprefix(BOM), type=_Lists)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: is no list of images and categories as COCO has it ({error})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {describe_damage(path, error)}") from error


def _add_images(path: Path, images: Iterable[Listed], names: ImageNames) -> ImageNames:
    files: dict[Id, str] = dict(names.files)
    exact: dict[Id, str] = dict(names.exact)
    sizes: dict[Id, tuple[int, int]] = dict(names.sizes)
    seen: set[Id] = set()
    for image in images:
        if image.id in seen:
            raise UserError(f"{path}: images: id {image.id!r} stands there twice; each id for one image")
        seen.add(image.id)
        name = image.file_name or (image.coco_url or "").rpartition("/")[2]
        if name:
            files[image.id] = name
        if image.zgs_image_id:
            exact[image.id] = image.zgs_image_id
        if image.height and image.width:
            sizes[image.id] = image.height, image.width
    _check_unique(path, files)
    return replace(names, files=files, sizes=sizes, exact=exact)


def _check_unique(path: Path, files: Mapping[Id, str]) -> None:
    first: dict[str, Id] = {}
    for image_id, name in files.items():
        if first.setdefault(name, image_id) != image_id:
            raise UserError(f"{path}: images {first[name]!r} and {image_id!r} are both {name!r:.60}; each file for one")
