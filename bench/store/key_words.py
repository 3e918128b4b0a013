"""Keys in words: by what the namespaces of a stage differ, out of the ``key.json`` of each; no part of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ORDER = (
    "options", "upstream", "models", "model", "run", "device", "dtype", "seed", "threads", "classes", "data",
    "libraries", "machine", "torch", "imports", "package", "source", "calling", "unknown",
)  # fmt: skip
"""Inputs that people choose are told first, digests of code last."""
_CLASSES = ("options._target_", "model._target_")
_DIGEST, _LONG = 16, 48
"""Hex digits from which a text is a digest, of which the first 8 tell it from others; letters of any value."""
Inputs = Mapping[str, Any]
Place = tuple[str, str]
"""A stage and a key."""


def describe_places(inputs: Mapping[Place, Inputs], most: int = 4) -> dict[Place, str]:
    """Describe each key of a store, the keys of earlier stages by their words; ``inputs`` are in the stages' order."""
    words: dict[Place, str] = {}
    for stage in dict.fromkeys(stage for stage, _ in inputs):
        places = [place for place in inputs if place[0] == stage]
        told = describe_keys([_name_upstream(inputs[place], words) for place in places], most)
        words |= dict(zip(places, told, strict=True))
    return words


def describe_keys(inputs: Sequence[Inputs], most: int = 4) -> list[str]:
    """Describe each of a stage's keys by its class and by up to ``most`` inputs in which those of that class differ.

    >>> describe_keys([{"options": {"_target_": "a.b.Grid", "n": 2}}, {"options": {"_target_": "a.b.Grid", "n": 3}}])
    ['Grid n=2', 'Grid n=3']
    """
    flat = [flatten_inputs(each) for each in inputs]
    differing = {
        name: _list_differing([each for each in flat if name_class(each) == name]) for name in map(name_class, flat)
    }
    return [" ".join([name_class(each), *_tell_inputs(each, differing[name_class(each)], most)]) for each in flat]


def flatten_inputs(node: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested inputs to their full names, ``options.crf.size``; lists of plain values stay as they are."""
    if isinstance(node, list) and any(isinstance(each, Mapping | list) for each in node):
        node = dict(enumerate(node))
    if not isinstance(node, Mapping):
        return {prefix: node}
    return {
        k: v for name, each in node.items() for k, v in flatten_inputs(each, f"{prefix}.{name}".lstrip(".")).items()
    }


def write_input(value: Any) -> str:
    """Write the value of an input in a few letters: of a digest the first 8 hex digits."""
    text = "null" if value is None else " ".join(str(value).replace("'", "").split())
    is_digest = len(text) >= _DIGEST and not text.strip("0123456789abcdef")
    return text[:8] if is_digest else text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def name_class(flat: Inputs) -> str:
    """Name the class whose results these are: a stage's, or of texts and trunks the model's."""
    own = next((str(flat[key]) for key in _CLASSES if flat.get(key)), "")
    models = [str(value) for key, value in flat.items() if key.startswith("models.") and key.endswith("._target_")]
    return (own or next(iter(models), "?")).rpartition(".")[2]


def _tell_inputs(flat: Inputs, differing: Sequence[str], most: int) -> list[str]:
    told = [f"{_shorten(key)}={write_input(flat[key])}" for key in differing if key in flat]
    more = len(told) - most
    return told[:most] + ([f"(+{more} more)"] if more > 0 else [])


def _shorten(key: str) -> str:
    return key.removeprefix("options.").removeprefix("upstream.")


def _list_differing(flat: Sequence[Inputs]) -> list[str]:
    """List the names of the inputs that differ, in the order in which they are told."""
    place = {name: at for at, name in enumerate(_ORDER)}
    names = [
        key
        for key in dict.fromkeys(key for each in flat for key in each)
        if len({str(each.get(key)) for each in flat}) > 1
    ]
    return sorted(names, key=lambda key: place.get(key.partition(".")[0], len(place)))


def _name_upstream(inputs: Inputs, words: Mapping[Place, str]) -> Inputs:
    upstream = inputs.get("upstream")
    if not isinstance(upstream, Mapping):
        return inputs
    return {**inputs, "upstream": {stage: words.get((stage, str(key)), key) for stage, key in upstream.items()}}
