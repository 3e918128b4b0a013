"""How the report site's numbers travel from Python to a page that is opened from disk; no part of the paper.

A page of ``file://`` may not read files, but it may load scripts and style sheets. What it needs whole is a script with
one call, ``zgs.take(name, value)``, whose value is JSON. All else comes and goes as one moves through the page, and a
browser keeps the source of every script that it ever ran: of 500 scripts of 137 kB Chromium 156 still had 160 MB,
garbage collected or not. So these data are style sheets, which it lets go of: their one rule has JSON, and the bytes of
its columns, as custom properties of whatever element they are loaded for.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = (np.uint8, np.uint16, np.int32)
_ENDS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What would end a script, or a line of one, if a text held it."""
_LONGEST = 1_000_000
"""Letters of one custom property; Chromium takes none of more than 2 MiB."""
MICRO = 1_000_000
NEVER = 2**31 - 1
"""The place of a step that no threshold ends."""


def narrow(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Narrow numbers to the smallest type that holds them exactly: u1, u2, i4 or f8; little endian."""
    array = np.asarray(values)
    whole = array.astype(np.int64) if array.dtype.kind in "biu" else _make_whole(array)
    if whole is not None:
        low, high = int(whole.min(initial=0)), int(whole.max(initial=0))
        for number in _TYPES:
            if np.iinfo(number).min <= low and high <= np.iinfo(number).max:
                return whole.astype(np.dtype(number).newbyteorder("<"))
    return array.astype("<f8")


def narrow_places(taus: np.ndarray, rounding: int | None) -> dict[str, Any]:
    """Narrow the last thresholds of steps, +inf where there is none: ``values`` that are ``scale`` times as large.

    Similarities that were rounded to 6 decimals are whole numbers of millionths: dividing them again gives the same
    float64, for that is how numpy rounds. Others stay as they are.
    """
    if rounding == 6:
        known = np.where(np.isfinite(taus), np.rint(taus * MICRO), NEVER)
        return {"values": narrow(known.astype(np.int64)), "scale": MICRO}
    return {"values": taus.astype("<f8"), "scale": 1}


def write_script(path: Path, name: str, value: Any) -> Path:
    """Write a script that hands ``value`` to the page under ``name``; no text in it can end the script or run."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_make_plain)
    for sign, code in _ENDS.items():
        text = text.replace(sign, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"zgs.take({json.dumps(name)},{text});\n".encode("utf-8", "backslashreplace"))
    return path


def write_sheet(path: Path, value: Any) -> Path:
    """Write a style sheet that has ``value`` as custom properties of the element in whose shadow it is loaded.

    ``--json-0``, ``--json-1`` … are parts of its text, none longer than a browser takes, and ``--bytes-0`` … of the
    base64 of its bytes (`separate`), deflated. Where the text has a backslash they have ``|``, so that a string in
    single quotes is read as it is written.
    """
    text, held = separate(value)
    plain = text.replace("'", "\\u0027").replace("|", "\\u007c").replace("\\", "|")
    rule = _cut("json", plain) + _cut("bytes", base64.b64encode(zlib.compress(held, 1)).decode("ascii"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f":host{{{rule}}}\n".encode("ascii"))
    return path


def separate(value: Any) -> tuple[str, bytes]:
    """Separate a value into JSON, of ASCII alone, and bytes: an array is its type, place and length among these.

    So that a page need not copy columns of numbers out of a text: it looks at them where they are.
    """
    held = bytearray()

    def hold(each: Any) -> Any:
        if not isinstance(each, np.ndarray):
            return _make_plain(each)
        held.extend(bytes(-len(held) % 8))  # so that a view of any type can begin there
        held.extend(each.tobytes())
        return {"type": each.dtype.str[1:], "at": len(held) - each.nbytes, "length": len(each)}

    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=hold), bytes(held)


def read_sheet(path: Path) -> Any:
    """Read what `write_sheet` wrote, arrays in their places: what the page does, too."""
    rule = path.read_text(encoding="ascii").partition("{")[2]
    text, held = ("".join(re.findall(rf"--{name}-\d+:'([^']*)'", rule)) for name in ("json", "bytes"))
    whole = zlib.decompress(base64.b64decode(held))

    def place(each: dict[str, Any]) -> Any:
        if each.keys() != {"type", "at", "length"}:
            return each
        return np.frombuffer(whole, "<" + each["type"], each["length"], each["at"])

    return json.loads(text.replace("|", "\\"), object_hook=place)


def _cut(name: str, text: str) -> str:
    parts = (text[at : at + _LONGEST] for at in range(0, len(text), _LONGEST))
    return "".join(f"--{name}-{at}:'{part}';" for at, part in enumerate(parts))


def _make_whole(array: np.ndarray) -> np.ndarray | None:
    if not np.isfinite(array).all() or (np.abs(array) >= 2**31).any():
        return None
    whole = array.astype(np.int64)
    return whole if (whole == array).all() else None


def _make_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
