"""The words of scripts/board.py: each a stage, a variant or an option, which is checked before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.data.base import suggest_nearest
from bench.settings.compose import list_options


def check_words(arguments: Sequence[str], stages: Collection[str], options: Collection[str]) -> None:
    """Check that each word is a stage, a variant or an option. Raises SystemExit, a line that names the nearest."""
    variants = list_options("encode")
    for word in arguments:
        key, equals, value = word.partition("=")
        known = [*options] if equals else [*stages, *variants]
        if key not in known:
            what = "option" if equals else f"stage ({', '.join(stages)}) and no variant (`zgs variants encode`)"
            raise SystemExit(f"board: {word}: no such {what}{suggest_nearest(key, known)}")
        if key == "images" and value and not (value.isdigit() and int(value)):
            raise SystemExit(f"board: {word}: needs a whole number from 1")
