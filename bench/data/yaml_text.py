"""Section 4, data: yaml as its writer meant it: words stay words, and only plain whole numbers are numbers.

YAML 1.1 reads ``no`` as false, ``010`` as 8, ``1_000`` as 1000, ``12:30`` as 750 and ``2012-01-02`` as a date. Names of
classes and numbers of masks are none of these, so every value is its text as written; ``5`` and ``-1`` are numbers
unless they are quoted.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bench.errors import UserError

NOTHING = ("", "~", "null", "Null", "NULL")
"""How yaml writes that a key has no value; a class may still be called so."""
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)


def read_yaml(path: Path, option: str = "") -> Any:
    """Read mappings, lists, texts and whole numbers. Raises `UserError` for anything else, and for a key that repeats.

    ``option`` is how the user named the file, for the message when it cannot be read.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), yaml.SafeLoader)
        return None if node is None else _read_value(path, node, set())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{option}{path}: cannot be read ({error}); it should be a yaml file") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{path}: no yaml ({' '.join(str(error).split())[:160]})") from error


def read_whole_number(text: object) -> int | None:
    """Read the number that a text is, quoted or not; None where it is read in two ways (``010``) or is none."""
    if type(text) is int:
        return text
    return int(text) if isinstance(text, str) and len(text) < 20 and _WHOLE.fullmatch(text) else None


def _read_value(path: Path, node: yaml.Node, seen: set[int]) -> Any:
    where = f"{path}, line {node.start_mark.line + 1}"
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None and node.tag != "tag:yaml.org,2002:str" and _WHOLE.fullmatch(node.value)
        return int(node.value) if plain and len(node.value) < 20 else node.value
    if id(node) in seen:  # written twice, or in itself: it could grow without end
        raise UserError(f"{where}: a part that is used again (*NAME); write it out")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_read_value(path, child, seen) for child in node.value]
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = _read_value(path, key_node, seen)
        if isinstance(key, dict | list):
            raise UserError(f"{where}: a list or mapping as a key; keys are words or numbers")
        if key in mapping:
            raise UserError(f"{path}, line {key_node.start_mark.line + 1}: {key!r} stands there twice; keep one")
        mapping[key] = _read_value(path, value_node, seen)
    return mapping
