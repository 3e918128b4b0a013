"""How the report site's numbers travel from Python to a page that is opened from disk; no part of the paper.

A page of ``file://`` may not read files, but it may load scripts. So every file of data is a script with one call,
``zgs.take(name, value)``, whose value is JSON; columns of numbers stand in it as base64 of the smallest type that holds
them exactly.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = (("u1", np.uint8), ("u2", np.uint16), ("i4", np.int32))
_ENDS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What would end a script, or a line of one, if a text held it."""
MICRO = 1_000_000
NEVER = 2**31 - 1
"""The place of a step that no threshold ends."""


def pack(values: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """Pack numbers as ``{"type", "data"}``: whole ones in 1, 2 or 4 bytes, others as float64; little endian."""
    array = np.asarray(values)
    whole = array.astype(np.int64) if array.dtype.kind in "biu" else _make_whole(array)
    kind, packed = "f8", array.astype("<f8")
    if whole is not None:
        low, high = int(whole.min(initial=0)), int(whole.max(initial=0))
        for name, number in _TYPES:
            if np.iinfo(number).min <= low and high <= np.iinfo(number).max:
                kind, packed = name, whole.astype(np.dtype(number).newbyteorder("<"))
                break
    return {"type": kind, "data": base64.b64encode(packed.tobytes()).decode("ascii")}


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """Unpack what `pack` made: what the page does, too."""
    return np.frombuffer(base64.b64decode(packed["data"]), "<" + packed["type"])


def pack_places(taus: np.ndarray, rounding: int | None) -> dict[str, Any]:
    """Pack the last thresholds of steps, +inf where there is none.

    Similarities that were rounded to 6 decimals are whole numbers of millionths: dividing them again gives the same
    float64, for that is how numpy rounds. Others stay as they are.
    """
    if rounding == 6:
        known = np.where(np.isfinite(taus), np.rint(taus * MICRO), NEVER)
        return {**pack(known.astype(np.int64)), "scale": MICRO}
    return {"type": "f8", "data": base64.b64encode(taus.astype("<f8").tobytes()).decode("ascii"), "scale": 1}


def write_script(path: Path, name: str, value: Any) -> Path:
    """Write a script that hands ``value`` to the page under ``name``; no text in it can end the script or run."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_make_plain)
    for sign, code in _ENDS.items():
        text = text.replace(sign, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"zgs.take({json.dumps(name)},{text});\n".encode("utf-8", "backslashreplace"))
    return path


def _make_whole(array: np.ndarray) -> np.ndarray | None:
    if not np.isfinite(array).all() or (np.abs(array) >= 2**31).any():
        return None
    whole = array.astype(np.int64)
    return whole if (whole == array).all() else None


def _make_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
