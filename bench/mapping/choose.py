"""Section 4.1, from the words of ``score.mapping`` to the strategies that they stand for."""

from __future__ import annotations

from collections.abc import Callable

from bench.errors import UsageError
from bench.mapping.base import Strategy
from bench.mapping.exact import Exact
from bench.mapping.grounded import Grounded
from bench.mapping.hungarian import Hungarian
from bench.mapping.maxoverlap import MaxOverlap
from bench.mapping.nearest import Nearest
from bench.mapping.table import read_table

OF_RECORD: dict[str, Callable[[str | None, int | None], Strategy]] = {
    "tt": lambda model, rounding: Nearest("tt", model, rounding),
    "st": lambda model, rounding: Nearest("st", model, rounding),
    "grounded-tt": lambda model, rounding: Grounded("tt", model, rounding),
    "grounded-st": lambda model, rounding: Grounded("st", model, rounding),
    "maxoverlap": lambda model, rounding: MaxOverlap(),
    "hungarian": lambda model, rounding: Hungarian(),
    "hungarian-iou": lambda model, rounding: Hungarian("iou"),
}
"""What a record alone decides; the others need the class names."""
KNOWN = (*OF_RECORD, "exact", "table")


def make_strategy(mapping: str | Strategy, rounding: int | None, model: str | None = None) -> Strategy:
    """Make a strategy of a word that needs no class names, or keep it; ``model`` says who measured similarities."""
    if not isinstance(mapping, str):
        return mapping
    if mapping not in OF_RECORD:
        raise UsageError(f"score.mapping={mapping} needs the class names of a data set: use `zgs score` or `zgs run`")
    return OF_RECORD[mapping](model, rounding)


def make_strategies(
    mappings: tuple[str | Strategy, ...], texts: tuple[tuple[str, ...], ...], table: str | None
) -> tuple[str | Strategy, ...]:
    """Make strategies of words that need the class names, keep the others. Raises UsageError without a table.

    ``texts`` are those of each class, its name first.
    """

    def made(mapping: str | Strategy) -> str | Strategy:
        if mapping == "exact":
            return Exact(texts)
        if mapping == "table":
            if not table:
                raise UsageError(
                    "score.mapping=table needs score.table=FILE, a JSON object of word: class name or null"
                )
            return read_table(table, tuple(names[0] for names in texts))
        return mapping

    return tuple(made(mapping) for mapping in mappings)


def find_similarity_of(mapping: str | Strategy) -> str | None:
    """Find the similarity, tt or st, that a mapping reads; None where it needs no model."""
    word = mapping if isinstance(mapping, str) else mapping.name.partition("(")[0]
    return next((rows for rows in ("tt", "st") if word.removeprefix("grounded-").partition("+")[0] == rows), None)
