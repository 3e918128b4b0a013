"""`zgs paper` alone: which tables and figures there are, what each shows and needs, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import DONE
from bench.paper.definition import read_definitions


def print_list(config_dir: str | None, typed: Sequence[str]) -> int:
    """Print one block an item."""
    for item in read_definitions(["all"], config_dir):
        print(f"{item.name:10} {item.shows}")
        if needs := dict.fromkeys([*item.needs, *(["ratings"] if item.needs_ratings else [])]):
            print(f"{'':10} needs: {', '.join(needs)}")
    return DONE
