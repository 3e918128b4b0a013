"""Which test scenes boards have looked at, with what, and that no variant looks at a scene again with other choices.

results/board/looks.csv has a line for each variant and range of scenes: the settings with which it looked. A variant
may look again with the same ones, which gives the same numbers (a stage that was stopped, `texts` after `oracle`, a
reader who makes the board anew). With others it would be chosen by what test said, so that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from bench.csv_files import read_csv, write_csv
from bench.data.toyscenes import ToyScenes

SEEN = 204
"""Test scenes, the first of the split, that had been looked at before there was looks.csv.

Boards have looked at 200; four more were in a trial of scripts/board.py (masked, global_subtraction,
projected_subtraction, gem), after which nothing was chosen. What was chosen then looked at test-0204 to test-0206 in a
trial of looks.csv (crop, masked, gem, global_subtraction) while the next board was being made: `TRIALS`.
"""
LOOKED = "test-0000 to test-0199"
LOOKS = (
    "once with the models' start layer for global_subtraction and projected_subtraction; then with grids that ended "
    "where their best value stood, eight variants tuned on 40 images, and segments of equal embeddings merged; then "
    "with grids that went on to values at which a variant is another one"
)
"""What the boards were that looked at them."""
TRIALS = (
    "trials of the script with four variants each at test-0200 to test-0203 and, as this board has them, at test-0204 "
    "to test-0206"
)
COLUMNS = ("variant", "first", "last", "choices")
_UNSEEN = re.compile(r"\[file:(test-\d+)_to_(test-\d+)@")


def list_unseen(images: int) -> list[str]:
    """List the first test scenes behind `SEEN`. Raises SystemExit where there are not so many."""
    ids = list(ToyScenes(split="test").list_ids()[SEEN:])
    if not 0 < images <= len(ids):
        raise SystemExit(f"images={images}: 1 to {len(ids)} test scenes are left that no board had looked at")
    return ids[:images]


def find_scenes(table: pd.DataFrame) -> tuple[str, str] | None:
    """Find the first and the last scene of a board behind `SEEN` by the names of its metrics; None for an earlier."""
    found = _UNSEEN.search(str(table["metric"].iloc[0]))
    return (found[1], found[2]) if found and _number(found[1]) >= SEEN else None


def record_looks(file: Path, variants: Iterable[tuple[str, str]], first: str, last: str) -> None:
    """Record that variants look at scenes with their choices; raises SystemExit where one did so with others.

    ``variants`` are names with their settings, as words beside each other.
    """
    table = read_csv(file).fillna("").astype(str) if file.is_file() else pd.DataFrame(columns=list(COLUMNS))
    lines = set(table[list(COLUMNS)].itertuples(index=False, name=None))
    for variant, choices in variants:
        check_look(sorted(lines), variant, choices, first, last)
        lines.add((variant, first, last, choices))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_csv(pd.DataFrame(sorted(lines), columns=list(COLUMNS)), file)


def check_look(looks: Iterable[tuple[str, ...]], variant: str, choices: str, first: str, last: str) -> None:
    """Check that a variant has not looked at one of these scenes with other choices. Raises SystemExit where it has."""
    for name, begin, end, earlier in looks:
        met = _number(begin) <= _number(last) and _number(first) <= _number(end)
        if name == variant and met and earlier != choices:
            before, now = (words or "no choice" for words in (earlier, choices))
            raise SystemExit(
                f"{variant}: a board has looked at {begin} to {end} with {before}, so {first} to {last} cannot judge "
                f"{now}: test scenes that it has not seen can (results/board/looks.csv)"
            )


def describe_look(table: pd.DataFrame) -> str:
    """Describe the images of a board, and which of them earlier boards had looked at."""
    if scenes := find_scenes(table):
        return (
            f"Images: {scenes[0]} to {scenes[1]}, at which no board had looked before this one, and which no variant "
            "sees again with other settings ([looks.csv](looks.csv)). Earlier boards had looked at "
            f"{LOOKED} ({LOOKS}); {TRIALS}."
        )
    told = str(table["metric"].iloc[0]).partition("/")[0]
    return f"Images: {told}. Boards have looked at {LOOKED} three times, of which this is the last: {LOOKS}."


def _number(scene: str) -> int:
    return int(scene.rpartition("-")[2])
