"""No part of the paper: how many worker processes, each with models of its own, the memory of this machine holds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bench.errors import UserError
from bench.models import located, sources
from bench.run.loading import list_needs
from bench.system.resources import measure_memory

BASE = 640 << 20
"""Bytes of a worker beside its models: Python, libraries, what a stage computes with."""
PUBLISHED = {"clip": 1632 << 20, "language": 1354 << 20}
"""Bytes of the paper's models, for one that is still to be fetched; 512 MiB of any other."""
PLENTY = 8 << 30
"""Bytes for each worker from which nobody looks how large its models are."""


def limit_by_memory(settings: Mapping[str, Any], most: int) -> tuple[int, str]:
    """Limit worker processes to those that this machine, or its control group, has memory for; and why, in words.

    The memory that is there counts, not what is free, which is less while the workers of an earlier job wait.
    """
    there = measure_memory()
    if there is None or there >= most * PLENTY:
        return most, ""
    each = BASE + estimate_models(settings)
    held = max(1, (there - BASE) // each)
    if held >= most:
        return most, ""
    why = f"since of {there / 2**30:.1f} GiB a worker may take {each / 2**30:.1f}; executor.workers={most} tries"
    return held, f"executor.workers=auto: {held} of {most}, one a processor, {why}"


def estimate_models(settings: Mapping[str, Any]) -> int:
    """Estimate the bytes that a worker's models take at the most at a time, by the files that they are read from.

    The language model works beside CLIP's text tower, which is packed; the other stages have one model each. Files that
    are mapped leave memory between stages. What another type is made of on loading stays all the time, and the language
    model is laid out beside it.
    """
    usual, own = settings.get("dtype", "float32"), settings.get("precision") or {}
    stages = ("baseline",) if settings.get("baseline") else ("segment", "encode", "caption", "merge")
    asked = {(name, own.get(at) or usual) for at in stages if settings.get(at) for name in list_needs(settings[at])}
    kept, laid_out, mapped = 0, 0, dict[str, int]()
    for name, kind in asked:
        if node := settings["models"].get(name):
            size, is_mapped = _measure_files(name, node, 4 if kind == "float32" else 2)
            if is_mapped:
                mapped[name] = size
            else:
                kept += size
            if (name, kind) == ("language", "float32"):
                laid_out = size
    return kept + max(laid_out + mapped.get("clip", 0) * 3 // 5, *mapped.values(), 0)


def _measure_files(name: str, options: Mapping[str, Any], width: int) -> tuple[int, bool]:
    """Measure a model in numbers of so many bytes, and whether its file is mapped."""
    from bench.models import inspected

    path = located.locate(options).path
    if not path or not path.exists():
        return PUBLISHED.get(name, 512 << 20) * width // 4, width == 4
    size, is_mapped = 0, True
    for file in sources.list_weight_files(path):
        with suppress(UserError):  # of what is damaged loading speaks
            kinds = set(inspected.read_number_types(file))
            stored = 2 if kinds & {"float16", "bfloat16"} else 4
            size += file.stat().st_size * width // stored
            is_mapped &= stored == width == 4
    return size, is_mapped
