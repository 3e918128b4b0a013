"""Table 4, figure 7: the weights of a whole system beside the method, which no metric's name tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.errors import UserError

DIGITS = 8


def describe_baseline(settings: Mapping[str, Any]) -> str:
    """Describe the weights of a run's baseline: ``weights nvidia/groupvit-gcc-yfcc@1b2c3d4e``; nothing without one.

    The digest is that of the weights that are here; it is left out where they are not.
    """
    if "baseline" not in settings:
        return ""
    from bench.run.loading import list_needs

    told = [_describe_model(settings, name) for name in list_needs(settings["baseline"])]
    return f"weights {', '.join(told)}" if told else ""


def _describe_model(settings: Mapping[str, Any], name: str) -> str:
    from bench.run.context import RunContext

    source = str(settings["models"].get(name, {}).get("source", name))
    try:
        digest = str(RunContext(settings).read_facts(name)["weights"])
    except UserError:
        return source
    return f"{source}@{digest[:DIGITS]}" if re.fullmatch("[0-9a-f]{64}", digest) else source
