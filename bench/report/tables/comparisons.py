"""Which variants a report compares with which (Tables 1 to 5 compare the first row with the others)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.errors import UserError
from bench.score.score_table import ROLES

Pair = tuple[str, str]
"""Two variants: the first minus the second."""


def list_pairs(variants: Sequence[str], floors: Collection[str] = (), more: Sequence[Pair] = ()) -> list[Pair]:
    """List the first of some variants with each other one that is no floor, then those of ``more``.

    Nobody asks whether a method beats a floor by chance; a floor is compared where ``more`` names it.
    """
    first, *others = variants
    standard = [(first, other) for other in others if other not in floors]
    return [*standard, *(pair for pair in more if pair not in standard)]


def select_pairs(pairs: Sequence[Pair], variants: Collection[str]) -> list[Pair]:
    """Select those of some pairs whose variants are both there."""
    return [pair for pair in pairs if all(variant in variants for variant in pair)]


def shorten_names(variants: Sequence[str]) -> dict[str, str]:
    """Shorten names for pictures: without the words that all variants have, keys by their last part.

    Names stay as they are where nothing would be left of one, or where two would become alike.
    """
    common = set.intersection(*(set(variant.split()) for variant in variants)) if len(variants) > 1 else set()
    kept = {variant: [word for word in variant.split() if word not in common] for variant in variants}
    short = {variant: " ".join(map(_shorten_key, words)) for variant, words in kept.items()}
    told_apart = all(short.values()) and len(set(short.values())) == len(short)
    return short if told_apart else {variant: variant for variant in variants}


def _shorten_key(word: str) -> str:
    key, equals, value = word.partition("=")
    return key.rpartition(".")[2] + equals + value if equals else word


def write_title(pair: Pair) -> str:
    """Write ``masked − crop``."""
    return " − ".join(map(shorten_title, pair))


def shorten_title(variant: str) -> str:
    """Shorten a variant's title by the word for its role in front: beside others there is no room."""
    return min((variant.removeprefix(f"{role}: ") for role in ROLES), key=len)


def read_pairs(text: str, variants: Sequence[str]) -> list[Pair]:
    """Read ``3-2,3-5`` as pairs: the third run minus the second, the third minus the fifth. Raises UserError."""
    found = []
    for word in text.split(","):
        ends = word.split("-")
        if len(ends) != 2 or not all(end.isdigit() and 0 < int(end) <= len(variants) for end in ends):
            raise UserError(f"pairs={text}: {word!r} is no pair of the {len(variants)} runs; write e.g. pairs=3-2,3-1")
        first, second = (variants[int(end) - 1] for end in ends)
        found.append((first, second))
    return found
