"""Section 3.2: the first masked layer of a variant, upon which what its segments share depends."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from hydra.utils import get_object

from bench.errors import UsageError, UserError


def find_start_layer(options: Mapping[str, Any]) -> Any:
    """Find ``start_layer`` as configured, else the default of the variant's constructor.

    Asked only of constructors that hand it on (`bench.settings.depends`). Raises UsageError where it
    has to be given and is not.
    """
    if "start_layer" in options:
        return options["start_layer"]
    target = str(options["_target_"])
    parameter = inspect.signature(get_object(target)).parameters["start_layer"]
    if parameter.default is inspect.Parameter.empty:
        raise UsageError(
            f"encode.start_layer is missing, and {target} has no default for it: add to the yaml of this variant the "
            "line   start_layer: ${models.start_layer}"
        )
    return parameter.default


def check_start_layer(settings: Mapping[str, Any]) -> None:
    """Raise UsageError for a start layer beyond the image tower, by its config: before anything is made or loaded.

    Of variants that know no start layer, or make one of their own, and of towers that do not tell, nothing is said.
    """
    options, clip = settings["encode"], settings["models"].get("clip")
    made = get_object(str(options["_target_"]))
    if "start_layer" not in options or not hasattr(made, "compute_trunk") or not clip:
        return
    from bench.encode.trunk import number_layer  # both load torch, which scoring does without
    from bench.models.inspected import count_layers

    if depth := count_layers(clip):
        try:
            number_layer(options["start_layer"], depth)
        except UserError as error:
            raise UsageError(str(error)) from None
