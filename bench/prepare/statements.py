"""Section 4.4: what the annotations of a json state, taken as it stands: a number is a number, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import UserError


def read_json(path: Path, form: str) -> dict[str, Any]:
    """Read a json that is an object. Raises `UserError` for half of one; ``form`` says what it is not."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({str(error)[:120]}); {form}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds a {type(content).__name__} where an object belongs; {form}")
    return content


def take_list(content: Mapping[str, Any], key: str, where: str, form: str) -> list[Any]:
    """Take a list of objects. Raises `UserError` where the key is missing or holds something else."""
    if key not in content:
        raise UserError(f"{where}: lacks {key!r}; {form}")
    values = content[key]
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise UserError(f"{where}: {key!r} is no list of objects; {form}")
    return values


def take_whole(record: Mapping[str, Any], key: str, where: str) -> int:
    """Take a whole number. Raises `UserError` for text, fractions, true and false: each would be cut to some number."""
    if key not in record:
        raise UserError(f"{where}: lacks {key!r}; unpack the publisher's json again")
    value = record[key]
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise UserError(
        f"{where}: {key} is {json.dumps(value)[:60]}, where a whole number belongs; use the publisher's json"
    )


def take_flag(record: Mapping[str, Any], key: str, where: str) -> bool:
    """Take 0 or 1, 0 where there is none. Raises `UserError` for anything else: the text "0" would count as yes."""
    value = record.get(key, 0)
    if value not in (0, 1):
        raise UserError(f"{where}: {key} is {json.dumps(value)[:60]}, where 0 or 1 belongs; use the publisher's json")
    return bool(value)
