"""Names as they were written on the command line (the rows of Tables 1 to 5), whatever else they could mean there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

STAGES = ("segment", "encode", "caption", "merge")


def name_variant(variant: Any, words: Sequence[str], jobs: Sequence[Sequence[str]] = ()) -> str | None:
    """Name a variant as it was written, or as its experiment says, with the options of ``words`` that it does not say.

    A name in ``words`` stands for all of them, but for those by which ``jobs`` of that name differ; the name of an
    experiment for none of them. None where there is no name.
    """
    name = find_written_name(variant, words)
    if name is None:
        return None
    options, written = [word for word in words if word.partition("=")[0] in STAGES], _list_names(words)[-1:]
    if written:
        twins = [job for job in jobs if written[0] in job and "${" not in written[0]]  # each job fills that in anew
        options = [word for word in options if any(word not in twin for twin in twins)]
    return " ".join([name, *options])


def find_written_name(variant: Any, words: Iterable[str]) -> str | None:
    """Find the name of a variant: ``variant=nan``, ``1e5`` and ``True`` are names, and ``null`` is none.

    ``variant`` is what the configuration made of it; ``words`` are the overrides, of which the last one counts.
    """
    if variant is None or isinstance(variant, str):
        return variant
    told = _list_names(words)
    return told[-1].partition("=")[2] if told else str(variant)


def _list_names(words: Iterable[str]) -> list[str]:
    """List the words that name the variant."""
    return [word for word in words if word.lstrip("+").partition("=")[0] == "variant"]
