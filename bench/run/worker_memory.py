"""No part of the paper: how many worker processes, each with models of its own, the memory of this machine holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.models import located, sources
from bench.run.loading import list_needs
from bench.system.resources import measure_memory

BASE = 512 << 20
"""Bytes of a worker beside its models: Python, libraries, what a stage computes with."""
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
    sizes = f"of {there / 2**30:.1f} GiB a worker may take {each / 2**30:.1f}"
    return (
        held,
        f"executor.workers=auto: {held} of {most}, one a processor, since {sizes}; executor.workers={most} tries",
    )


def estimate_models(settings: Mapping[str, Any]) -> int:
    """Estimate the bytes that a worker's models take at the most at a time, by the sizes of their files.

    The language model works beside CLIP's text tower, which is packed; the other stages have one model each.
    """
    stages = [settings[name] for name in ("baseline", "segment", "encode", "caption", "merge") if settings.get(name)]
    named = {name for options in stages for name in list_needs(options)}
    sizes = {name: _measure_files(node) for name, node in settings["models"].items() if name in named and node}
    together = sizes.get("language", 0) + sizes.get("clip", 0) * 3 // 5
    return max(together, *sizes.values(), 0)


def _measure_files(options: Mapping[str, Any]) -> int:
    """Measure the weights of a model, 0 where they are still to be fetched."""
    path = located.locate(options).path
    return sum(file.stat().st_size for file in sources.list_weight_files(path)) if path and path.exists() else 0
