"""What `zgs store` shows of namespaces, and work on many of them with progress."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from bench.errors import writing
from bench.store.checking import SET_ASIDE, Report
from bench.store.files import Namespace
from bench.store.key_words import describe_places
from bench.store.listing import Usage, list_items, list_namespaces, list_removed, measure_namespace, read_key_inputs
from bench.store.pruning import is_in_use, remove_namespace
from bench.text.columns import align_columns, write_duration, write_size
from bench.text.escape import escape_for_terminal

TITLES = ("stage", "key", "files", "size", "last use", "of")
_AMOUNTS = (2, 3, 4)
"""Columns of numbers."""


@dataclass
class Done:
    """How many files were worked on, were damaged or had lost their key's words, and were copied."""

    files: int = 0
    faults: int = 0
    copied: int = 0
    whole: int = 0


def measure_all(root: Path) -> list[Usage]:
    """Measure every namespace of a store, with a bar."""
    spaces = list_namespaces(root)
    return [measure_namespace(space) for space in tqdm(spaces, desc="list ", unit="key", leave=False, delay=1)]


def make_table(usages: Sequence[Usage], now: float, known: Sequence[Usage] = ()) -> list[str]:
    """Make the lines of a table; keys are told by what they differ in from all that are ``known``."""
    if not usages:
        return ["no results are stored here"]
    inputs = {_place(usage): read_key_inputs(usage.namespace) for usage in known or usages}
    words = describe_places(inputs)
    rows = [TITLES, *(_make_row(usage, now, words[_place(usage)]) for usage in usages)]
    return [
        *align_columns(rows, _AMOUNTS, widest=120),
        f"{count_usages(usages)} of {len(usages)} key{'s' * (len(usages) > 1)}",
    ]


def count_usages(usages: Iterable[Usage]) -> str:
    """Count files and bytes in words."""
    known = list(usages)
    return f"{sum(usage.files for usage in known)} files ({write_size(sum(usage.size for usage in known))})"


def remove_all(chosen: Sequence[Usage], root: Path) -> list[Usage]:
    """Remove namespaces, but those that a run is writing to at this moment; return what went."""
    for place in list_removed(root):
        with writing(place, "store=FOLDER"):
            shutil.rmtree(place)
    removed = []
    for usage in tqdm(chosen, desc="prune ", unit="key", delay=1):
        if is_in_use(usage.namespace):
            tqdm.write(f"{usage.namespace.folder}: a run is adding to it; it stays")
        else:
            remove_namespace(usage.namespace)
            removed.append(usage)
    return removed


def work_through(what: str, spaces: Sequence[Namespace], work: Callable[[Namespace], Iterator[Report]]) -> Done:
    """Call ``work`` for each namespace, with a bar over all files; print each fault as it is found."""
    done, total = Done(), sum(len(list_items(space)) for space in spaces)
    with tqdm(total=total, desc=what, unit="file", dynamic_ncols=True) as bar:
        for space in spaces:
            for report in work(space):
                _count_report(report, done, bar)
                if report.fault not in ("", SET_ASIDE):  # of those the store has told already
                    tqdm.write(escape_for_terminal(f"{space.stage}/{space.key}/{report.file}: {report.fault}"))
    return done


def _count_report(report: Report, done: Done, bar: tqdm) -> None:
    if report.is_item:
        done.files += 1
        done.whole += not report.fault
        bar.update()
    done.faults += bool(report.fault)
    done.copied += report.copied


def _make_row(usage: Usage, now: float, words: str) -> tuple[str, ...]:
    space, age = usage.namespace, now - usage.used
    return space.stage, space.key, str(usage.files), write_size(usage.size), f"{write_duration(age)} ago", words


def _place(usage: Usage) -> tuple[str, str]:
    return usage.namespace.stage, usage.namespace.key
