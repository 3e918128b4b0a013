"""All kinds of foreign files, one line each, and which of them a place is of, told by looking at it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.exchange.json_files import read_json
from bench.exchange.records import Kind

_LOOK = 1 << 16
MODULES = {
    "coco": "coco_results",
    "coco-panoptic": "coco_panoptic",
    "lvis": "lvis",
    "label-maps": "label_maps",
    "cityscapes": "cityscapes",
    "detectron2": "detectron2_semseg",
    "transformers": "transformers_npz",
    "mask-generation": "mask_generation",
    "labelme": "labelme",
    "label-studio": "label_studio",
    "words": "words",
    "masks-csv": "masks_csv",
}
"""The module of `bench.exchange.formats` by the word that names its kind."""


def load_kind(name: str) -> Kind:
    """Load a kind by its word. Raises UsageError for another word, with the nearest."""
    if name not in MODULES:
        known = ", ".join(MODULES)
        raise UsageError(f"{name}: no kind of predictions{suggest_nearest(name, MODULES)} (known: {known})")
    kind = import_module(f"bench.exchange.formats.{MODULES[name]}").KIND
    assert isinstance(kind, Kind)
    return kind


def says_format(place: Path) -> bool:
    """Whether a file says that it is in the open format, at its beginning or at its end, between which lists lie."""
    try:
        with place.open("rb") as stream:
            begin = stream.read(_LOOK)
            stream.seek(max(0, place.stat().st_size - _LOOK))
            return b'"zgs-predictions/' in begin + stream.read()
    except OSError:
        return False


def list_fitting(path: Path) -> dict[str, str]:
    """List the kinds that fit a place, each with why."""
    return {name: why for name in MODULES if (why := load_kind(name).tell(path))}


def tell_kind(path: Path) -> tuple[str, str]:
    """Tell the kind of a place by looking: its word, and why.

    Raises UserError where nothing fits, and where two kinds do.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    found = list_fitting(path)
    if len(found) == 1:
        return next(iter(found.items()))
    if found:
        fitting = "; ".join(f"{name} ({why})" for name, why in found.items())
        raise UserError(f"{path}: several kinds fit: {fitting}; say which: zgs import KIND {path} to=FILE")
    if path.is_file() and says_format(path):
        raise UserError(f"{path}: is in the open format already; zgs score reads it as it is")
    if path.is_file() and path.suffix.lower() == ".json":
        read_json(path)  # says what is wrong with half a file
    from bench.exchange.formats.label_maps import describe_misfit

    raise UserError(
        f"{path}: of no kind that can be told by looking; {describe_misfit(path)}say which: "
        f"zgs import KIND {path} to=FILE (known: {', '.join(MODULES)}; `zgs import` says what each is)"
    )
