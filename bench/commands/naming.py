"""Names as they were written on the command line (the rows of Tables 1 to 5), whatever else they could mean there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def find_written_name(variant: Any, words: Iterable[str]) -> str | None:
    """Find the name of a variant: ``variant=nan``, ``1e5`` and ``True`` are names, and ``null`` is none.

    ``variant`` is what the configuration made of it; ``words`` are the overrides, of which the last one counts.
    """
    if variant is None or isinstance(variant, str):
        return variant
    told = [word.partition("=")[2] for word in words if word.lstrip("+").partition("=")[0] == "variant"]
    return told[-1] if told else str(variant)
