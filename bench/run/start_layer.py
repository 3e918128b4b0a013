"""Section 3.2: the first masked layer of a variant, upon which what its segments share depends."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from hydra.utils import get_object

from bench.errors import UsageError
from bench.keys import source_digest


def start_layer_of(options: Mapping[str, Any]) -> Any:
    """``start_layer`` as configured, else the default of the variant's constructor.

    A constructor that has no such parameter decides by itself: then its options and its source stand for the layer.
    Raises UsageError where it has to be given and is not.
    """
    if "start_layer" in options:
        return options["start_layer"]
    target = str(options["_target_"])
    parameter = inspect.signature(get_object(target)).parameters.get("start_layer")
    if parameter is None:
        return {"decided by": dict(options), "source": source_digest(target.rpartition(".")[0])}
    if parameter.default is inspect.Parameter.empty:
        raise UsageError(
            f"encode.start_layer is missing, and {target} has no default for it: add to the yaml of this variant the "
            "line   start_layer: ${models.start_layer}"
        )
    return parameter.default
