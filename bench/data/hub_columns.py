"""Section 4, data: the columns of a Hugging Face data set: what kinds they may be, and the numbers of a label map.

`datasets` decodes pictures by Pillow and casts them to the mode that a column states. For photographs that is a matter
of taste; of a label map with a palette the mode "L" makes brightness of its numbers, silently. So nothing is decoded
here but by our own reader of label files, and a column that states a mode is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, UInt8

from bench.data.base import suggest_nearest
from bench.data.hub_layout import HubLayout
from bench.data.images import read_narrow_labels
from bench.data.label_numbers import clip_numbers, make_whole_numbers
from bench.errors import BadSample, UserError


def check_columns(table: Any, layout: HubLayout, root: str) -> Any:
    """Check that the columns are there and of a kind that can be what the layout says; pictures are left encoded."""
    from datasets import Image

    needed = {"image": layout.image, "label": layout.label, "objects": layout.objects, "id": layout.id}
    for key, column in needed.items():
        if column is not None and column not in table.column_names:
            near = suggest_nearest(column, table.column_names)
            raise UserError(f"{root}: no column {column!r} ({key}:){near}; there are {', '.join(table.column_names)}")
    if len(table) == 0:
        raise UserError(f"{root}: the split holds no row")
    for key in ("image", "label", "objects"):
        column = needed[key]
        if column is None:
            continue
        feature = table.features[column]
        if not _is_content(feature, key != "image"):
            raise UserError(f"{root}: column {column!r} ({key}:) holds {feature}; needs {_KINDS[key != 'image']}")
        if key != "image" and isinstance(feature, Image) and feature.mode is not None:
            harm = describe_cast(feature.mode)
            raise UserError(
                f"{root}: column {column!r} is cast to Image(mode={feature.mode!r}), which {harm}: "
                f"make it again from the files with cast_column({column!r}, Image())"
            )
        if isinstance(feature, Image):
            table = table.cast_column(column, Image(decode=False))
    return table.select_columns([column for column in needed.values() if column is not None])


def describe_cast(mode: str) -> str:
    """Describe what a cast to a mode makes of the numbers of label maps (Pillow 13.0's `Image.convert`, looked at)."""
    if mode == "1":
        return "leaves nothing of the numbers but black and white"
    if mode == "P":
        return "gives the colours of RGB pictures numbers of a palette of its own"
    if mode.startswith("I;16"):
        return "Pillow refuses for palettes"
    return f"makes {'brightness' if mode in ('L', 'LA', 'I', 'F') else 'colours'} of the numbers of palettes"


_KINDS = ("pictures: Image(), or their bytes", "label maps: Image(), their bytes, or rows of whole numbers")


def _is_content(feature: Any, rows: bool) -> bool:
    """Whether a column may hold pictures, or with ``rows`` also whole numbers in rows."""
    from datasets import Image

    if isinstance(feature, Image) or getattr(feature, "dtype", "") in ("binary", "large_binary"):
        return True
    inner = getattr(feature, "feature", None)
    inner = getattr(inner, "feature", None) if inner is not None else None
    kind = getattr(inner, "dtype", "") or (str(feature.dtype) if type(feature).__name__ == "Array2D" else "")
    return rows and ("int" in kind or kind == "bool" or "float" in kind)


def read_content(value: Any) -> bytes:
    """Read the bytes of a cell, from the row itself or the file that it names; of a map in rows those of an array."""
    if isinstance(value, dict):
        if value.get("bytes") is not None:
            return bytes(value["bytes"])
        try:
            return Path(value["path"]).read_bytes() if value.get("path") else b""
        except OSError as error:
            raise BadSample(
                f"{value['path']}: cannot be read ({error.strerror}), and the row holds no bytes"
            ) from error
    if isinstance(value, bytes) or value is None:
        return value or b""
    array = np.asarray(value)
    return f"{array.shape}{array.dtype.kind}".encode() + array.astype("<i8").tobytes()


def read_map(where: Path, value: Any) -> UInt8[np.ndarray, "h w"] | Int32[np.ndarray, "h w"]:
    """Read the numbers of a label map. Raises `BadSample` for colours, lossy pictures, and rows of unequal length."""
    if not isinstance(value, list):
        return read_narrow_labels(where, data=read_content(value))
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise BadSample(f"{where}: rows of unequal length; a label map is a rectangle") from error
    if array.ndim != 2 or array.dtype.kind not in "iubf":
        raise BadSample(f"{where}: needs rows of whole numbers [h, w] but holds {array.dtype} {list(array.shape)}")
    return make_whole_numbers(where, array) if array.dtype.kind == "f" else clip_numbers(array)
