"""What another tool wrote, on its way into `zgs score`: told from predictions of the open format, and imported."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.text.escape import escape_for_terminal

PREFIX = "import."
"""Before the choices of `zgs import` among the words of `zgs score`."""
_RUNS = ("config.yaml", "run.json", "predictions.json")


def is_foreign(place: Path, choices: Mapping[str, str]) -> bool:
    """Whether a place is of another tool: neither a run's folder nor a file that says that it is of the open format.

    Where nothing is known of a file it is none, so that what is wrong with a damaged one of ours is told as ever.
    """
    if choices:
        return True
    if not place.exists() or (place.is_dir() and any((place / name).exists() for name in _RUNS)):
        return False
    from bench.exchange.registry import list_fitting, says_format

    return not (place.is_file() and says_format(place)) and bool(list_fitting(place))


def import_for_score(place: Path, choices: Mapping[str, str], settings: Mapping[str, Any]) -> Path:
    """Import a place with the names of the data set that is scored; return the file, which is made anew each time."""
    from bench.commands.import_ import import_place
    from bench.settings.check import check_settings
    from bench.settings.instantiate import make_object

    check_settings(dict(settings), ("data",))
    dataset = make_object(settings["data"])
    rest = {key: value for key, value in choices.items() if key != "kind"}
    said = f"{place.resolve()}\n{sorted(choices.items())}\n{dataset.name}"
    name = f"{place.stem}-{hashlib.sha256(said.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}.jsonl"
    to = Path(str(settings["out"])).expanduser() / "imported" / name
    done, lines = import_place(place, choices.get("kind", ""), to, rest, settings.get("variant") or "", dataset)
    print(*map(escape_for_terminal, lines), "", sep="\n")
    if done.left_out:
        raise UserError(
            f"{place}: {len(done.left_out)} images could not be read and would count as empty; to score the others "
            "import them first: zgs import … faults=skip, then zgs score FILE"
        )
    _check_names(place, done.names, dataset)
    return to


def _check_names(place: Path, names: Sequence[str], dataset: Any) -> None:
    """Check that images are called as in the data set. Raises UserError where none is, which says what to do."""
    from bench.data.base import list_whole_split

    known = list_whole_split(dataset)
    if names and known and not set(names) & set(known):
        called = f"{len(names)} images is called as one of the data set's ({names[0]!r}, but {known[0]!r})"
        raise UserError(
            f"{place}: none of its {called}; say how they are called: numbers by import.images=FILE, a "
            "COCO json, or import.ids={id:012d}; files by import.cut=TEXT, what they have before or after the name"
        )
